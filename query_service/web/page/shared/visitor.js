// What the visitor did with items, as the session's events say: liked, in the cart, watched, commented.

import * as api from "./api.js";
import { announce, h, icon, showError } from "./dom.js";
import { number, titleOf } from "./format.js";

export const liked = new Set(), disliked = new Set(), cart = new Set(), shared = new Set();
export const watched = new Map(); // by id: the fraction, 0 to 1, of the last time
export const comments = new Map(); // by id: own texts, oldest first
const listeners = [];

const EFFECT = {
  add_to_cart: (id) => cart.add(id), remove_from_cart: (id) => cart.delete(id), purchase: (id) => cart.delete(id),
  like: (id) => liked.add(id), dislike: (id) => disliked.add(id),
  share: (id) => shared.add(id), watch: (id, { watched_fraction: part }) => watched.set(id, part ?? 1),
  comment: (id, { text }) => text && comments.set(id, [...(comments.get(id) || []), text]),
};
const SAID = {
  like: "Liked", dislike: "Not for you", add_to_cart: "In the cart", remove_from_cart: "Out of the cart",
  purchase: "Bought", comment: "Commented", share: "Shared", watch: "Watched",
};

// `listener(action)`: an event was kept, or ("") the session is another one.
export const onChange = (listener) => listeners.push(listener);

function tell(action) {
  for (const listener of listeners) listener(action);
}

function take(event) {
  if (event.action === "like") disliked.delete(event.item_id);
  if (event.action === "dislike") liked.delete(event.item_id);
  EFFECT[event.action]?.(event.item_id, event);
}

export async function load() {
  for (const kept of [liked, disliked, cart, shared, watched, comments]) kept.clear();
  tell("");
  const events = ((await api.ownSession()) || {}).events || [];
  for (const event of [...events].sort((a, b) => a.timestamp - b.timestamp)) take(event);
  tell("");
}

// Sends an event of a hit and, once it counts, tells so; false when it could not be kept.
// `fields`: watched_fraction, text.
export async function record(action, hit, fields = {}) {
  try {
    const of = hit.queryId ? { query_id: hit.queryId, position: hit.position } : {};
    await api.send({ action, item_id: hit.item_id, ...of, ...fields });
    showError(null);
    take({ action, item_id: hit.item_id, ...fields });
    if (SAID[action]) announce(`${SAID[action]}: ${titleOf(hit)}`);
    tell(action);
    return true;
  } catch (error) {
    showError(error);
    return false;
  }
}

// An icon that is pressed while `isOn()`; `count()` is a number beside it.
export function toggle({ name, label, isOn, press, count = null }) {
  const amount = count ? h("span", { class: "amount" }) : null;
  const button = h("button", { type: "button", class: `icon ${name}`, onclick: press }, icon(name), amount);
  const show = () => {
    button.setAttribute("aria-pressed", String(isOn()));
    button.setAttribute("aria-label", count ? `${label} (${number(count())})` : label);
    if (count) amount.textContent = number(count());
  };
  show();
  listeners.push(show);
  return button;
}

// A like can't be taken back, since no event says so.
export function likeButton(hit, count = null) {
  return toggle({
    name: "like", label: `Like: ${titleOf(hit)}`, isOn: () => liked.has(hit.item_id), count,
    press: () => liked.has(hit.item_id) || record("like", hit),
  });
}
