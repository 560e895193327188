// The search box with its buttons.

import { byId, icon } from "./dom.js";
import * as suggest from "./suggest.js";

const query = byId("query");

export function show(text) {
  query.value = text;
  byId("clear").hidden = !text;
}

// `handlers`: those of `suggest`; `label` and `hint` name what is searched.
export function install(handlers, { label, hint }) {
  byId("query-label").textContent = label;
  query.placeholder = hint;
  byId("clear").append(icon("close"));
  byId("submit").append(icon("search"));
  byId("search").addEventListener("submit", (event) => {
    event.preventDefault();
    suggest.close();
    handlers.search(query.value.trim());
  });
  byId("clear").addEventListener("click", () => {
    show("");
    query.focus();
  });
  query.addEventListener("input", () => (byId("clear").hidden = !query.value));
  suggest.install(handlers);
}
