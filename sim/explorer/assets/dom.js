// Small helpers that make elements; every text is set as text, never as HTML.
export function el(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) made.addEventListener(key.slice(2), value);
    else if (key === "value") made.value = value;
    else if (value === true) made.setAttribute(key, "");
    else if (value !== false && value !== null && value !== undefined) made.setAttribute(key, value);
  }
  made.append(...children.filter((child) => child !== null && child !== undefined));
  return made;
}

export function field(label, input) {
  return el("label", { class: "field" }, label, input);
}

export function choice(label, options, chosen, onchange) {
  const select = el("select", { onchange: () => onchange(select.value) }, ...options.map(([value, text]) => el("option", { value, selected: value === chosen }, text)));
  select.value = chosen;
  return field(label, select);
}

export function signed(value, digits = 2) {
  if (value === null || value === undefined) return "–";
  const text = Math.abs(value).toFixed(digits);
  return (value < 0 && Number(text) !== 0 ? "\u2212" : "+") + text;
}

export function percent(share, digits = 1) {
  return share === null || share === undefined ? "–" : (100 * share).toFixed(digits);
}

export function whole(value) {
  return value === null || value === undefined ? "–" : Math.round(value).toLocaleString("en");
}

// A table of columns {name, text} and rows of values.
export function table(caption, columns, rows) {
  const head = el("tr", {}, ...columns.map((c, k) => el("th", { scope: "col", class: c.text || k === 0 ? "text" : null }, c.name)));
  const body = rows.map((row) => el("tr", {}, ...row.map((value, k) => k === 0 ? el("th", { scope: "row" }, String(value)) :
    el("td", { class: columns[k].text ? "text" : null }, cell(value, columns[k])))));
  return el("table", {}, el("caption", {}, caption), el("thead", {}, head), el("tbody", {}, ...body));
}

function cell(value, column) {
  if (value === null || value === undefined) return "–";
  return typeof value === "number" ? value.toFixed(column.digits ?? 2).replace("-", "\u2212") : String(value);
}

export function csv(columns, rows) {
  const quoted = (value) => value === null || value === undefined ? "" : /[",\n]/.test(String(value)) ? `"${String(value).replaceAll('"', '""')}"` : String(value);
  return [columns.map((c) => quoted(c.name)), ...rows.map((row) => row.map(quoted))].map((row) => row.join(",")).join("\n") + "\n";
}

export function download(name, text, type) {
  const link = el("a", { href: URL.createObjectURL(new Blob([text], { type })), download: name });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
