// Serious faults of a page, in the way of axe-core's rules; returns one line a fault.
() => {
  const faults = [];
  const said = (rule, element) => faults.push(`${rule}: ${element.outerHTML.slice(0, 120)}`);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const shown = (element) => element.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true });
  const named = (element) => (element.getAttribute("aria-label") || "").trim()
    || (element.getAttribute("aria-labelledby") || "").split(/\s+/).filter((id) => id && document.getElementById(id)).length
    || element.textContent.trim() || element.getAttribute("title");

  if (!document.documentElement.lang) said("html-has-lang", document.documentElement);
  if (!document.title.trim()) said("document-title", document.documentElement);
  if (all("main").length !== 1) said("landmark-one-main", document.body);
  if (all("h1").length !== 1) said("page-has-heading-one", document.body);
  const viewport = document.querySelector("meta[name=viewport]");
  if (!viewport || /user-scalable\s*=\s*no|maximum-scale/.test(viewport.content)) said("meta-viewport", document.head);

  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const own = Number(heading.tagName[1]);
    if (own > level + 1) said("heading-order", heading);
    if (!heading.textContent.trim()) said("empty-heading", heading);
    level = own;
  }

  const seen = new Set();
  for (const element of all("[id]")) {
    if (element.closest("svg")) continue; // plotly repeats ids of definitions inside its drawings
    if (seen.has(element.id)) said("duplicate-id", element);
    seen.add(element.id);
  }
  for (const each of all("[aria-labelledby], [aria-describedby]")) {
    for (const id of `${each.getAttribute("aria-labelledby") || ""} ${each.getAttribute("aria-describedby") || ""}`.split(/\s+/)) {
      if (id && !document.getElementById(id)) said("aria-valid-reference", each);
    }
  }
  for (const image of all("img")) if (!image.hasAttribute("alt") || !image.alt.trim()) said("image-alt", image);
  for (const image of all("[role=img]")) if (!(image.getAttribute("aria-label") || "").trim()) said("role-img-alt", image);
  for (const link of all("a, button, summary")) if (!named(link)) said("link-name", link);
  for (const link of all("a[href^='#']")) if (!document.getElementById(link.getAttribute("href").slice(1))) said("skip-link", link);
  for (const field of all("input, select, textarea")) if (!field.labels || !field.labels.length) said("label", field);
  for (const each of all("[tabindex]")) if (Number(each.getAttribute("tabindex")) > 0) said("tabindex", each);
  for (const table of all("table")) {
    if (!table.caption || !table.caption.textContent.trim()) said("table-caption", table);
    for (const head of table.querySelectorAll("th")) {
      if (!["row", "col"].includes(head.scope)) said("th-scope", head);
      if (!head.textContent.trim()) said("empty-table-header", head);
    }
    if (![...table.rows].every((row) => row.cells.length === table.rows[0].cells.length)) said("table-columns", table);
  }
  for (const region of all("[role=region], section")) {
    if (!region.getAttribute("aria-label") && !region.getAttribute("aria-labelledby")) said("region-name", region);
  }
  for (const list of all("ul, ol")) if ([...list.children].some((each) => each.tagName !== "LI")) said("list", list);
  for (const box of all("main *")) {
    const scrolls = box.scrollWidth > box.clientWidth + 1 && ["auto", "scroll"].includes(getComputedStyle(box).overflowX);
    if (scrolls && shown(box) && box.tabIndex < 0) said("scrollable-region-focusable", box);
  }

  const channel = (value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * channel(r / 255) + 0.7152 * channel(g / 255) + 0.0722 * channel(b / 255);
  const parsed = (colour) => (colour.match(/[\d.]+/g) || []).map(Number);
  const behind = (element) => {
    for (let each = element; each; each = each.parentElement) {
      const found = parsed(getComputedStyle(each).backgroundColor);
      if (found.length && (found.length < 4 || found[3] > 0.99)) return found;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let node = walker.nextNode(); node; node = walker.nextNode()) {
    const element = node.parentElement;
    if (!node.data.trim() || ["SCRIPT", "STYLE"].includes(element.tagName) || element.closest("svg") || !shown(element)) continue;
    const style = getComputedStyle(element);
    const pair = [light(parsed(style.color)), light(behind(element))].sort((a, b) => b - a);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if ((pair[0] + 0.05) / (pair[1] + 0.05) < (isLarge ? 3 : 4.5)) said("color-contrast", element);
  }
  return faults;
}
