// The product view: a dialog above the list, with its variants and more like it for this visitor.

import * as api from "./api.js";
import * as bag from "./bag.js";
import { card, titleOf } from "./cards.js";
import { byId, h, icon, plainText, showError } from "./dom.js";
import { deepest, fieldName, price, valueName } from "./format.js";
import { picture } from "./pictures.js";
import { address } from "./state.js";
import { whyButton } from "./why.js";

const LIKE_IT = 8;
const dialog = byId("product");
let handlers = null, current = "";

// `handlers`: open(hit, queryId) another product, close().
export function install(given) {
  handlers = given;
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    handlers.close();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && handlers.close());
}

export function hide() {
  current = "";
  if (dialog.open) dialog.close();
}

// `hit`: from a list, with the query_id that it came from; null: the address named the item.
export async function show(state, hit, queryId) {
  const id = state.item;
  if (current === id && dialog.open) return;
  current = id;
  try {
    // Lists have no descriptions: the item is read whole.
    const [whole] = await api.items([id]);
    if (current !== id) return;
    if (!whole) throw new Error("This item is not in the catalogue any more.");
    draw(state, { ...whole, explanation: hit?.explanation, position: hit?.position }, queryId);
    await bag.record(hit ? "click" : "view", { ...whole, position: hit?.position }, hit && queryId);
    await Promise.all([variants(state, whole), similar(state, whole)]);
  } catch (error) {
    if (current === id) handlers.close();
    showError(error);
  }
}

function draw(state, hit, queryId) {
  const source = hit.source, title = titleOf(hit);
  const close = h("button", { type: "button", class: "icon close", "aria-label": "Close", onclick: handlers.close }, icon("close"));
  const path = deepest(source).split(" > ").filter(Boolean);
  const facts = Object.entries(source.attributes || {}).map(([name, value]) =>
    [h("dt", {}, fieldName(`attributes.${name}`)), h("dd", {}, [value].flat().map((one) => valueName(name, one)).join(", "))]);
  const dislike = h("button", { type: "button", class: "quiet-button", onclick: () => bag.record("dislike", hit, queryId) }, "Not for me");
  dialog.replaceChildren(close,
    h("div", { class: "product-top" },
      h("div", { class: "shot" }, picture(source, true)),
      h("div", {},
        path.length ? h("p", { class: "quiet" }, path.join(" › ")) : null,
        h("h2", { id: "product-title", tabindex: "-1", lang: source.language || null }, title),
        h("p", { class: "maker" }, source.brand || ""),
        h("p", { class: "price" }, price(source)),
        h("p", { class: source.available === false ? "facts sold" : "facts" }, source.available === false ? "Sold out" : "In stock"),
        h("div", { class: "buttons icons" }, bag.icons(hit, queryId), dislike),
        source.description ? h("p", { class: "description" }, plainText(source.description)) : null,
        facts.length ? h("dl", { class: "attributes" }, facts.flat()) : null,
        hit.explanation ? whyButton(hit.explanation, title) : null)),
    h("section", { id: "variants" }), h("section", { id: "similar" }));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  byId("product-title").focus({ preventScroll: true });
}

async function variants(state, { item_id: id, source }) {
  if (!source.group_id) return;
  const answer = await api.hits({ filters: { group_id: source.group_id }, personalize: false, size: 24, sort: "name" });
  const others = answer.hits.filter((hit) => hit.item_id !== id);
  if (current !== id || !others.length) return;
  const tiles = others.map((hit) => {
    const difference = hit.source.attributes?.colour || hit.source.attributes?.size || titleOf(hit);
    const href = address({ ...state, item: hit.item_id });
    const open = (event) => {
      event.preventDefault();
      handlers.open(hit, answer.query_id);
    };
    return h("li", {}, h("a", { href, onclick: open }, picture(hit.source), h("span", {}, [difference].flat().join(", ")), h("strong", {}, price(hit.source))));
  });
  byId("variants").replaceChildren(h("h3", {}, "Other variants"), h("ul", { class: "tiles" }, tiles));
}

// What recommend shows this visitor of the same shelf, after this item counts; never its own variants.
async function similar(state, { item_id: id, source }) {
  const path = deepest(source);
  const filters = { ...(path && { category: path }), ...(source.group_id && { group_id: { not: [source.group_id] } }) };
  const answer = await api.hits({ filters, size: LIKE_IT + 1, explain: true });
  const found = answer.hits.filter((hit) => hit.item_id !== id).slice(0, LIKE_IT);
  if (current !== id || !found.length) return;
  const context = { state, queryId: answer.query_id, open: handlers.open, heading: "h4" };
  byId("similar").replaceChildren(h("h3", { id: "similar-title" }, "More like this for you"),
    h("ul", { class: "grid small", "aria-labelledby": "similar-title" }, found.map((hit) => card(hit, context))));
}
