"use strict";
// Unpacks the plotting library that the page carries, draws the figures, and places their panels anew on a narrow screen.
(() => {
  const figures = JSON.parse(document.getElementById("figures").textContent);

  const unpacked = async (text) => {
    const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
    return new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"))).text();
  };

  // The same arithmetic as sim.reports.figures.pages.domains.
  const placed = (meta, width) => {
    const columns = Math.max(1, Math.min(meta.columns, Math.floor(width / meta.narrowest)));
    const rows = Math.ceil(meta.panels / columns);
    const slot = meta.height + meta.head + meta.foot;
    const total = rows * slot;
    const panels = [];
    for (let number = 0; number < meta.panels; number += 1) {
      const row = Math.floor(number / columns);
      const column = number % columns;
      panels.push({
        x: [column / columns + meta.left / width, (column + 1) / columns - meta.right / width],
        y: [Math.max(0, 1 - ((row + 1) * slot - meta.foot) / total), Math.min(1, 1 - (row * slot + meta.head) / total)],
      });
    }
    return { panels, total };
  };

  const place = (figure, width) => {
    const { layout, data } = figure;
    const meta = layout.meta;
    const { panels, total } = placed(meta, width);
    const top = meta.top + (width < 600 ? meta.top_narrow : 0);
    layout.width = width;
    layout.height = total + top;
    layout.margin.t = top;
    panels.forEach((panel, number) => {
      const tail = number === 0 ? "" : String(number + 1);
      if (layout["xaxis" + tail]) {
        layout["xaxis" + tail].domain = panel.x;
        layout["yaxis" + tail].domain = panel.y;
      } else {
        data[number].domain = panel;
      }
      layout.annotations[number].x = panel.x[0] - meta.left / width;
      layout.annotations[number].y = panel.y[1];
    });
  };

  const draw = async (name) => {
    const box = document.getElementById("plot-" + name);
    const holder = box.closest("figure");
    holder.classList.add("drawn");
    place(figures[name], box.clientWidth);
    await window.Plotly.react(box, figures[name].data, figures[name].layout, { displayModeBar: false, responsive: false });
  };

  // A figure whose traces are single futures shows one at a time; buttons step through them.
  const stepped = (name) => {
    const traces = figures[name].data.filter((trace) => trace.meta && "step" in trace.meta);
    if (!traces.length) return;
    const last = Math.max(...traces.map((trace) => trace.meta.step));
    const box = document.getElementById("plot-" + name);
    const row = document.createElement("p");
    const said = document.createElement("span");
    row.className = "steps";
    said.setAttribute("aria-live", "polite");
    let now = 0;
    const show = async (step) => {
      now = (step + last + 1) % (last + 1);
      traces.forEach((trace) => { trace.visible = trace.meta.step === now; });
      const lines = traces.filter((trace) => trace.visible).map((trace) => trace.meta.who + ", " + trace.meta.said);
      said.textContent = "Future " + (now + 1) + " of " + (last + 1) + ". " + [...new Set(lines)].join("; ");
      await draw(name);
    };
    [["Previous", -1], ["Next", 1]].forEach(([word, by]) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = word;
      button.addEventListener("click", () => show(now + by));
      row.append(button);
    });
    row.append(said);
    box.before(row);
    return show(0);
  };

  const drawAll = async () => {
    for (const name of Object.keys(figures)) {
      await draw(name);
    }
    document.documentElement.dataset.figures = "drawn";
  };

  const start = async () => {
    const script = document.createElement("script");
    script.textContent = await unpacked(document.getElementById("library").textContent);
    document.head.append(script);
    await drawAll();
    for (const name of Object.keys(figures)) {
      await stepped(name);
    }
    let width = window.innerWidth;
    let waiting = 0;
    window.addEventListener("resize", () => {
      if (window.innerWidth === width) return;
      width = window.innerWidth;
      window.clearTimeout(waiting);
      waiting = window.setTimeout(drawAll, 200);
    });
  };

  if (typeof DecompressionStream === "undefined") return; // the pictures stay
  start().catch((error) => {
    document.querySelectorAll("figure.drawn").forEach((each) => each.classList.remove("drawn"));
    console.error("the figures are shown as pictures: " + error);
  });
})();
