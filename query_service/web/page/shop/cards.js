// The card of a product in the grid.

import { h, marked } from "../shared/dom.js";
import { plural, price, titleOf } from "../shared/format.js";
import { openLink } from "../shared/links.js";
import { picture } from "../shared/pictures.js";
import { whyButton } from "../shared/why.js";
import * as bag from "./bag.js";

// `context`: see `openLink`, and how far each hit moved.
export function card(hit, context) {
  const source = hit.source, title = titleOf(hit), link = openLink(hit, context);
  const words = hit.highlight?.title ? marked(hit.highlight.title) : title;
  const others = hit.variants?.others || 0;
  const move = context.moves?.get(hit.item_id);
  const facts = [source.available === false ? "Sold out" : "", others ? `${plural(others, "more variant")}` : ""].filter(Boolean);
  const item = h("li", { class: "card", "data-item": hit.item_id },
    h("div", { class: "shot" },
      h("a", { ...link, tabindex: "-1", "aria-hidden": "true" }, picture(source, context.eager)),
      move ? h("span", { class: "move" }, move) : null),
    h("div", { class: "text" },
      h("p", { class: "maker" }, source.brand || ""),
      h(context.heading || "h2", { class: "name" }, h("a", { ...link, class: "title", lang: source.language || null }, words)),
      facts.length ? h("p", { class: source.available === false ? "facts sold" : "facts" }, facts.join(" · ")) : null));
  item.append(h("div", { class: "foot" }, h("span", { class: "price" }, price(source)), h("span", { class: "icons" }, bag.icons(hit))));
  if (hit.explanation) item.append(...whyButton(hit.explanation, title));
  return item;
}

export const skeletons = () =>
  Array.from({ length: 8 }, () => h("li", { class: "card skeleton", "aria-hidden": "true" }, h("div", { class: "shot" })));
