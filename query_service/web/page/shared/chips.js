// The filters in force, each with a way out.

import { h } from "./dom.js";
import { fieldName, language, valueName } from "./format.js";
import { range, toggled, withFilter } from "./state.js";

function chip(text, onclick) {
  return h("button", { type: "button", class: "chip", "aria-label": `Remove the filter ${text}`, onclick }, text, h("span", { "aria-hidden": "true" }, "×"));
}

function rangeText(field, bounds) {
  const name = fieldName(field);
  if (bounds.low && bounds.high) return `${name} ${bounds.low} to ${bounds.high}`;
  return bounds.low ? `${name} from ${bounds.low}` : `${name} up to ${bounds.high}`;
}

// `readable`: the languages that the start page keeps to; empty when it shows all. `page`: go(state),
// and `ownFilters`, the fields that have their way out elsewhere.
export function chips(state, readable, { go, ownFilters = [] }) {
  const all = [];
  for (const [field, values] of Object.entries(state.filters)) {
    if (ownFilters.includes(field)) continue;
    for (const value of values) {
      const bounds = range(value);
      const plain = field === "available" ? (value === "true" ? "In stock" : "Sold out") : `${fieldName(field)}: ${valueName(field, value)}`;
      all.push(chip(bounds ? rangeText(field, bounds) : plain, () => go(toggled(state, field, value))));
    }
  }
  if (all.length > 1) {
    const none = Object.keys(state.filters).reduce((rest, field) => withFilter(rest, field, []), state);
    all.push(h("button", { type: "button", class: "quiet-button", onclick: () => go(none) }, "Remove all"));
  }
  if (readable.length) all.push(chip(`In ${readable.map(language).join(", ")}`, () => go({ ...state, lang: "all" })));
  return all;
}
