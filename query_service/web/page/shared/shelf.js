// What the visitor keeps: a button in the header with their number, which opens a list of the items.

import * as api from "./api.js";
import { byId, h, icon, showError } from "./dom.js";
import { plural, titleOf } from "./format.js";
import { picture } from "./pictures.js";
import { onChange, record } from "./visitor.js";

// `ids()`: of the items; `note(hit)`: a line below a title; `removal`: the action that removes one;
// `open(hit)`: shows one; `foot(hits, close)`: what stands below the list.
export function shelf({ icon: name, label, title, none, ids, note = () => "", removal, open, foot }) {
  const button = h("button", { type: "button", class: "icon", onclick: () => show() });
  byId("own").append(button);
  onChange(() => {
    const count = ids().length;
    button.replaceChildren(icon(name), count ? h("span", { class: "badge" }, String(count)) : "");
    button.setAttribute("aria-label", `${label}: ${plural(count, "item")}`);
  });

  async function show() {
    const dialog = byId("shelf");
    const list = h("ul", { class: "shelf-list" });
    const close = () => dialog.close();
    dialog.replaceChildren(h("header", {}, h("h2", { id: "shelf-title" }, title),
      h("button", { type: "button", class: "icon", "aria-label": "Close", onclick: close }, icon("close"))), list);
    if (!dialog.open) dialog.showModal();
    const found = (await api.items(ids()).catch(showError)) || [];
    list.replaceChildren(...(found.length ? found.map(row) : [h("li", { class: "quiet" }, none)]));
    if (foot && found.length) dialog.append(foot(found, close));
  }

  function row(hit) {
    const remove = removal && h("button", {
      type: "button", class: "quiet-button", "aria-label": `Remove ${titleOf(hit)}`,
      onclick: async () => (await record(removal, hit)) && show(),
    }, "Remove");
    const name = open ? h("button", { type: "button", class: "link", onclick: () => (byId("shelf").close(), open(hit)) }, titleOf(hit)) : titleOf(hit);
    return h("li", {}, picture(hit.source), h("span", {}, name, h("strong", {}, note(hit))), remove);
  }
}
