// Talks to the server: single answers, and streams of events that can be cancelled.
export class Refused extends Error {
  constructor(problems) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

async function post(path, body, signal) {
  const answer = await fetch(path, { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body), signal });
  if (!answer.ok) {
    const said = await answer.json().catch(() => ({ problems: [`${answer.status}`] }));
    throw new Refused(said.problems);
  }
  return answer;
}

export async function ask(path, body) {
  return (await post(path, body)).json();
}

export async function get(path) {
  const answer = await fetch(path);
  if (!answer.ok) throw new Refused((await answer.json()).problems);
  return answer.json();
}

// Call `on[name](record)` for each event of a stream, until it ends or the signal aborts it.
export async function stream(path, body, on, signal) {
  const answer = await post(path, body, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    rest += value;
    let end;
    while ((end = rest.indexOf("\n\n")) >= 0) {
      const [event, data] = rest.slice(0, end).split("\n");
      rest = rest.slice(end + 2);
      if (signal.aborted) return;
      on[event.slice(7)]?.(JSON.parse(data.slice(6)));
    }
  }
}
