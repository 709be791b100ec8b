// The state of the page and its form in the address: v1. and base64url of JSON.
export const VERSION = 1;

export function emptyState() {
  return { v: VERSION, base: "baseline", text: "", items: [], drop: [], assume: "",
    size: { draws: 25, replicates: 2, researchers: 5000, seed: 1, until: 2035 },
    look: { view: "shares", tier: "top20", axis: "work", year: 2035, places: [], run: 0, side: "variant" }, model: "" };
}

export function fragmentOf(state) {
  const bytes = new TextEncoder().encode(JSON.stringify(state));
  const text = btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(""));
  return `v${VERSION}.` + text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

// Read a fragment; what it does not say is as in an empty state. Throws on anything else.
export function stateOf(fragment) {
  const state = emptyState();
  if (!fragment) return state;
  if (!fragment.startsWith(`v${VERSION}.`)) throw new Error(`the address is of another version than ${VERSION}, or damaged`);
  const text = fragment.slice(3).replaceAll("-", "+").replaceAll("_", "/");
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  const read = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  if (typeof read !== "object" || read === null || Array.isArray(read)) throw new Error("the address is damaged");
  return { ...state, ...read, size: { ...state.size, ...read.size }, look: { ...state.look, ...read.look } };
}

export function question(state) {
  const { look, ...rest } = state;
  return rest;
}

export function lookOf(state) {
  const { tier, axis } = state.look;
  return { tier, axis };
}

export function newId(items) {
  let n = 1;
  while (items.some((item) => item.id === `m${n}`)) n += 1;
  return `m${n}`;
}
