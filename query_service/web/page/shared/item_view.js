// The view of one item: a dialog above the list, with more like it for this visitor.

import * as api from "./api.js";
import { byId, h, icon, showError } from "./dom.js";
import { deepest } from "./format.js";
import { record } from "./visitor.js";

const LIKE_IT = 8;
const dialog = byId("item");
let page = null, current = "";

export const isShown = (id) => current === id;

// `given`: open(hit) another item, close(), what a page draws: draw(hit, state) returns nodes of which
// one is #item-title, card(hit, context); and further(hit, state), after the view is drawn; left().
export function install(given) {
  page = given;
  dialog.addEventListener("cancel", (event) => {
    event.preventDefault();
    page.close();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && page.close());
}

export function hide() {
  if (current) page.left?.();
  current = "";
  if (dialog.open) dialog.close();
}

// `hit`: from a list, with the id of its query; null: the address named the item.
export async function show(state, hit) {
  const id = state.item;
  if (current === id && dialog.open) return;
  if (current) page.left?.();
  current = id;
  try {
    // Lists have no descriptions: the item is read whole.
    const [whole] = await api.items([id]);
    if (current !== id) return;
    if (!whole) throw new Error("This item is not in the catalogue any more.");
    const known = { ...whole, explanation: hit?.explanation, position: hit?.position, queryId: hit?.queryId };
    draw(known, state);
    await record(hit ? "click" : "view", known);
    await Promise.all([page.further?.(known, state), similar(known, state)]);
  } catch (error) {
    if (current === id) page.close();
    showError(error);
  }
}

function draw(hit, state) {
  const close = h("button", { type: "button", class: "icon close", "aria-label": "Close", onclick: page.close }, icon("close"));
  dialog.replaceChildren(close, ...page.draw(hit, state), h("section", { id: "similar" }));
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  byId("item-title").focus({ preventScroll: true });
}

// What recommend shows this visitor of the same shelf, after this item counts; never its own variants.
async function similar({ item_id: id, source }, state) {
  const path = deepest(source);
  const filters = { ...(path && { category: path }), ...(source.group_id && { group_id: { not: [source.group_id] } }) };
  const answer = await api.hits({ filters, size: LIKE_IT + 1, explain: true });
  const found = answer.hits.filter((hit) => hit.item_id !== id).slice(0, LIKE_IT);
  if (current !== id || !found.length) return;
  const context = { state, open: page.open, heading: "h4" };
  byId("similar").replaceChildren(h("h3", { id: "similar-title" }, "More like this for you"),
    h("ul", { class: "grid small", "aria-labelledby": "similar-title" }, found.map((hit) => page.card(hit, context))));
}
