// The topics of the catalogue, its categories, each of which narrows the list.

import { byId, h } from "./dom.js";
import { leaf, number } from "./format.js";
import { go } from "./navigation.js";
import { read, withFilter } from "./state.js";

const panel = byId("topics");

// `all`: what the button says that shows every topic.
export function show({ state, answer }, all) {
  const chosen = state.filters.category || [];
  const focused = panel.contains(document.activeElement) ? document.activeElement.dataset.path : null;
  const button = (path, text, count) => h("button", {
    type: "button", class: "topic", "data-path": path, "aria-pressed": String(path ? chosen.includes(path) : !chosen.length),
    onclick: () => go(withFilter(read(), "category", path && !chosen.includes(path) ? [path] : [])),
  }, text, count ? h("span", { class: "count", "aria-hidden": "true" }, number(count)) : null);
  const values = [...(answer.facets?.category?.values || [])].sort((a, b) => a.value.localeCompare(b.value));
  if (!values.length && !chosen.length) return panel.replaceChildren();
  panel.replaceChildren(button("", all), ...values.map((one) => button(one.value, leaf(one.value), one.count)));
  if (focused !== null) [...panel.children].find((node) => node.dataset.path === focused)?.focus();
}
