// Elements, icons and the texts of other people: nothing here is ever parsed into the page.

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.3 15.3 21 21",
  close: "M5 5l14 14M19 5L5 19",
  like: "M12 20s-7.5-4.6-7.5-10A4.3 4.3 0 0 1 12 7.4 4.3 4.3 0 0 1 19.5 10c0 5.4-7.5 10-7.5 10z",
  buy: "M3 4h2.5l2.200 11h10l2-8H6.300M9 19.5a1 1 0 1 0 .01 0M16.5 19.5a1 1 0 1 0 .01 0",
  clock: "M12 4a8 8 0 1 0 .01 0M12 8v4.5l3 2",
  tag: "M4 4h8l8 8-8 8-8-8zM8.5 8.5h.01",
  grid: "M4 4h6.5v6.5H4zM13.5 4H20v6.5h-6.5zM4 13.5h6.5V20H4zM13.5 13.5H20V20h-6.5z",
  filter: "M4 7h16M7 12h10M10 17h4",
  comment: "M4 5.5h16v11h-8l-4.500 3.500v-3.500H4z",
  share: "M12 15V4M8 7.500 12 4l4 3.500M6 11.500H5V20h14v-8.500h-1",
  hide: "M4 12s3-5.500 8-5.500 8 5.500 8 5.500-3 5.500-8 5.500S4 12 4 12zM5 19 19 5",
  play: "M8 5.500v13l10.500-6.500z",
  pause: "M8.500 6v12M15.500 6v12",
  film: "M4 5h16v14H4zM8 5v14M16 5v14M4 9.700h4M4 14.300h4M16 9.700h4M16 14.300h4",
};

export const byId = (id) => document.getElementById(id);

export function h(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === null || value === false) continue;
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== ""));
  return node;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", ICONS[name]);
  svg.append(path);
  return svg;
}

// The service's escaped HTML as text and <mark> alone, whatever else it may hold.
export function marked(html) {
  const parsed = new DOMParser().parseFromString(html, "text/html").body;
  const fragment = document.createDocumentFragment();
  for (const node of parsed.childNodes) {
    const isMark = node.nodeName === "MARK" || node.nodeName === "EM";
    fragment.append(isMark ? h("mark", {}, node.textContent) : node.textContent);
  }
  return fragment;
}

// The text of a shop's HTML. Its tags go first: the parser gets none, only `&amp;` and the like.
export function plainText(html) {
  const text = html.replace(/<(script|style)\b[^]*?<\/\1\s*>|<\/?[a-z!][^>]*>/gi, " ").replaceAll("<", "&lt;");
  return new DOMParser().parseFromString(text, "text/html").body.textContent.replace(/ +/g, " ").trim();
}

let announced = 0;
export function announce(text) {
  clearTimeout(announced);
  byId("live").textContent = "";
  announced = setTimeout(() => (byId("live").textContent = text), 50);
}

export function showError(error) {
  const box = byId("error");
  box.hidden = !error;
  box.textContent = error ? error.message : "";
}
