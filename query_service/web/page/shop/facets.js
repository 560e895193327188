// The filters on the left: values with counts, a tree of categories, ranges with a histogram.

import { byId, h } from "../shared/dom.js";
import { fieldName, number, valueName } from "../shared/format.js";
import { range, toggled, withFilter } from "../shared/state.js";

const LISTED = 8; // values of a facet before "show all"
const OPEN_FIRST = 4; // facets that are open at first
const unfolded = new Map(); // by name: what the visitor opened or closed
const complete = new Set(); // names of the facets with all values shown

const panel = byId("facets");

// `go(change)` shows the list of `change(state)`, of the state at that moment; `find(name, text)` resolves to the facet's values with the text.
export function show(facets, state, go, find) {
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.key : null;
  const sections = Object.entries(facets)
    .filter(([name, facet]) => worth(name, facet, state))
    .map(([name, facet], row) => section(name, facet, state, { go, find, row }));
  const done = h("button", { type: "button", class: "main-button only-sheet", onclick: closeSheet }, "Show results");
  const head = h("div", { class: "sheet-head only-sheet" }, h("h2", {}, "Filters"));
  panel.replaceChildren(head, ...sections, done);
  if (focused) [...panel.querySelectorAll("[data-key]")].find((node) => node.dataset.key === focused)?.focus();
}

function worth(name, facet, state) {
  if (state.filters[name]) return true;
  if (facet.kind === "number") return facet.min !== undefined && facet.min < facet.max;
  return (facet.values || []).length > 1 || (facet.kind === "category" && facet.values?.length > 0);
}

function section(name, facet, state, tools) {
  const isOpen = unfolded.get(name) ?? (tools.row < OPEN_FIRST || Boolean(state.filters[name]));
  const body = { category: tree, number: numbers, date: null }[facet.kind] || (facet.kind === "date" ? null : texts);
  if (!body) return "";
  const details = h("details", { class: "facet", open: isOpen }, h("summary", { "data-key": `summary ${name}` }, fieldName(name)), body(name, facet, state, tools));
  details.addEventListener("toggle", () => unfolded.set(name, details.open));
  return details;
}

function value(name, one, state, go) {
  const text = String(one.value);
  const box = h("input", {
    type: "checkbox", "data-key": `${name}=${text}`, onchange: () => go((now) => toggled(now, name, text)),
  });
  box.checked = (state.filters[name] || []).some((chosen) => chosen.toLowerCase() === text.toLowerCase());
  const label = name === "available" ? (text === "true" ? "In stock" : "Sold out") : valueName(name, text);
  return h("li", {}, h("label", {}, box, h("span", { class: "value" }, label), h("span", { class: "count" }, number(one.count))));
}

function texts(name, facet, state, { go, find }) {
  const list = h("ul", { class: "values" });
  const fill = (values) => {
    const all = complete.has(name) || values.length <= LISTED + 2;
    list.replaceChildren(...(all ? values : values.slice(0, LISTED)).map((one) => value(name, one, state, go)));
    if (all) return;
    const rest = h("button", {
      type: "button", class: "quiet-button", onclick: () => {
        complete.add(name);
        fill(values);
        list.querySelectorAll("input")[LISTED]?.focus();
      },
    }, `Show ${values.length - LISTED} more`);
    list.append(h("li", {}, rest));
  };
  fill(facet.values);
  if (facet.kind === "boolean" || (!facet.more_values && facet.values.length <= LISTED + 2)) return list;
  let timer = 0;
  const search = h("input", {
    type: "search", class: "facet-search", "data-key": `search ${name}`, placeholder: `Find in ${fieldName(name).toLowerCase()}`,
    "aria-label": `Find in ${fieldName(name)}`, oninput: () => {
      clearTimeout(timer);
      timer = setTimeout(async () => fill(search.value.trim() ? await find(name, search.value.trim()) : facet.values), 200);
    },
  });
  return h("div", {}, search, list);
}

function tree(name, facet, state, { go }) {
  const chosen = state.filters[name] || [];
  const level = (values) => h("ul", { class: "values tree" }, values.map((one) => {
    const isChosen = chosen.includes(one.value);
    const isAbove = chosen.some((path) => path.startsWith(`${one.value} > `));
    const parent = one.value.split(" > ").slice(0, -1).join(" > ");
    const next = isChosen ? (parent ? [parent] : []) : [one.value];
    const button = h("button", {
      type: "button", class: "node", "data-key": `${name}=${one.value}`, "aria-current": isChosen ? "true" : null,
      onclick: () => go((now) => withFilter(now, name, next)),
    }, h("span", { class: "value" }, one.name || one.value), h("span", { class: "count" }, number(one.count)));
    const opens = isChosen || isAbove || values.length === 1;
    return h("li", {}, button, opens && one.values?.length ? level(one.values) : null);
  }));
  return level(facet.values);
}

function numbers(name, facet, state, { go }) {
  const bounds = range(state.filters[name]?.[0] || "") || { low: "", high: "" };
  const set = (low, high) => go((now) => withFilter(now, name, low === "" && high === "" ? [] : [`${low}~${high}`]));
  const field = (which, hint) => h("input", {
    type: "number", step: "any", value: bounds[which], placeholder: hint, "data-key": `${name} ${which}`,
    "aria-label": `${fieldName(name)} ${which === "low" ? "from" : "up to"}`,
  });
  const low = field("low", Math.floor(facet.min ?? 0)), high = field("high", Math.ceil(facet.max ?? 0));
  const form = h("form", { class: "range", onsubmit: (event) => {
    event.preventDefault();
    set(low.value, high.value);
  } }, low, h("span", { "aria-hidden": "true" }, "–"), high, h("button", { type: "submit", class: "small-button" }, "Set"));
  const buckets = facet.histogram || [];
  const most = Math.max(1, ...buckets.map((bucket) => bucket.count));
  const bars = buckets.map((bucket) => {
    const upper = bucket.lt === undefined ? "" : Number((bucket.lt - 0.01).toFixed(2));
    const inside = (bounds.low === "" || bucket.gte >= Number(bounds.low)) && (bounds.high === "" || (upper !== "" && upper <= Number(bounds.high)));
    const bar = h("button", {
      type: "button", class: inside ? "bucket" : "bucket outside", "data-key": `${name} ${bucket.gte}`,
      "aria-label": `${fieldName(name)} from ${bucket.gte}${bucket.lt === undefined ? "" : ` to ${bucket.lt}`}: ${bucket.count}`,
      title: `${bucket.gte} – ${bucket.lt ?? ""}: ${bucket.count}`, onclick: () => set(bucket.gte, upper),
    }, h("span", {}));
    bar.firstChild.style.height = `${bucket.count ? Math.max(6, (100 * bucket.count) / most) : 0}%`;
    return bar;
  });
  return h("div", {}, bars.length > 1 ? h("div", { class: "histogram" }, bars) : null, form);
}

const opener = byId("open-facets");
export function closeSheet() {
  if (!panel.classList.contains("open")) return;
  panel.classList.remove("open");
  document.body.classList.remove("under-sheet");
  opener.setAttribute("aria-expanded", "false");
  opener.focus();
}
opener.addEventListener("click", () => {
  panel.classList.add("open");
  document.body.classList.add("under-sheet");
  opener.setAttribute("aria-expanded", "true");
  panel.querySelector("summary, button, input")?.focus();
});
panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeSheet();
  if (event.key !== "Tab" || !panel.classList.contains("open")) return;
  const stops = [...panel.querySelectorAll("summary, button, input")].filter((node) => node.checkVisibility());
  const edge = event.shiftKey ? stops[0] : stops.at(-1);
  if (document.activeElement !== edge) return;
  event.preventDefault();
  (event.shiftKey ? stops.at(-1) : stops[0]).focus();
});
