// The shop page: its address is its state; back, forward and shared links show the same.

import * as api from "./api.js";
import * as bag from "./bag.js";
import * as developer from "./developer.js";
import { announce, byId, icon, showError } from "./dom.js";
import * as facets from "./facets.js";
import * as product from "./product.js";
import * as results from "./results.js";
import { address, listOf, read } from "./state.js";
import * as suggest from "./suggest.js";

const query = byId("query"), renew = byId("renew");
const MAY_RENEW = new Set(["like", "dislike", "add_to_cart", "remove_from_cart", "purchase", "click", "view"]);

function showQuery(text) {
  query.value = text;
  byId("clear").hidden = !text;
}

function go(state, options) {
  const next = { ...state, item: "" };
  if (address(next) !== location.href) history.pushState(null, "", address(next));
  showQuery(next.q);
  renew.hidden = true;
  product.hide();
  return results.load(next, options);
}

// A search for other words begins without the filters of the one before.
function search(text) {
  suggest.close();
  facets.closeSheet();
  const state = read();
  const same = text === state.q;
  window.scrollTo({ top: 0 });
  return go({ ...state, q: text, spelling: "", filters: same ? state.filters : {}, sort: same ? state.sort : "" }, { focus: Boolean(text) });
}

function open(hit, queryId) {
  const state = { ...read(), item: hit.item_id };
  history.pushState({ depth: (history.state?.depth || 0) + 1 }, "", address(state));
  return product.show(state, hit, queryId);
}

function closeProduct() {
  const depth = history.state?.depth || 0;
  if (depth) history.go(-depth);
  else {
    history.replaceState(null, "", address({ ...read(), item: "" }));
    show();
  }
}

// Shows what the address says; the list below a product stays as it is.
async function show() {
  const state = read();
  showQuery(state.q);
  if (state.item) product.show(state, results.known(state.item), results.shown.answer?.query_id);
  else product.hide();
  if (results.shown.key !== listOf(state)) {
    renew.hidden = true;
    await results.load(state);
  }
}

async function restart(message) {
  api.newSession();
  announce(message);
  await Promise.all([bag.load().catch(showError), go({ q: read().q, sort: "", item: "", lang: "", spelling: "", filters: {} })]);
}

byId("clear").append(icon("close"));
byId("submit").append(icon("search"));
byId("open-facets").prepend(icon("filter"));
byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  search(query.value.trim());
});
byId("clear").addEventListener("click", () => {
  showQuery("");
  query.focus();
});
query.addEventListener("input", () => (byId("clear").hidden = !query.value));
document.querySelector("[data-home]").addEventListener("click", (event) => {
  event.preventDefault();
  search("");
});
renew.addEventListener("click", () => {
  renew.hidden = true;
  window.scrollTo({ top: 0 });
  results.load(results.shown.state, { renew: true, focus: true });
});
bag.onChange((action) => {
  if (!MAY_RENEW.has(action) || !results.shown.answer) return;
  renew.textContent = "This counts already: sort the list for you";
  renew.hidden = false;
});
window.addEventListener("popstate", show);

results.install({ go, open });
product.install({ open, close: closeProduct });
developer.install({ restart });
suggest.install({
  search, open: (id) => open({ item_id: id, source: {} }),
  filter: (filters) => go({ ...read(), q: "", sort: "", filters: Object.fromEntries(Object.entries(filters).map(([name, value]) => [name, [value].flat()])) }, { focus: true }),
  filters: () => undefined,
});
bag.load().catch(() => null);
show();
