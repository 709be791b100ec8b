// The tile map as a picture: SVG text drawn from the tiles on the page, and PNG painted from that.
import { download } from "./dom.js";

const SIDE = 92, GAP = 6, HEAD = 44;

const safe = (text) => text.replace(/[&<>"]/g, (letter) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[letter]);

export function tileSvg(list, caption) {
  const tiles = [...list.children].map((tile) => ({ code: tile.firstChild.textContent, value: tile.lastChild.textContent, colour: tile.style.background, row: parseInt(tile.style.gridRow), column: parseInt(tile.style.gridColumn) }));
  const width = GAP + (SIDE + GAP) * Math.max(...tiles.map((tile) => tile.column)), height = HEAD + (SIDE + GAP) * Math.max(...tiles.map((tile) => tile.row));
  const drawn = tiles.map(({ code, value, colour, row, column }) => {
    const x = GAP + (column - 1) * (SIDE + GAP), y = HEAD + (row - 1) * (SIDE + GAP), middle = x + SIDE / 2;
    return `<rect x="${x}" y="${y}" width="${SIDE}" height="${SIDE}" rx="6" fill="${safe(colour)}" stroke="#767676"/><text x="${middle}" y="${y + 38}" text-anchor="middle" font-weight="bold">${safe(code)}</text><text x="${middle}" y="${y + 64}" text-anchor="middle">${safe(value)}</text>`;
  });
  return [`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="system-ui, sans-serif" font-size="17" fill="#1a1a1a"><rect width="100%" height="100%" fill="#fff"/><text x="${GAP}" y="26" font-size="12">${safe(caption.slice(0, 170))}</text>${drawn.join("")}</svg>`, width, height];
}

export async function tilePicture(format, list, caption) {
  const [text, width, height] = tileSvg(list, caption);
  if (format === "svg") { download("talentsim-map.svg", text, "image/svg+xml"); return; }
  const picture = new Image(), canvas = document.createElement("canvas");
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await picture.decode();
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  download("talentsim-map.png", blob, "image/png");
}
