// What the visitor did with items: likes and the cart, as the session's events say.

import * as api from "./api.js";
import { announce, byId, h, icon, showError } from "./dom.js";
import { plural, price } from "./format.js";
import { picture } from "./pictures.js";

export const liked = new Set();
export const cart = new Set();
const listeners = [];

const EFFECT = {
  add_to_cart: (id) => cart.add(id), remove_from_cart: (id) => cart.delete(id), purchase: (id) => cart.delete(id),
  like: (id) => liked.add(id), dislike: (id) => liked.delete(id),
};
const SAID = {
  click: "Seen", view: "Seen", like: "Liked", dislike: "Not for you", add_to_cart: "In the cart",
  remove_from_cart: "Out of the cart", purchase: "Bought",
};

// `listener(action)`: an event was kept, or ("") the session is another one.
export const onChange = (listener) => listeners.push(listener);

function tell(action) {
  for (const [id, set, name, none] of [["liked", liked, "heart", "Liked items"], ["cart", cart, "cart", "Cart"]]) {
    const button = byId(id);
    button.replaceChildren(icon(name), set.size ? h("span", { class: "badge" }, String(set.size)) : "");
    button.setAttribute("aria-label", `${none}: ${plural(set.size, "item")}`);
  }
  for (const listener of listeners) listener(action);
}

export async function load() {
  liked.clear();
  cart.clear();
  tell("");
  const events = ((await api.ownSession()) || {}).events || [];
  for (const event of [...events].sort((a, b) => a.timestamp - b.timestamp)) EFFECT[event.action]?.(event.item_id);
  tell("");
}

// Sends an event of a hit and, once it counts, tells so; false when it could not be kept.
export async function record(action, hit, queryId) {
  try {
    const of = queryId ? { query_id: queryId, position: hit.position } : {};
    await api.send({ action, item_id: hit.item_id, ...of });
    showError(null);
    EFFECT[action]?.(hit.item_id);
    if (action !== "click" && action !== "view") announce(`${SAID[action]}: ${hit.source.title || hit.item_id}`);
    tell(action);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

// The two icons of a card; a like can't be taken back, since no event says so.
export function icons(hit, queryId) {
  const title = hit.source.title || hit.item_id;
  const like = h("button", { type: "button", class: "icon like", onclick: () => liked.has(hit.item_id) || record("like", hit, queryId) }, icon("heart"));
  const buy = h("button", {
    type: "button", class: "icon buy",
    onclick: () => record(cart.has(hit.item_id) ? "remove_from_cart" : "add_to_cart", hit, queryId),
  }, icon("cart"));
  const show = () => {
    like.setAttribute("aria-pressed", String(liked.has(hit.item_id)));
    like.setAttribute("aria-label", `Like: ${title}`);
    buy.setAttribute("aria-pressed", String(cart.has(hit.item_id)));
    buy.setAttribute("aria-label", `In the cart: ${title}`);
  };
  show();
  listeners.push(show);
  return [like, buy];
}

// Opens the list of the cart, or of what was liked.
async function open(name) {
  const dialog = byId("bag"), isCart = name === "cart";
  const list = h("ul", { class: "bag-list" });
  const close = h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: () => dialog.close() }, icon("close"));
  dialog.replaceChildren(h("header", {}, h("h2", { id: "bag-title" }, isCart ? "Your cart" : "What you liked"), close), list);
  if (!dialog.open) dialog.showModal();
  const found = await api.items([...(isCart ? cart : liked)]).catch(showError);
  const rows = (found || []).map((hit) => {
    const remove = h("button", {
      type: "button", class: "quiet-button", "aria-label": `Remove ${hit.source.title}`,
      onclick: async () => (await record("remove_from_cart", hit)) && open(name),
    }, "Remove");
    return h("li", {}, picture(hit.source), h("span", {}, hit.source.title || hit.item_id, h("strong", {}, price(hit.source))), isCart ? remove : null);
  });
  list.replaceChildren(...(rows.length ? rows : [h("li", { class: "quiet" }, isCart ? "Nothing is in your cart yet." : "You have liked nothing yet.")]));
  if (isCart && rows.length) {
    const buy = async () => {
      for (const hit of found) await record("purchase", hit);
      dialog.close();
    };
    dialog.append(h("button", { type: "button", class: "main-button", onclick: buy }, "Buy (pretend)"));
  }
}

byId("liked").addEventListener("click", () => open("liked"));
byId("cart").addEventListener("click", () => open("cart"));
