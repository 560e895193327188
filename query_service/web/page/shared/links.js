// The link of a hit, which opens its view; with a modifier key, in another tab.

import { address } from "./state.js";

// `context`: the `state` of the list, and open(hit).
export function openLink(hit, context) {
  const onclick = (event) => {
    if (event.metaKey || event.ctrlKey || event.shiftKey || event.button) return;
    event.preventDefault();
    context.open(hit);
  };
  return { href: address({ ...context.state, item: hit.item_id }), onclick };
}
