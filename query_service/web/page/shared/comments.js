// The comments of an item: those of others, as the item has them, the visitor's own, and a box for more.

import { h } from "./dom.js";
import { titleOf } from "./format.js";
import { comments as own, onChange, record } from "./visitor.js";

// `said`: texts of others, `Name: what they say`.
export function comments(hit, said = []) {
  const list = h("ul", { class: "comments" });
  const box = h("input", {
    type: "text", maxlength: 500, placeholder: "Write a comment", "aria-label": `Comment on ${titleOf(hit)}`, autocomplete: "off",
  });
  const show = () => {
    const others = said.map((text) => {
      const [, name, words] = /^([^:]{1,40}): (.*)$/su.exec(text) || ["", "", "", text];
      return h("li", {}, name ? h("strong", {}, name, " ") : null, words ?? text);
    });
    const mine = (own.get(hit.item_id) || []).map((text) => h("li", { class: "mine" }, h("strong", {}, "You "), text));
    list.replaceChildren(...others, ...mine);
  };
  const form = h("form", { class: "comment-form", onsubmit: async (event) => {
    event.preventDefault();
    const text = box.value.trim();
    if (text && (await record("comment", hit, { text }))) box.value = "";
  } }, box, h("button", { type: "submit" }, "Send"));
  show();
  onChange(show);
  return h("div", { class: "talk" }, list, form);
}
