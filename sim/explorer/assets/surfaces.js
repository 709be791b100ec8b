// Stands in for ask.js in an exported page: the same questions, answered from response surfaces that the page holds.
// Notation: N runs (draws x replicates, in one row), T terms, C cells of a year (share of each region, then all people).
import { words as w } from "./words.js";

export class Refused extends Error {
  constructor(problems) {
    super(problems.join("\n"));
    this.problems = problems;
  }
}

const grid = JSON.parse(document.getElementById("grid").textContent);

function bytesOf(text) {
  const letters = atob(text), bytes = new Uint8Array(letters.length);
  for (let k = 0; k < letters.length; k += 1) bytes[k] = letters.charCodeAt(k);
  return bytes.buffer;
}

const base = new Int32Array(bytesOf(grid.base)), weights = new Int16Array(bytesOf(grid.weights)), scales = new Float32Array(bytesOf(grid.scales));
const units = new Float32Array(bytesOf(grid.units)), leftOut = new Float32Array(bytesOf(grid.leftOut));
for (const name of ["base", "weights", "scales", "units", "leftOut"]) delete grid[name];
const N = grid.draws * grid.replicates, T = grid.terms.length, R = grid.places.length - grid.groups.length, P = grid.places.length, C = R + 1;
const Y = grid.years.length, K = grid.tiers.length, X = grid.axes.length, L = grid.neutral.length, FIRST = grid.years.indexOf(grid.first);

// Values of the levers of a state, scaled to 0 (no change) .. 1 (the far end).
function unitOf(state) {
  const ids = Object.keys(grid.desk.fixed);
  return ids.map((id, k) => (state.items.find((item) => item.id === id).value - grid.neutral[k]) / (grid.ends[k] - grid.neutral[k]));
}

function termsAt(unit) {
  return grid.terms.map((powers) => powers.reduce((sum, power, k) => sum * unit[k] ** power, 1));
}

// Shares and people of all runs for a tier and axis, with and without what is moved: arrays over (run, year, place).
function runsOf(unit, tier, axis) {
  const k = grid.tiers.indexOf(tier), x = grid.axes.indexOf(axis), terms = termsAt(unit);
  const made = Object.fromEntries(["base", "variant", "basePeople", "variantPeople"].map((name) => [name, new Float64Array(N * Y * P)]));
  for (let n = 0; n < N; n += 1) for (let y = 0; y < Y; y += 1) {
    const counts = (((n * Y + y) * K + k) * X + x) * R, to = (n * Y + y) * P;
    let everybody = 0;
    for (let r = 0; r < R; r += 1) everybody += base[counts + r];
    const change = y < FIRST ? null : changesAt(((k * X + x) * N + n) * (Y - FIRST) + y - FIRST, terms);
    const after = everybody * (change ? Math.exp(change[R]) : 1);
    for (let r = 0; r < R; r += 1) {
      const share = base[counts + r] / everybody, moved = change ? Math.max(0, share + change[r]) : share;
      made.base[to + r] = share;
      made.variant[to + r] = moved;
      made.basePeople[to + r] = grid.weight * base[counts + r];
      made.variantPeople[to + r] = grid.weight * after * moved;
    }
    grid.members.forEach((ids, g) => { for (const name of Object.keys(made)) made[name][to + R + g] = ids.reduce((sum, r) => sum + made[name][to + r], 0); });
  }
  return made;
}

function changesAt(row, terms) {
  const found = new Float64Array(C);
  for (let c = 0; c < C; c += 1) {
    let sum = 0;
    const from = (row * C + c) * T;
    for (let t = 0; t < T; t += 1) sum += weights[from + t] * terms[t];
    found[c] = sum * scales[row * C + c];
  }
  return found;
}

const column = (values, y, p) => Float64Array.from({ length: N }, (_, n) => values[(n * Y + y) * P + p]);
const mean = (values) => values.reduce((sum, v) => sum + v, 0) / values.length;

function quantile(sorted, part) {
  const at = part * (sorted.length - 1), low = Math.floor(at);
  return sorted[low] + (at - low) * ((sorted[low + 1] ?? sorted[low]) - sorted[low]);
}

// Variance of crossed values by cause: draw, replicate, rest; parts below zero count as zero.
function varianceParts(values) {
  const { draws: D, replicates: Q } = grid, spread = (list) => list.reduce((sum, v) => sum + (v - mean(list)) ** 2, 0) / (list.length - 1);
  if (Q < 2) return { draw: spread(values), replicate: 0, rest: 0 };
  const all = mean(values), byDraw = Array.from({ length: D }, (_, d) => mean(values.slice(d * Q, d * Q + Q)));
  const byReplicate = Array.from({ length: Q }, (_, q) => mean(values.filter((_, n) => n % Q === q)));
  if (D < 2) return { draw: 0, replicate: 0, rest: spread(values) };
  const rest = values.reduce((sum, v, n) => sum + (v - byDraw[Math.floor(n / Q)] - byReplicate[n % Q] + all) ** 2, 0) / ((D - 1) * (Q - 1));
  return { draw: Math.max(0, spread(byDraw) - rest / Q), replicate: Math.max(0, spread(byReplicate) - rest / D), rest };
}

function errorOf({ draw, replicate, rest }) {
  return Math.sqrt(draw / grid.draws + replicate / grid.replicates + rest / N);
}

// Degrees of freedom of that error (Satterthwaite) and how many of it a clear difference is from zero.
function clearDistance({ draw, replicate, rest }) {
  const { draws: D, replicates: Q } = grid;
  let freedom = Q < 2 ? D - 1 : Q - 1;
  if (Q > 1 && D > 1) {
    const a = Q * draw + rest, b = D * replicate + rest, variance = a + b - rest;
    freedom = variance <= 0 ? 1e9 : Math.max(1, variance ** 2 / (a ** 2 / (D - 1) + b ** 2 / (Q - 1) + rest ** 2 / ((D - 1) * (Q - 1))));
  }
  const next = grid.freedoms.findIndex(([each]) => each >= freedom);
  if (next <= 0) return grid.freedoms.at(next)[1];
  const [[low, most], [high, least]] = [grid.freedoms[next - 1], grid.freedoms[next]];
  return least + ((1 / freedom - 1 / high) / (1 / low - 1 / high)) * (most - least);
}

function seriesOf(unit, tier, axis) {
  const runs = runsOf(unit, tier, axis), record = { tier, axis, draws: grid.draws, total: grid.draws, runs: N, complete: true };
  const put = (name, y, value) => ((record[name] ??= grid.years.map(() => [])).at(y).push(value));
  for (let y = 0; y < Y; y += 1) for (let p = 0; p < P; p += 1) {
    const of = Object.fromEntries(Object.keys(runs).map((name) => [name, column(runs[name], y, p)]));
    const difference = of.variant.map((v, n) => 100 * (v - of.base[n])), people = of.variantPeople.map((v, n) => v - of.basePeople[n]);
    put("difference_points", y, mean(difference));
    put("error_points", y, y < FIRST ? 0 : errorOf(varianceParts(difference)));
    for (const [name, values, middle] of [["", difference, null], ["base_", of.base, "base_share"], ["variant_", of.variant, "variant_share"], ["base_people_", of.basePeople, "base_people"], ["variant_people_", of.variantPeople, "variant_people"], ["people_", people, "people"]]) {
      if (middle) put(middle, y, mean(values));
      const sorted = values.slice().sort(), end = name ? "" : "_points";
      put(`${name}p05${end}`, y, quantile(sorted, 0.05));
      put(`${name}p95${end}`, y, quantile(sorted, 0.95));
    }
  }
  return record;
}

function verdictOf(values) {
  if (values.every((v) => v === 0)) return ["no change", "nothing is moved"];
  const parts = varianceParts(values), error = errorOf(parts), far = clearDistance(parts), isClear = Math.abs(mean(values)) > far * error;
  if (grid.draws < 10) return ["too few draws", `${grid.draws} draws; a verdict takes at least 10`];
  return [isClear ? "clear" : "within noise", `${isClear ? "more" : "not more"} than ${far.toFixed(2)} standard errors (${error.toPrecision(2)} points) from zero; ${w.ofSurfaces}`];
}

// The four that `talentsim compare` tells first: China, the United States, and the two others that move most.
function keyNumbers(unit, record) {
  const y = Y - 1, runs = runsOf(unit, "top20", "work"), moved = record.difference_points[y];
  const bySize = Array.from({ length: R }, (_, r) => r).sort((a, b) => Math.abs(moved[b]) - Math.abs(moved[a]) || a - b);
  const always = ["USA", "CHN"].map((code) => grid.places.indexOf(code)), told = [...always, ...bySize.filter((r) => !always.includes(r)).slice(0, 2)];
  return bySize.filter((r) => told.includes(r)).map((p) => {
    const before = column(runs.base, y, p), values = Array.from(column(runs.variant, y, p), (v, n) => 100 * (v - before[n])), [verdict, reason] = verdictOf(values);
    const row = { region: grid.places[p], year: grid.years[y], tier: "top20", axis: "work", verdict, reason, runs: N };
    for (const name of ["difference_points", "p05_points", "p95_points", "error_points", "base_share", "variant_share", "base_people", "variant_people"]) row[name] = record[name][y][p];
    return row;
  });
}

// The error of a view at a point: the largest that the nearest points of the grid would have, were they left out.
export function errorNear(unit, tier, axis) {
  const cell = grid.tiers.indexOf(tier) * X + grid.axes.indexOf(axis), count = units.length / L;
  const far = Array.from({ length: count }, (_, n) => unit.reduce((sum, v, k) => sum + (v - units[n * L + k]) ** 2, 0));
  const nearest = Array.from(far.keys()).sort((a, b) => far[a] - far[b]).slice(0, grid.nearest);
  return Math.max(...nearest.map((n) => leftOut[n * K * X + cell]));
}

function isMoved(unit) {
  return unit.some((v) => v !== 0);
}

function saidOf(state) {
  const unit = unitOf(state), refused = { ...grid.said.refused }, errors = {};
  let file = grid.said.file;
  grid.said.marks.forEach((mark, k) => { file = file.replace(mark, Number.isInteger(state.items[k].value) ? `${state.items[k].value}.0` : String(state.items[k].value)); });
  for (const row of grid.errors) {
    const here = errorNear(unit, row.tier, row.axis), key = `${row.tier} ${row.axis}`;
    errors[key] = { ...row, here };
    if (isMoved(unit) && here > grid.mostError) refused[key] = w.refusedPoint(here, grid.said.command);
  }
  return { ...grid.said, file, refused, errors, moved: isMoved(unit), today: {}, notes: [...(refused["top20 work"] ? [refused["top20 work"]] : []), ...otherModel(state)] };
}

function otherModel(state) {
  return state.model && state.model !== grid.said.model ? [w.otherModel] : [];
}

function futures(unit) {
  const runs = runsOf(unit, "top20", "work"), [a, b] = grid.passing.map((code) => grid.places.indexOf(code));
  const record = { challenger: grid.passing[0], leader: grid.passing[1], years: grid.years, runs: Array.from({ length: N }, (_, n) => [Math.floor(n / grid.replicates), n % grid.replicates]) };
  for (const side of ["base", "variant"]) {
    const shares = [a, b].map((p) => record.runs.map((_, n) => grid.years.map((_, y) => runs[side][(n * Y + y) * P + p])));
    record[side] = { shares, first: record.runs.map((_, n) => grid.years.find((_, y) => shares[0][n][y] > shares[1][n][y]) ?? null) };
  }
  return record;
}

function checkPoint(state) {
  const problems = Object.entries(grid.desk.fixed).flatMap(([id, [low, high]]) => {
    const value = state.items.find((item) => item.id === id)?.value;
    return value >= low - 1e-9 && value <= high + 1e-9 ? [] : [w.outsideGrid(id, value, low, high, grid.said.command)];
  });
  if (problems.length) throw new Refused(problems);
}

// The state of an address, cut to what a grid can answer: its levers, over its base, in its window.
export function fixedState(state) {
  if (!state.items.length) return [{ ...state, ...structuredClone(grid.state), look: state.look }, []];
  const known = new Map(state.items.map((item) => [item.id, item])), fixed = structuredClone(grid.state);
  fixed.items.forEach((item, k) => { item.value = known.get(item.id)?.name === item.name ? known.get(item.id).value : grid.neutral[k]; });
  const same = state.base === fixed.base && !state.drop.length && state.items.every((item) => fixed.items.some((each) => JSON.stringify({ ...each, value: 0 }) === JSON.stringify({ ...item, value: 0 })));
  return [{ ...state, ...fixed, look: state.look, model: state.model }, same ? [] : [w.otherPoint]];
}

export async function get() {
  return grid.desk;
}

export async function ask(path, { state, view, look }) {
  if (path !== "api/view" || !["bands", "futures", "fit"].includes(view)) throw new Refused([w.refusedStatic, grid.said.command]);
  if (view === "fit") return grid.fit;
  checkPoint(state);
  const { refused } = saidOf(state), unit = unitOf(state), [tier, axis] = view === "bands" ? [look.tier, look.axis] : ["top20", "work"];
  const why = refused[tier] ?? refused[`${tier} ${axis}`];
  if (why) throw new Refused([why]);
  return view === "bands" ? seriesOf(unit, tier, axis) : futures(unit);
}

export async function stream(path, { state, look }, on, signal) {
  if (path !== "api/stream") throw new Refused([w.refusedStatic, grid.said.command]);
  checkPoint(state);
  await new Promise((done) => setTimeout(done)); // a newer value comes first
  if (signal.aborted) return;
  const said = saidOf(state), unit = unitOf(state), { tier, axis } = look;
  on.said(said);
  const record = said.refused["top20 work"] ? null : seriesOf(unit, "top20", "work");
  if (!said.refused[tier] && !said.refused[`${tier} ${axis}`]) on.bands(tier === "top20" && axis === "work" ? record : seriesOf(unit, tier, axis));
  on.result({ key: record ? keyNumbers(unit, record) : [], headlines: [], crossings: [], runs: N });
}
