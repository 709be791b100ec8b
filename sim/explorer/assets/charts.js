// Charts drawn by Plotly from the records of the server.
import { words as w } from "./words.js";

const BASE = "#555555", MOVED = "#0072B2";
export const CONFIG = { displayModeBar: false, responsive: true };
const FONT = { family: 'system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif', size: 12, color: "#1a1a1a" };

function band(x, low, high, colour, axes, name) {
  const line = { width: 0, color: colour };
  return [
    { x, y: high, mode: "lines", line, hoverinfo: "skip", showlegend: false, ...axes },
    { x, y: low, mode: "lines", line, fill: "tonexty", fillcolor: colour + "33", hoverinfo: "skip", showlegend: false, name, ...axes },
  ];
}

function column(rows, k, factor) {
  return rows.map((row) => (row[k] === null ? null : factor * row[k]));
}

// Small multiples, a panel a place: {places, names, years, record, line, isPeople, moved}.
export function drawLines(plot, given) {
  const { places, names, years, record, line, isPeople, isDifference, moved } = given;
  const across = plot.clientWidth > 700 ? 3 : plot.clientWidth > 460 ? 2 : 1;
  const down = Math.ceil(places.length / across);
  const traces = [], layout = { font: FONT, height: 60 + 210 * down, margin: { l: 44, r: 8, t: 30, b: 30 }, showlegend: false, hovermode: "x",
    grid: { rows: down, columns: across, pattern: "independent", xgap: 0.14, ygap: 0.28 }, annotations: [], paper_bgcolor: "#fff", plot_bgcolor: "#fff" };
  places.forEach(({ index, code }, n) => {
    const suffix = n ? String(n + 1) : "";
    const axes = { xaxis: `x${suffix}`, yaxis: `y${suffix}` };
    const from = Math.max(0, years.indexOf(2015)), x = years.slice(from), cut = (rows, f) => column(rows.slice(from), index, f);
    const add = (name, y, colour, dash) => traces.push({ x, y, mode: "lines", name, line: { color: colour, width: 2, dash }, hovertemplate: `${name}: %{y:.4~g}<extra></extra>`, ...axes });
    if (line) {
      add(w.sides.base, cut(line.base, 100), BASE, "dash");
      if (moved) add(w.oneDraw, cut(line.variant, 100), MOVED, "dot");
    } else if (isDifference) {
      traces.push(...band(x, cut(record.p05_points, 1), cut(record.p95_points, 1), MOVED, axes));
      add(w.shows.difference, cut(record.difference_points, 1), MOVED);
    } else if (isPeople) {
      traces.push(...band(x, cut(record.base_people_p05, 1), cut(record.base_people_p95, 1), BASE, axes));
      if (moved) traces.push(...band(x, cut(record.variant_people_p05, 1), cut(record.variant_people_p95, 1), MOVED, axes));
      add(w.sides.base, cut(record.base_people, 1), BASE, "dash");
      if (moved) add(w.sides.variant, cut(record.variant_people, 1), MOVED);
    } else {
      traces.push(...band(x, cut(record.base_p05, 100), cut(record.base_p95, 100), BASE, axes));
      if (moved) traces.push(...band(x, cut(record.variant_p05, 100), cut(record.variant_p95, 100), MOVED, axes));
      add(w.sides.base, cut(record.base_share, 100), BASE, "dash");
      if (moved) add(w.sides.variant, cut(record.variant_share, 100), MOVED);
    }
    layout[`xaxis${suffix}`] = { range: [2015, years.at(-1)], tickformat: "d", nticks: 5, gridcolor: "#e8e8e8", zeroline: false, fixedrange: true };
    layout[`yaxis${suffix}`] = { rangemode: "tozero", gridcolor: "#e8e8e8", nticks: 5, zeroline: Boolean(isDifference), fixedrange: true };
    layout.annotations.push({ text: `<b>${names.get(code) ?? code}</b>`, xref: `x${suffix} domain`, yref: `y${suffix} domain`, x: 0, y: 1.02, xanchor: "left", yanchor: "bottom", showarrow: false });
  });
  return window.Plotly.react(plot, traces, layout, CONFIG);
}

const HUES = ["#0072B2", "#D55E00", "#009E73", "#CC79A7", "#B58900", "#56B4E9", "#777777"];

export function drawFlow(plot, record, side, names) {
  const colour = new Map(record.regions.map((code, k) => [code, HUES[Math.min(k, HUES.length - 1)]]));
  const nodes = [0, 1, 2].flatMap((c) => record.regions.map((code) => ({ c, code })));
  const at = (c, code) => nodes.findIndex((n) => n.c === c && n.code === code);
  const sums = new Map();
  for (const [o, s, k, people] of record[side]) for (const [c, a, b] of [[0, o, s], [1, s, k]]) {
    const key = `${at(c, a)}|${at(c + 1, b)}`;
    sums.set(key, (sums.get(key) ?? 0) + people);
  }
  const links = [...sums].map(([key, value]) => [...key.split("|").map(Number), value]);
  const trace = { type: "sankey", arrangement: "snap", node: { label: nodes.map((n) => (plot.clientWidth > 600 ? names.get(n.code) ?? n.code : n.code)), color: nodes.map((n) => colour.get(n.code)), pad: 10, thickness: 12, line: { width: 0 } },
    link: { source: links.map((l) => l[0]), target: links.map((l) => l[1]), value: links.map((l) => l[2]), color: links.map((l) => colour.get(nodes[l[0]].code) + "66") } };
  return window.Plotly.react(plot, [trace], { font: FONT, height: 520, margin: { l: 4, r: 4, t: 24, b: 8 }, annotations: record.columns.map((text, k) => ({ text, x: k / 2, y: 1.02, xref: "paper", yref: "paper", showarrow: false, xanchor: ["left", "center", "right"][k], yanchor: "bottom" })) }, CONFIG);
}

export function drawCrossing(plot, record) {
  const last = record.years.at(-1) + 1;
  const traces = [["base", BASE, 0], ["variant", MOVED, 1]].map(([side, colour, row]) => {
    const seen = new Map();
    const x = record[side].first.map((year) => year ?? last);
    const y = x.map((year) => { const n = seen.get(year) ?? 0; seen.set(year, n + 1); return row + 0.035 * n; });
    return { x, y, mode: "markers", marker: { color: colour, size: 7, symbol: row ? "circle" : "circle-open" }, name: w.sides[side], hovertemplate: "%{x}<extra></extra>" };
  });
  const ticks = record.years.filter((year) => year >= 2020 && year % 5 === 0);
  return window.Plotly.react(plot, traces, { font: FONT, height: 420, margin: { l: 110, r: 12, t: 8, b: 40 }, showlegend: false,
    xaxis: { range: [2019.5, last + 0.8], tickvals: [...ticks, last], ticktext: [...ticks.map(String), "not"], fixedrange: true, gridcolor: "#e8e8e8" },
    yaxis: { tickvals: [0, 1], ticktext: [w.sides.base, "moved"], range: [-0.1, 2], fixedrange: true, zeroline: false } }, CONFIG);
}

export function drawFuture(plot, record, run, names) {
  const codes = [record.challenger, record.leader], colours = ["#D55E00", "#0072B2"];
  const from = Math.max(0, record.years.indexOf(2015));
  const traces = codes.flatMap((code, k) => [["base", "dash"], ["variant", "solid"]].map(([side, dash]) => ({ x: record.years.slice(from), y: record[side].shares[k][run].slice(from).map((v) => 100 * v),
    mode: "lines", line: { color: colours[k], dash, width: side === "base" ? 1.5 : 2.5 }, name: `${names.get(code)}, ${w.sides[side]}`, hovertemplate: "%{y:.1f}<extra>%{fullData.name}</extra>" })));
  return window.Plotly.react(plot, traces, { font: FONT, height: 400, margin: { l: 44, r: 12, t: 8, b: 90 }, legend: { orientation: "h", y: -0.15 }, hovermode: "x",
    xaxis: { tickformat: "d", fixedrange: true, gridcolor: "#e8e8e8" }, yaxis: { rangemode: "tozero", fixedrange: true, gridcolor: "#e8e8e8" } }, CONFIG);
}

export function drawDose(plot, record) {
  const axes = {};
  const traces = [...band(record.values, record.p05, record.p95, MOVED, axes), { x: record.values, y: record.mean, mode: "lines+markers", line: { color: MOVED }, name: "mean", hovertemplate: "%{x:.4~g}: %{y:.4~g}<extra></extra>" }];
  const shapes = [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: record.level, y1: record.level, line: { color: "#D55E00", dash: "dash" } }];
  if (record.value !== null) shapes.push({ type: "line", yref: "paper", y0: 0, y1: 1, x0: record.value, x1: record.value, line: { color: "#009E73" } });
  return window.Plotly.react(plot, traces, { font: FONT, height: 380, margin: { l: 60, r: 12, t: 8, b: 44 }, showlegend: false, shapes,
    xaxis: { title: { text: record.lever }, fixedrange: true }, yaxis: { fixedrange: true, title: { text: record.goal.slice(0, 60) } } }, CONFIG);
}
