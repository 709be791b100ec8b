// The page: one state, one stream at a time, and what is shown of it.
import { words as w } from "./words.js";
import * as server from "./ask.js";
import { csv, download, el, percent, signed, table } from "./dom.js";
import { tilePicture } from "./tiles.js";
import { makeDesk, rangeOf } from "./desk.js";
import { fragmentOf, lookOf, question, stateOf } from "./state.js";
import { drawView, job, leaveView, VIEWS } from "./views.js";

const { ask, get, Refused, stream } = server;
const at = (id) => document.getElementById(id);
const TAB = `t${Math.random().toString(36).slice(2, 10)}`;
const HOLD = 110; // milliseconds between two questions while a slider moves

for (const each of document.querySelectorAll("[data-word]")) each.textContent = w[each.dataset.word];

const page = { state: null, desk: null, said: null, record: null, line: null, key: null, names: new Map(), shown: { columns: [], rows: [] }, cache: new Map(), running: null, timer: null };
window.explorer = page; // what tests look at

page.problems = (lines) => at("problems").replaceChildren(...lines.map((line) => el("p", {}, line)));
page.table = (shown) => {
  page.shown = shown;
  at("numbers").hidden = !shown.rows.length;
  for (const button of document.querySelectorAll("#pictures .picture")) button.hidden = !hasPicture();
  at("table").setAttribute("aria-label", w.table);
  at("table").replaceChildren(shown.rows.length ? table(w.tabs[page.state.look.view], shown.columns, shown.rows) : "");
};
const hasPicture = () => Boolean(at("plot").data || at("extra").querySelector(".tiles"));
page.remember = () => history.replaceState(null, "", `#${fragmentOf(page.state)}`);
page.view = async (view, look) => {
  const key = JSON.stringify([view, look, question(page.state)]);
  if (!page.cache.has(key)) {
    if (page.cache.size > 20) page.cache.delete(page.cache.keys().next().value);
    page.cache.set(key, await ask("api/view", { state: question(page.state), view, look }));
  }
  return page.cache.get(key);
};
page.later = (draw) => { clearTimeout(page.laterTimer); page.laterTimer = setTimeout(() => draw().catch(failed), HOLD); };
page.job = (job, asked, on, signal) => stream("api/job", { state: question(page.state), tab: TAB, job, asked }, on, signal).catch((error) => { if (error.name !== "AbortError") failed(error); });
page.rangeOf = (item) => rangeOf(page.desk.levers.find((lever) => lever.name === item.name), item.change, item.value);

function status(text) { at("status").textContent = text; document.documentElement.dataset.status = page.status = text; }

function failed(error) {
  if (error.name === "AbortError") return;
  page.problems(error instanceof Refused ? error.problems : [error instanceof TypeError ? w.lost : String(error.message)]);
  document.documentElement.dataset.answer = "failed";
}

async function redraw(isNew) {
  page.remember();
  if (isNew && page.said) {
    const { tier, axis } = page.state.look;
    if (page.record && !page.said.refused[tier] && (page.record.tier !== tier || page.record.axis !== axis)) {
      try { page.record = await page.view("bands", { tier, axis }); } catch (error) { failed(error); }
    }
  }
  if (page.said) await drawView(page, redraw).catch(failed);
}

function drawKey(done, total) {
  if (!page.said.moved) {
    at("key").replaceChildren(el("div", {}, el("p", {}, w.doneBase), el("p", { class: "row" }, ...page.desk.examples.map((each) => el("button", { type: "button", onclick: () => page.tools.addLever(each.name, each) }, `${each.name} ${each.origin ? each.origin[0] + "→" : ""}${each.destination ?? ""}`)))));
    return;
  }
  const rows = page.key;
  at("key").replaceChildren(...(rows ?? Array(4).fill(null)).map((row) => el("div", { class: "card" }, ...(row ? [
    el("h3", {}, `${page.names.get(row.region) ?? row.region}, ${row.year}`),
    el("p", { class: "big" }, `${signed(row.difference_points)} ${w.points}`),
    el("p", {}, `${w.interval}: ${signed(row.p05_points)} to ${signed(row.p95_points)}`),
    el("p", {}, el("b", {}, w.verdicts[row.verdict])),
    el("p", { class: "small" }, `${percent(row.base_share)} → ${percent(row.variant_share)} %; ${signed(row.variant_people - row.base_people, 0)} ${w.people}`),
    el("details", {}, el("summary", {}, w.why), el("p", { class: "small" }, row.reason)),
  ] : [el("p", { class: "big" }, "…"), el("p", { class: "small" }, w.waiting(done, total))]))));
}

function drawLeave() {
  const copy = async (text) => { await navigator.clipboard.writeText(text); status(w.copied); };
  const button = (text, onclick) => el("button", { type: "button", onclick }, text);
  const picture = (format) => at("extra").querySelector(".tiles") ? tilePicture(format, at("extra").querySelector(".tiles"), at("caption").textContent) : window.Plotly.downloadImage(at("plot"), { format, filename: `talentsim-${page.state.look.view}`, width: 1000, height: at("plot").clientHeight || 500, scale: format === "png" ? 2 : 1 });
  at("pictures").replaceChildren(button(w.buttons.csv, () => download(`talentsim-${page.state.look.view}.csv`, csv(page.shown.columns, page.shown.rows), "text/csv")), ...["png", "svg"].map((form) => el("button", { type: "button", class: "picture", hidden: !hasPicture(), onclick: () => picture(form) }, w.buttons[form])),
    button(w.moreMisses, () => openView("fit")));
  at("leave").replaceChildren(button(w.buttons.link, () => copy(location.href)), button(w.buttons.file, () => download("explored.toml", page.said.file, "application/toml")), button(w.buttons.command, () => copy(page.said.command)), button(w.buttons.python, () => copy(page.said.python)),
    ...(page.desk.fixed || !page.said.moved ? [] : [button(w.buttons.report, makeReport)]));
  at("command").textContent = page.said.command;
}

// The report is made beside what goes on on the page; its link stays where the browser does not let a page open another.
function makeReport() {
  const done = ({ name, bytes }) => {
    at("report").replaceChildren(el("a", { href: `report/${name}`, target: "_blank" }, w.report(bytes)));
    window.open(`report/${name}`, "_blank");
  };
  job(page, "report", {}, done, at("report"));
}

const events = {
  said(record) {
    page.said = record;
    page.state.model = record.model;
    page.tools.said(record);
    page.problems([...(page.notes ?? []), ...record.notes]);
    at("doubts").replaceChildren(...record.doubts.flatMap((doubt) => [el("span", { class: "badge" }, doubt.kind), ` ${doubt.lever}: ${doubt.message} `]));
    page.total = record.draws;
    drawKey(0, page.total);
    drawLeave();
    page.remember();
  },
  compiling() { status(w.compiling); },
  line(record) {
    page.line = record;
    status(w.one);
    document.documentElement.dataset.answer = "line";
    const moved = page.movedAt, drawn = () => { page.firstLine = performance.now() - moved; };
    if (["shares"].includes(page.state.look.view)) drawView(page, redraw).then(drawn).catch(failed);
    else drawn();
  },
  progress({ done, total }) {
    status(w.running(done, total));
    drawKey(done, total);
  },
  bands(record) {
    page.record = record;
    if (["shares", "people", "map"].includes(page.state.look.view)) drawView(page, redraw).catch(failed);
  },
  result(record) {
    page.key = record.key;
    page.result = record;
    drawKey(page.total, page.total);
    status(w.done(record.runs));
    page.isDone = true;
    document.documentElement.dataset.answer = "complete";
    page.bandsAfter = performance.now() - page.movedAt;
    redraw(true);
  },
  again({ draw, problem }) { at("problems").append(el("p", {}, w.again(draw, problem))); },
  stopped() { status(w.stopped); },
  error({ problems }) { page.problems(problems); document.documentElement.dataset.answer = "failed"; },
};

async function run() {
  page.running?.abort();
  const mine = (page.running = new AbortController());
  page.asked = performance.now();
  page.movedAt ??= page.asked;
  page.isDone = false;
  page.line = page.record = page.key = null;
  document.documentElement.dataset.answer = "asked";
  page.problems([]);
  try {
    await stream("api/stream", { state: question(page.state), tab: TAB, look: lookOf(page.state) }, events, mine.signal);
  } catch (error) { failed(error); }
}

// A slider that moves asks at most every HOLD milliseconds, the last value always.
function changed(isMoving = false) {
  page.remember();
  page.movedAt = performance.now();
  document.documentElement.dataset.answer = "moved";
  clearTimeout(page.timer);
  const wait = isMoving ? Math.max(0, HOLD - (performance.now() - (page.asked ?? 0))) : 0;
  page.timer = setTimeout(run, wait);
}

function openView(name) {
  page.state.look.view = name;
  leaveView();
  drawTabs();
  redraw(true);
}

function drawTabs() {
  const { view } = page.state.look;
  at("tabs").replaceChildren(...VIEWS.map((name) => el("button", { type: "button", role: "tab", id: `tab-${name}`, "aria-selected": String(name === view), "aria-controls": "panel", tabindex: name === view ? 0 : -1, onclick: () => openView(name) }, w.tabs[name])));
  at("panel").setAttribute("aria-labelledby", `tab-${view}`);
}

at("tabs").addEventListener("keydown", (event) => {
  const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key], now = VIEWS.indexOf(page.state.look.view);
  const next = event.key === "Home" ? 0 : event.key === "End" ? VIEWS.length - 1 : step ? (now + step + VIEWS.length) % VIEWS.length : null;
  if (next === null) return;
  event.preventDefault();
  openView(VIEWS[next]);
  at(`tab-${VIEWS[next]}`).focus();
});

async function find() {
  const aims = [...document.querySelectorAll("#aims input:checked")].map((each) => each.value);
  try { page.tools.drawHits((await ask("api/find", { words: at("words").value, aims })).hits); } catch (error) { failed(error); }
}

at("finder").addEventListener("submit", (event) => { event.preventDefault(); find(); });
at("aims").addEventListener("change", find);

window.addEventListener("hashchange", () => location.reload());

async function start() {
  status(w.starting);
  try {
    page.state = stateOf(location.hash.slice(1));
  } catch (error) {
    page.state = stateOf("");
    page.problems([error.message]);
  }
  if (!VIEWS.includes(page.state.look.view)) page.state.look.view = "shares";
  page.desk = await get("api/desk");
  if (page.desk.fixed) {
    const [fixed, notes] = server.fixedState(page.state);
    page.state = fixed;
    page.notes = notes;
    document.querySelector("[data-word=kind]").textContent = w.kindStatic;
  }
  for (const region of page.desk.regions) page.names.set(region.code, region.name);
  for (const [name, label] of Object.entries(page.desk.groups)) page.names.set(name, label);
  page.names.set("EUROPE", "Europe").set("ANGLOPHONE", "Anglophone").set("ASIA_PACIFIC", "Asia-Pacific");
  page.tools = makeDesk(page.desk, page.state, changed);
  at("aims").append(...(page.desk.fixed ? [] : page.desk.aims.map((aim) => el("label", { class: "aim" }, el("input", { type: "checkbox", value: aim }), ` ${w.aim[aim] ?? aim} `))));
  drawTabs();
  await run();
}

start().catch(failed);
