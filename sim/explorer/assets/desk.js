// The desk: the base, what is moved, and finding more of it.
import { words as w } from "./words.js";
import { choice, el, field, signed } from "./dom.js";
import { newId } from "./state.js";

const RATIOS = new Set(["phd_stipend", "phd_places", "cohort_size", "research_pay", "research_capital", "housing_cost"]);

export function usualChange(lever) {
  if (RATIOS.has(lever.name) && lever.changes.includes("multiply")) return "multiply";
  return lever.changes.includes("add") && lever.high - lever.low <= 1 ? "add" : lever.changes.includes("set") ? "set" : lever.changes[0];
}

// Range and step of the slider of a change.
export function rangeOf(lever, change, value) {
  let [low, high] = change === "multiply" ? [0, 3] : change === "add" ? [lever.low - lever.high, lever.high - lever.low] : [lever.low, lever.high];
  if (change !== "multiply" && high - low > 200) [low, high] = change === "add" ? [-100, 100] : [lever.low, 100];
  [low, high] = [Math.min(low, value), Math.max(high, value)];
  const span = high - low;
  return { low, high, step: span <= 4 ? 0.01 : span <= 50 ? 0.1 : 1 };
}

export function startValue(lever, change) {
  if (change === "multiply") return 1;
  if (change === "add") return 0;
  return lever.neutral ?? lever.low;
}

export function makeDesk(desk, state, changed) {
  const levers = new Map(desk.levers.map((lever) => [lever.name, lever]));
  const policies = new Map(desk.policies.map((policy) => [policy.name, policy]));
  const box = document.getElementById("items");
  const today = new Map();

  function addLever(name, given = {}) {
    const lever = levers.get(name);
    const change = given.change ?? usualChange(lever);
    const item = { id: newId(state.items), kind: "lever", name, change, value: given.value ?? startValue(lever, change), from: given.from ?? 2027 };
    for (const axis of lever.filters) item[axis] = given[axis] ?? (axis === "destination" ? [desk.leader] : undefined);
    state.items.push(clean(item));
    drawItems();
    changed();
    document.querySelector(`#item-${item.id} input[type=range]`)?.focus();
  }

  function addPolicy(name) {
    const policy = policies.get(name);
    const item = { id: newId(state.items), kind: "policy", name, values: {} };
    for (const axis of policy.asks) item[axis] = axis === "destination" ? [desk.leader] : undefined;
    if (policy.from === null) item.from = 2027;
    state.items.push(clean(item));
    drawItems();
    changed();
    document.querySelector(`#item-${item.id} button`)?.focus();
  }

  function clean(item) {
    for (const key of Object.keys(item)) if (item[key] === undefined || item[key] === null || Number.isNaN(item[key])) delete item[key];
    return item;
  }

  function slider(label, range, value, set) {
    const id = `s${Math.random().toString(36).slice(2, 9)}`;
    const line = el("input", { type: "range", id, min: range.low, max: range.high, step: range.step, value });
    const exact = el("input", { type: "number", min: range.low, max: range.high, step: "any", value, "aria-label": label });
    line.addEventListener("input", () => { exact.value = line.value; set(Number(line.value)); });
    exact.addEventListener("change", () => {
      if (exact.value === "" || !Number.isFinite(Number(exact.value))) { exact.value = line.value; return; }
      line.value = exact.value;
      set(Number(exact.value));
    });
    return el("div", {}, el("label", { for: id, class: "small" }, label), line, exact);
  }

  function placesChoice(item, axis) {
    const chosen = item[axis]?.length === 1 ? item[axis][0] : item[axis]?.length ? item[axis].join("+") : "";
    const options = [["", w.all], ...desk.regions.map((r) => [r.code, r.name])];
    if (item[axis]?.length > 1) options.push([chosen, chosen]);
    return choice(axis === "origin" ? w.origin : w.destination, options, chosen, (value) => {
      item[axis] = value ? value.split("+") : undefined;
      clean(item);
      changed();
    });
  }

  // What a lever is aimed at besides places: its usual aim, all, or one of the names.
  function finerChoice(item, lever, axis, names) {
    const usual = lever.usual[axis] ?? names, all = names.join("+");
    const options = [[all, w.all], ...names.map((name) => [name, name])];
    const chosen = (item[axis] ?? usual).join("+");
    if (!options.some(([value]) => value === chosen)) options.push([chosen, chosen]);
    return choice(w.aim[axis], options, chosen, (value) => {
      item[axis] = value === usual.join("+") ? undefined : value.split("+");
      clean(item);
      changed();
    });
  }

  function yearField(item, key, label) {
    const input = el("input", { type: "number", min: key === "ramp" ? 1 : 2000, max: key === "ramp" ? 30 : 2050, step: 1, value: item[key] ?? "" });
    input.addEventListener("change", () => { item[key] = input.value === "" ? undefined : Math.round(Number(input.value)); clean(item); changed(); });
    return field(label, input);
  }

  function leverBody(item) {
    const lever = levers.get(item.name);
    if (!lever) return [el("p", {}, item.name)];
    const range = limits(item) ?? rangeOf(lever, item.change, item.value);
    const unit = item.change === "multiply" ? "factor" : lever.unit;
    const changes = choice(w.change, lever.changes.map((c) => [c, w.changes[c]]), item.change, (value) => {
      item.change = value;
      item.value = startValue(lever, value);
      drawItems();
      changed();
    });
    const places = lever.filters.map((axis) => placesChoice(item, axis));
    const finer = Object.entries(lever.finer).map(([axis, names]) => finerChoice(item, lever, axis, names));
    const now = today.get(item.id);
    return [
      el("p", { class: "small" }, lever.meaning),
      slider(`${w.changes[item.change]}: ${unit}`, range, item.value, (value) => { item.value = value; changed(true); }),
      el("p", { class: "small", id: `today-${item.id}` }, todayText(now, lever, limits(item) ?? lever)),
      desk.fixed ? fixedLine(item) : el("div", { class: "row" }, changes, ...places, ...finer, yearField(item, "from", w.from), yearField(item, "until", w.until), yearField(item, "ramp", w.ramp)),
      el("details", {}, el("summary", {}, w.meaning), el("p", { class: "small" }, lever.enters), el("p", { class: "small" }, `${w.today}: ${lever.today}`)),
    ];
  }

  // In an exported page: the range of a lever, and what stands fixed.
  function limits(item) {
    const range = desk.fixed?.[item.id];
    return range && { low: range[0], high: range[1], step: range[1] - range[0] <= 4 ? 0.01 : 0.1 };
  }

  function fixedLine(item) {
    const places = Object.keys(w.aim).filter((axis) => item[axis]).map((axis) => `${axis} ${item[axis].join("+")}`).join(", ");
    return el("p", { class: "small" }, w.fixed([places, item.ramp ? `${w.ramp} ${item.ramp}` : ""].filter(Boolean).join("; ") || w.all, item.from ?? 2027, item.until));
  }

  function todayText(now, lever, reach) {
    const span = now ? (now[0] === now[1] ? `${+now[0].toPrecision(3)}` : `${+now[0].toPrecision(3)} to ${+now[1].toPrecision(3)}`) : "";
    return `${span ? `${w.today} ${span}; ` : ""}${w.range} ${reach.low} to ${reach.high}; ${w.unit}: ${lever.unit}`;
  }

  function policyBody(item) {
    const policy = policies.get(item.name);
    if (!policy) return [el("p", {}, item.name)];
    const sizes = policy.levers.map((each) => {
      const value = item.values?.[each.id] ?? each.value;
      const range = rangeOf({ low: each.low, high: each.high, name: each.lever }, each.change, value);
      const line = slider(`${each.id}: ${w.changes[each.change]} (${each.unit}), ${each.size}`, range, value, (number) => {
        item.values = { ...item.values, [each.id]: number };
        changed(true);
      });
      line.append(el("details", {}, el("summary", {}, w.evidence), el("p", { class: "small" }, each.evidence), el("p", { class: "small" }, `${w.source}: ${each.source}`)));
      return line;
    });
    return [
      el("p", { class: "small" }, policy.title), ...sizes,
      el("div", { class: "row" }, ...policy.asks.map((axis) => placesChoice(item, axis)), yearField(item, "from", w.from), yearField(item, "until", w.until), yearField(item, "ramp", w.ramp)),
      el("p", { class: "small" }, policy.about),
    ];
  }

  function drawItems() {
    box.replaceChildren(...state.items.map((item) => el("section", { class: "item", id: `item-${item.id}`, "aria-label": item.name },
      el("div", { class: "row" }, el("h3", {}, item.name), desk.fixed ? "" : el("button", { type: "button", "aria-label": w.remove(item.name), onclick: () => {
        state.items.splice(state.items.indexOf(item), 1);
        drawItems();
        changed();
        document.getElementById("words").focus();
      } }, w.removeShort)),
      ...(item.kind === "lever" ? leverBody(item) : policyBody(item)))));
  }

  function drawHits(hits) {
    const list = document.getElementById("hits");
    if (!hits.length) { list.replaceChildren(el("li", {}, w.nothing)); return; }
    list.replaceChildren(...hits.map((hit) => el("li", {},
      el("div", { class: "row" }, el("b", {}, hit.name), el("button", { type: "button", "aria-label": `${w.add}: ${hit.name}`, onclick: () =>
        (hit.kind === "policy" ? addPolicy(hit.name) : addLever(hit.name)) }, w.add)),
      el("span", { class: "small" }, `${hit.kind}. ${hit.title}`))));
  }

  function drawBase() {
    const select = document.getElementById("base");
    const bases = desk.bases.some((b) => b.name === state.base) ? desk.bases : [...desk.bases, { name: state.base, title: `${state.base} (from the link)` }];
    select.replaceChildren(...bases.map((b) => el("option", { value: b.name }, `${b.name}: ${b.title}`)));
    select.value = state.base;
    select.onchange = () => { state.base = select.value; state.text = desk.own[state.base] ?? ""; state.drop = []; changed(); };
    if (desk.own[state.base]) state.text = desk.own[state.base];
  }

  function drawSizes() {
    const limits = { draws: [1, 100], replicates: [1, 20], researchers: [500, 20000], seed: [0, 4294967295], until: [2026, 2050] };
    document.getElementById("sizes").replaceChildren(...Object.entries(limits).map(([key, [min, max]]) => {
      const input = el("input", { type: "number", min, max, step: 1, value: state.size[key] });
      input.addEventListener("change", () => {
        const value = Math.round(Number(input.value));
        if (value >= min && value <= max) { state.size[key] = value; changed(); } else input.value = state.size[key];
      });
      return field(`${key} (${min} to ${max})`, input);
    }));
  }

  // What of the base is taken away, and what may be.
  function drawDrops(ids) {
    if (desk.fixed) return;
    const left = ids.filter((id) => !state.drop.includes(id));
    const take = choice(w.drop, [["", w.nothingDropped], ...left.map((id) => [id, id])], "", (id) => { state.drop = [...state.drop, id]; changed(); });
    document.getElementById("drops").replaceChildren(...(ids.length ? [take] : []), ...state.drop.map((id) => el("p", { class: "row" }, el("s", {}, id),
      el("button", { type: "button", "aria-label": `${w.dropped}: ${id}`, onclick: () => { state.drop = state.drop.filter((each) => each !== id); changed(); } }, w.dropped))));
  }

  function said(record) {
    drawDrops(record.droppable);
    for (const [id, span] of Object.entries(record.today)) {
      today.set(id, span);
      const item = state.items.find((each) => each.id === id);
      const line = document.getElementById(`today-${id}`);
      if (item && line) line.textContent = todayText(span, levers.get(item.name), limits(item) ?? levers.get(item.name));
    }
  }

  // A closed list answers at once; for any other parameter stand the command and its time.
  function drawAssumptions() {
    if (desk.fixed) return;
    const options = [["", w.asDrawn], ...desk.assumptions.map((each) => [each, each])];
    const take = choice(w.assume, options, state.assume, (each) => { state.assume = each; changed(); });
    const known = new Map(desk.parameters.map((each) => [each.name, each]));
    const value = el("input", { type: "number", step: "any" }), text = el("code", { id: "set" }), about = el("p", { class: "small" });
    const which = choice(w.parameter, desk.parameters.map((each) => [each.name, each.name]), desk.parameters[0].name, (name) => draw(name, known.get(name).default));
    function draw(name, number) {
      const each = known.get(name), { draws, researchers, replicates, seed, until } = state.size;
      [value.value, value.min, value.max] = [number, each.low, each.high];
      about.textContent = `${each.meaning} ${w.range} ${each.low} to ${each.high}; ${w.unit}: ${each.unit}. ${w.setTime(draws)}`;
      text.textContent = `talentsim compare ${state.base} explored.toml --researchers ${researchers} --draws ${draws} --replicates ${replicates} --seed ${seed} --until ${until} --set ${name}=${number}`;
    }
    value.addEventListener("change", () => draw(which.querySelector("select").value, value.value));
    draw(desk.parameters[0].name, desk.parameters[0].default);
    document.getElementById("assumptions").replaceChildren(el("p", { class: "small" }, w.assumed), take,
      el("h3", {}, w.others), el("div", { class: "row" }, which, field(w.changes.set, value)), about, text);
  }

  drawAssumptions();
  drawBase();
  drawItems();
  drawSizes();
  if (desk.fixed) {
    for (const id of ["finder", "hits", "more", "assumed"]) document.getElementById(id).hidden = true;
    document.getElementById("base").disabled = true;
  }
  return { addLever, addPolicy, drawHits, said, drawItems, signed };
}
