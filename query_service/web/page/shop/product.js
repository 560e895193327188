// What the shop shows of one product, and its variants.

import * as api from "../shared/api.js";
import { byId, h, plainText } from "../shared/dom.js";
import { deepest, fieldName, price, titleOf, valueName } from "../shared/format.js";
import { isShown } from "../shared/item_view.js";
import { open as openItem } from "../shared/navigation.js";
import { picture } from "../shared/pictures.js";
import { address } from "../shared/state.js";
import { record } from "../shared/visitor.js";
import { whyButton } from "../shared/why.js";
import * as bag from "./bag.js";

export function draw(hit) {
  const source = hit.source, title = titleOf(hit);
  const path = deepest(source).split(" > ").filter(Boolean);
  const facts = Object.entries(source.attributes || {}).map(([name, value]) =>
    [h("dt", {}, fieldName(`attributes.${name}`)), h("dd", {}, [value].flat().map((one) => valueName(name, one)).join(", "))]);
  const dislike = h("button", { type: "button", class: "quiet-button", onclick: () => record("dislike", hit) }, "Not for me");
  return [
    h("div", { class: "product-top" },
      h("div", { class: "shot" }, picture(source, true)),
      h("div", {},
        path.length ? h("p", { class: "quiet" }, path.join(" › ")) : null,
        h("h2", { id: "item-title", tabindex: "-1", lang: source.language || null }, title),
        h("p", { class: "maker" }, source.brand || ""),
        h("p", { class: "price" }, price(source)),
        h("p", { class: source.available === false ? "facts sold" : "facts" }, source.available === false ? "Sold out" : "In stock"),
        h("div", { class: "buttons icons" }, bag.icons(hit), dislike),
        source.description ? h("p", { class: "description" }, plainText(source.description)) : null,
        facts.length ? h("dl", { class: "attributes" }, facts.flat()) : null,
        hit.explanation ? whyButton(hit.explanation, title) : null)),
    h("section", { id: "variants" })];
}

export async function variants({ item_id: id, source }, state) {
  if (!source.group_id) return;
  const answer = await api.hits({ filters: { group_id: source.group_id }, personalize: false, size: 24, sort: "name" });
  const others = answer.hits.filter((hit) => hit.item_id !== id);
  if (!isShown(id) || !others.length) return;
  const tiles = others.map((hit) => {
    const difference = hit.source.attributes?.colour || hit.source.attributes?.size || titleOf(hit);
    const href = address({ ...state, item: hit.item_id });
    const open = (event) => {
      event.preventDefault();
      openItem(hit);
    };
    return h("li", {}, h("a", { href, onclick: open }, picture(hit.source), h("span", {}, [difference].flat().join(", ")), h("strong", {}, price(hit.source))));
  });
  byId("variants").replaceChildren(h("h3", {}, "Other variants"), h("ul", { class: "tiles" }, tiles));
}
