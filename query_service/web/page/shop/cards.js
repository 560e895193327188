// The card of a hit in the grid.

import * as bag from "./bag.js";
import { h, marked } from "./dom.js";
import { plural, price } from "./format.js";
import { picture } from "./pictures.js";
import { address } from "./state.js";
import { whyButton } from "./why.js";

export function titleOf(hit) {
  return hit.source.title || hit.item_id;
}

// `context`: the state of the list, its query_id, what opens a product, and how far each hit moved.
export function card(hit, context) {
  const source = hit.source, title = titleOf(hit);
  const href = address({ ...context.state, item: hit.item_id });
  const open = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    context.open(hit, context.queryId);
  };
  const words = hit.highlight?.title ? marked(hit.highlight.title) : title;
  const others = hit.variants?.others || 0;
  const move = context.moves?.get(hit.item_id);
  const facts = [source.available === false ? "Sold out" : "", others ? `${plural(others, "more variant")}` : ""].filter(Boolean);
  const item = h("li", { class: "card", "data-item": hit.item_id },
    h("div", { class: "shot" },
      h("a", { href, tabindex: "-1", "aria-hidden": "true", onclick: open }, picture(source, context.eager)),
      move ? h("span", { class: "move" }, move) : null),
    h("div", { class: "text" },
      h("p", { class: "maker" }, source.brand || ""),
      h(context.heading || "h2", { class: "name" }, h("a", { class: "title", href, lang: source.language || null, onclick: open }, words)),
      facts.length ? h("p", { class: source.available === false ? "facts sold" : "facts" }, facts.join(" · ")) : null));
  const foot = h("div", { class: "foot" }, h("span", { class: "price" }, price(source)), h("span", { class: "icons" }, bag.icons(hit, context.queryId)));
  item.append(foot);
  if (hit.explanation) item.append(...whyButton(hit.explanation, title));
  return item;
}

export function skeletons(count) {
  return Array.from({ length: count }, () => h("li", { class: "card skeleton", "aria-hidden": "true" }, h("div", { class: "shot" })));
}
