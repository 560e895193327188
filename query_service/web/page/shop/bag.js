// The shop's likes and its cart.

import { h } from "../shared/dom.js";
import { price, titleOf } from "../shared/format.js";
import { shelf } from "../shared/shelf.js";
import { cart, liked, likeButton, record, toggle } from "../shared/visitor.js";

const note = (hit) => price(hit.source);

export function install({ open }) {
  shelf({ icon: "like", label: "Liked items", title: "What you liked", none: "You have liked nothing yet.", ids: () => [...liked], note, open });
  shelf({
    icon: "buy", label: "Cart", title: "Your cart", none: "Nothing is in your cart yet.", ids: () => [...cart], note, open,
    removal: "remove_from_cart", foot: (hits, close) => {
      const buy = async () => {
        for (const hit of hits) await record("purchase", hit);
        close();
      };
      return h("button", { type: "button", class: "main-button", onclick: buy }, "Buy (pretend)");
    },
  });
}

// The two icons of a card.
export function icons(hit) {
  const buy = toggle({
    name: "buy", label: `In the cart: ${titleOf(hit)}`, isOn: () => cart.has(hit.item_id),
    press: () => record(cart.has(hit.item_id) ? "remove_from_cart" : "add_to_cart", hit),
  });
  return [likeButton(hit), buy];
}
