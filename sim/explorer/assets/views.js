// The views: each draws its chart, its words and its table from what the server said.
import { words as w } from "./words.js";
import { choice, el, field, percent, signed, table, whole } from "./dom.js";
import { drawCrossing, drawDose, drawFlow, drawFuture, drawLines } from "./charts.js";

export const VIEWS = Object.keys(w.tabs);
const at = (id) => document.getElementById(id);

function clear() {
  window.Plotly.purge(at("plot"));
  at("plot").replaceChildren();
  at("plot").removeAttribute("role");
  at("plot").removeAttribute("aria-label");
}

function describe(text) {
  at("plot").setAttribute("role", "img");
  at("plot").setAttribute("aria-label", text);
}

export function shownPlaces(page) {
  const order = page.key?.length ? page.key.map((row) => row.region) : [];
  const all = [...order, ...page.desk.told, ...page.said.places];
  return [...new Set(all)].filter((code) => page.said.places.includes(code)).slice(0, 6).map((code) => ({ code, index: page.said.places.indexOf(code) }));
}

// Why the tier and axis that are asked for cannot be shown; "" if they can.
function whyNot({ said, state: { look } }) {
  return said.refused[look.tier] || said.refused[`${look.tier} ${look.axis}`] || "";
}

// How far an exported page is from the model, for the tier and axis that are shown; nothing where the model itself answers.
function errorLine({ said, state: { look } }, tier = look.tier, axis = look.axis) {
  const error = said.errors?.[`${tier} ${axis}`];
  return error ? el("span", { class: "small", id: "error" }, ` ${w.errorLine(error)}`) : "";
}

function selects(page, redraw, isYear) {
  const { look } = page.state;
  const tiers = choice(w.tier, Object.entries(w.tiers), look.tier, (v) => { look.tier = v; redraw(true); });
  const axes = choice(w.axis, Object.entries(w.axes), look.axis, (v) => { look.axis = v; redraw(true); });
  return [tiers, axes, ...(isYear ? [yearSlider(page, redraw)] : [])];
}

function yearSlider(page, redraw, first = 2010) {
  const { look, size } = page.state;
  look.year = Math.min(Math.max(look.year, first), size.until);
  const out = el("output", {}, String(look.year));
  const input = el("input", { type: "range", min: first, max: size.until, step: 1, value: look.year, "aria-label": w.year });
  input.addEventListener("input", () => { look.year = Number(input.value); out.textContent = input.value; redraw(false); });
  return el("div", { class: "field" }, el("span", {}, w.year, " ", out), input);
}

function lines(page, redraw, isPeople) {
  const { record, line, said, state, names } = page;
  const show = choice(w.show, Object.entries(w.shows), state.look.show ?? "level", (v) => { state.look.show = v; redraw(false); });
  at("controls").replaceChildren(el("div", { class: "row" }, ...selects(page, redraw, false), ...(isPeople ? [] : [show])));
  const isDifference = !isPeople && state.look.show === "difference" && said.moved;
  const words = [w.tiers[state.look.tier], w.axes[state.look.axis]];
  at("caption").replaceChildren(isPeople ? w.captionPeople(...words) : isDifference ? w.captionDifference(...words) : w.captionShares(...words));
  const why = whyNot(page);
  if (why) { clear(); at("caption").replaceChildren(why); return { columns: [], rows: [] }; }
  if (!record && !(line && !isPeople)) { clear(); return { columns: [], rows: [] }; }
  at("caption").append(errorLine(page));
  if (!record) at("caption").prepend(el("span", { class: "badge" }, w.oneDraw), " ");
  else if (!record.complete) at("caption").prepend(el("span", { class: "badge" }, w.incomplete(record.draws, record.total)), " ");
  const places = shownPlaces(page);
  drawLines(at("plot"), { places, names, years: said.years, record, line: record ? null : line, isPeople, isDifference, moved: said.moved });
  if (!record) return { columns: [], rows: [] };
  const columns = isPeople ? peopleColumns() : shareColumns();
  const rows = [];
  for (const { code, index } of places) said.years.forEach((year, y) => { if (year >= 2015) rows.push(isPeople ? peopleRow(record, code, year, y, index) : shareRow(record, code, year, y, index)); });
  const last = said.years.length - 1;
  describe(places.map(({ code, index }) => `${names.get(code) ?? code}, ${said.years[last]}: ${percent(record.base_share[last][index])} %, ${signed(record.difference_points[last][index])} points`).join("; "));
  return { columns, rows };
}

const shareColumns = () => ["region", "year", "base, %", "base 5 %", "base 95 %", "moved, %", "moved 5 %", "moved 95 %", "difference, points", "difference 5 %", "difference 95 %", "standard error"].map((name, k) => ({ name, digits: k === 1 ? 0 : k < 8 ? 1 : 2 }));
const peopleColumns = () => ["region", "year", "base", "base 5 %", "base 95 %", "moved", "moved 5 %", "moved 95 %", "difference", "difference 5 %", "difference 95 %"].map((name) => ({ name, digits: 0 }));

function shareRow(r, code, year, y, k) {
  const pc = (v) => (v === null ? null : 100 * v);
  return [code, year, pc(r.base_share[y][k]), pc(r.base_p05[y][k]), pc(r.base_p95[y][k]), pc(r.variant_share[y][k]), pc(r.variant_p05[y][k]), pc(r.variant_p95[y][k]), r.difference_points[y][k], r.p05_points[y][k], r.p95_points[y][k], r.error_points[y][k]];
}

function peopleRow(r, code, year, y, k) {
  return [code, year, r.base_people[y][k], r.base_people_p05[y][k], r.base_people_p95[y][k], r.variant_people[y][k], r.variant_people_p05[y][k], r.variant_people_p95[y][k], r.people[y][k], r.people_p05[y][k], r.people_p95[y][k]];
}

async function flow(page, redraw) {
  at("controls").replaceChildren(el("div", { class: "row" }, yearSlider(page, () => page.later(draw)), choice(w.side, Object.entries(w.sides), page.state.look.side, (v) => { page.state.look.side = v; page.remember(); draw(); })));
  async function draw() {
    const { year, side } = page.state.look;
    const record = await page.view("flow", { year });
    if (page.state.look.view !== "flow") return null;
    at("caption").textContent = w.captionFlow(record.year, w.sides[side]);
    await drawFlow(at("plot"), record, side, page.names);
    describe(`${w.captionFlow(record.year, w.sides[side])} ${record[side].length} streams; the table lists them.`);
    at("extra").replaceChildren(record.published.length ? el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": w.published }, table(`${w.published}, ${record.year}`, [{ name: "chart" }, { name: "row", text: true }, { name: "%", digits: 1 }, { name: "source", text: true }], record.published.map(([a, b, v, s]) => [a, b, 100 * v, s]))) : "");
    const base = new Map(record.base.map(([o, s, k, n]) => [`${o}|${s}|${k}`, n])), moved = new Map(record.variant.map(([o, s, k, n]) => [`${o}|${s}|${k}`, n]));
    const rows = [...new Set([...base.keys(), ...moved.keys()])].map((key) => [...key.split("|"), base.get(key) ?? 0, moved.get(key) ?? 0]).sort((a, b) => b[3] - a[3]);
    const shown = { columns: [{ name: "origin" }, { name: "graduate school", text: true }, { name: "work", text: true }, { name: "base, people", digits: 0 }, { name: "moved, people", digits: 0 }], rows };
    page.table(shown);
    return shown;
  }
  return draw();
}

function map(page, redraw) {
  const { record, said, state, names } = page;
  at("controls").replaceChildren(el("div", { class: "row" }, ...selects(page, redraw, true)));
  clear();
  const why = whyNot(page);
  at("caption").textContent = why || w.captionMap(w.tiers[state.look.tier], w.axes[state.look.axis], state.look.year);
  if (why || !record) { at("extra").replaceChildren(); return { columns: [], rows: [] }; }
  at("caption").append(errorLine(page));
  if (!record.complete) at("caption").prepend(el("span", { class: "badge" }, w.incomplete(record.draws, record.total)), " ");
  const y = said.years.indexOf(state.look.year);
  const tiles = new Map(page.desk.regions.map((region) => [region.code, region.tile]));
  const codes = said.places.filter((code) => tiles.has(code));
  const value = (code) => record.difference_points[y][said.places.indexOf(code)] ?? 0;
  const largest = Math.max(0.05, ...codes.map((code) => Math.abs(value(code))));
  at("extra").replaceChildren(el("ul", { class: "tiles" }, ...codes.map((code) => {
    const tile = el("li", { title: names.get(code) }, el("b", {}, code), signed(value(code)));
    const strength = Math.abs(value(code)) / largest;
    tile.style.background = value(code) >= 0 ? `rgba(213, 94, 0, ${0.45 * strength})` : `rgba(0, 114, 178, ${0.45 * strength})`;
    [tile.style.gridRow, tile.style.gridColumn] = tiles.get(code).map((place) => String(place + 1));
    return tile;
  })));
  return { columns: ["region", "base, %", "moved, %", "difference, points", "5 %", "95 %"].map((name, k) => ({ name, digits: k < 3 ? 1 : 2 })), rows: codes.map((code) => { const k = said.places.indexOf(code); return [names.get(code), 100 * record.base_share[y][k], 100 * record.variant_share[y][k], record.difference_points[y][k], record.p05_points[y][k], record.p95_points[y][k]]; }) };
}

async function crossing(page) {
  const record = await page.view("futures", {});
  if (page.state.look.view !== "crossing") return null;
  const [a, b] = [record.challenger, record.leader].map((code) => page.names.get(code));
  at("caption").replaceChildren(w.captionCrossing(a, b), errorLine(page, "top20", "work"));
  await drawCrossing(at("plot"), record);
  const by = (side, year) => record[side].first.filter((each) => each !== null && each <= year).length;
  const rows = record.years.filter((year) => year >= 2020).map((year) => [year, (100 * by("base", year)) / record.runs.length, (100 * by("variant", year)) / record.runs.length]);
  describe(`${w.captionCrossing(a, b)} ${rows.at(-1)[1].toFixed(0)} % of the runs in the base, ${rows.at(-1)[2].toFixed(0)} % with what is moved.`);
  return { columns: [{ name: "by year" }, { name: "base, % of runs", digits: 0 }, { name: "moved, % of runs", digits: 0 }], rows };
}

async function futures(page) {
  const record = await page.view("futures", {});
  if (page.state.look.view !== "futures") return null;
  const { look } = page.state;
  const heads = el("p", { "aria-live": "polite" });
  const step = (by) => { look.run = (look.run + by + record.runs.length) % record.runs.length; page.remember(); draw(); };
  at("controls").replaceChildren(el("div", { class: "row" }, el("button", { type: "button", onclick: () => step(-1) }, w.before), el("button", { type: "button", onclick: () => step(1) }, w.next)), heads);
  function draw() {
    look.run = Math.min(look.run, record.runs.length - 1);
    const [draw_, rep] = record.runs[look.run], last = record.years.at(-1);
    const [a, b] = [record.challenger, record.leader].map((code) => page.names.get(code));
    at("caption").replaceChildren(w.captionFutures(a, b, draw_, rep), errorLine(page, "top20", "work"));
    drawFuture(at("plot"), record, look.run, page.names);
    heads.textContent = ["base", "variant"].map((side) => w.ahead(record[side].shares[0][look.run].at(-1) > record[side].shares[1][look.run].at(-1) ? a : b, last, w.sides[side])).join(". ") + ".";
    describe(heads.textContent);
    const shown = { columns: [{ name: "year" }, ...["base", "variant"].flatMap((side) => [a, b].map((name) => ({ name: `${name}, ${w.sides[side]}, %`, digits: 1 })))], rows: record.years.map((year, y) => [year, ...["base", "variant"].flatMap((side) => [0, 1].map((k) => 100 * record[side].shares[k][look.run][y]))]) };
    page.table(shown);
    return shown;
  }
  return draw();
}

async function fit(page) {
  clear();
  const record = await page.view("fit", {});
  if (page.state.look.view !== "fit") return null;
  at("caption").textContent = w.captionFit(record.inside, record.rows, record.draws);
  const columns = [{ name: "published number", text: true }, { name: "year", digits: 0 }, { name: "published", digits: 3 }, { name: "model 5 %", digits: 3 }, { name: "model", digits: 3 }, { name: "model 95 %", digits: 3 }, { name: "miss, sd", digits: 1 }];
  const rows = (list) => list.map((r) => [r.label, r.year, r.published, r.low, r.median, r.high, r.miss]);
  const box = (caption, list) => el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table(caption, columns, rows(list)));
  at("extra").replaceChildren(box("Largest misses", record.misses), box("Met best", record.met));
  return { columns, rows: rows([...record.misses, ...record.met]) };
}

export function job(page, name, asked, done, box = at("extra")) {
  const bar = el("progress", { max: 1, value: 0, "aria-label": "progress" }), text = el("span", {}), cancel = new AbortController();
  box.replaceChildren(el("p", { class: "row", role: "status" }, bar, text, el("button", { type: "button", onclick: () => { cancel.abort(); box.replaceChildren(); } }, w.cancel)));
  page.job(name, asked, { progress: (r) => { bar.max = r.total; bar.value = r.done; text.textContent = `${r.phase}: ${r.done} / ${r.total}`; }, answer: (r) => { box.replaceChildren(); done(r); }, error: (r) => { box.replaceChildren(); page.problems(r.problems); } }, cancel.signal);
}

// Name of what is moved, by its id in the address: "m1: entry_bar".
const titled = (page, id) => [id, page.state.items.find((item) => item.id === id)?.name].filter(Boolean).join(": ");

function who(page) {
  clear();
  at("caption").textContent = "";
  if (!page.said.moved) { at("caption").textContent = w.moveFirst; return { columns: [], rows: [] }; }
  at("controls").replaceChildren(el("button", { type: "button", class: "main", onclick: () => job(page, "who", {}, draw) }, w.who));
  function draw(record) {
    at("caption").textContent = w.captionWho(whole(record.people), record.year, record.runs);
    const box = (caption, columns, rows) => el("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": caption }, table(caption, columns, rows));
    const columns = [{ name: "origin" }, { name: "parted at", text: true }, { name: "from", text: true }, { name: "to", text: true }, { name: "reason", text: true }, { name: "people", digits: 0 }];
    const rows = record.switches.map((r) => [r.origin, r.stage, r.base, r.variant, r.reason, r.people]);
    at("extra").replaceChildren(box(w.switches, columns, rows),
      box(w.channels, [{ name: "region" }, { name: "axis", text: true }, { name: "policy" }, { name: "feedback" }, { name: "both" }, { name: "total" }], record.channels.map((r) => [r.region, r.axis, r.direct_points, r.feedback_points, r.interaction_points, r.total_points])),
      box(w.levers, [{ name: "lever" }, { name: "region", text: true }, { name: "axis", text: true }, { name: "part" }, { name: "total" }], record.levers.map((r) => [titled(page, r.lever), r.region, r.axis, r.part_points, r.total_points])));
    page.table({ columns, rows });
  }
  return { columns: [], rows: [] };
}

function takes(page) {
  clear();
  at("caption").textContent = w.captionTakes;
  const levers = page.state.items.filter((item) => item.kind === "lever");
  if (!levers.length) { at("caption").textContent += ` ${w.moveFirst}`; return { columns: [], rows: [] }; }
  const range = page.rangeOf(levers[0]);
  const item = el("select", {}, ...levers.map((each) => el("option", { value: each.id }, titled(page, each.id))));
  const low = el("input", { type: "number", step: "any", value: range.low }), high = el("input", { type: "number", step: "any", value: range.high });
  const goal = el("input", { type: "text", size: 42, maxlength: 300, value: `share(work, ${page.key?.[0]?.region ?? page.desk.leader}, top20, ${page.state.size.until}) >= 0.4` });
  at("controls").replaceChildren(el("form", { class: "row", onsubmit: (event) => { event.preventDefault(); job(page, "solve", { item: item.value, low: Number(low.value), high: Number(high.value), goal: goal.value }, draw); } },
    field(w.lever, item), field(w.low, low), field(w.high, high), field(w.goal, goal), el("button", { class: "main" }, w.search2)));
  function draw(found) {
    const record = { ...found, lever: titled(page, found.lever) };
    const digits = (v) => (v === null ? null : +v.toPrecision(3));
    at("caption").textContent = w.solved[record.state](record.state === "flat" ? digits(record.needed) : digits(record.value), digits(record.error)) + ` (${record.draws} draws)`;
    drawDose(at("plot"), record);
    describe(at("caption").textContent);
    page.table({ columns: [{ name: record.lever, digits: 3 }, { name: "mean", digits: 4 }, { name: "5 %", digits: 4 }, { name: "95 %", digits: 4 }], rows: record.values.map((v, k) => [v, record.mean[k], record.p05[k], record.p95[k]]) });
  }
  return { columns: [], rows: [] };
}

const DRAW = { shares: (p, r) => lines(p, r, false), people: (p, r) => lines(p, r, true), flow, map, who, crossing, futures, takes, fit };

export async function drawView(page, redraw) {
  const shown = await DRAW[page.state.look.view](page, redraw);
  if (shown) page.table(shown);
}

export function leaveView() {
  clear();
  for (const id of ["controls", "extra", "caption"]) at(id).replaceChildren();
}
