// What all pages do alike: the address is the state; back, forward and shared links show the same.

import * as api from "./api.js";
import * as developer from "./developer.js";
import { announce, byId, showError } from "./dom.js";
import * as itemView from "./item_view.js";
import * as results from "./results.js";
import * as searchbox from "./searchbox.js";
import { address, listOf, NOWHERE, read } from "./state.js";
import * as suggest from "./suggest.js";
import * as visitor from "./visitor.js";

const renew = byId("renew");
let page = null;

export function go(state, options) {
  const next = { ...state, item: "" };
  if (address(next) !== location.href) history.pushState(null, "", address(next));
  searchbox.show(next.q);
  renew.hidden = true;
  itemView.hide();
  return results.load(next, options);
}

// A search for other words begins without the filters of the one before.
function search(text) {
  suggest.close();
  page.searched?.();
  const state = read();
  const same = text === state.q;
  window.scrollTo({ top: 0 });
  return go({ ...state, q: text, spelling: "", filters: same ? state.filters : {}, sort: same ? state.sort : "" }, { focus: Boolean(text) });
}

export function open(hit) {
  const state = { ...read(), item: hit.item_id };
  history.pushState({ depth: (history.state?.depth || 0) + 1 }, "", address(state));
  return itemView.show(state, hit.source.title ? hit : null);
}

function closeItem() {
  const depth = history.state?.depth || 0;
  if (depth) history.go(-depth);
  else {
    history.replaceState(null, "", address({ ...read(), item: "" }));
    show();
  }
}

// Shows what the address says; the list below an item stays as it is.
async function show() {
  const state = read();
  searchbox.show(state.q);
  if (state.item) itemView.show(state, results.known(state.item));
  else itemView.hide();
  if (results.shown.key !== listOf(state)) {
    renew.hidden = true;
    await results.load(state);
  }
}

export async function restart(message) {
  await api.startSession();
  announce(message);
  await Promise.all([visitor.load().catch(showError), go({ ...NOWHERE, q: read().q })]);
}

// `given`: list and item view of the page (`results`, `item_view`), words of the search box,
// `renewal` (what its button says), and searched(), before another search.
export function start(given) {
  page = given;
  document.querySelector("[data-home]").addEventListener("click", (event) => {
    event.preventDefault();
    search("");
  });
  renew.addEventListener("click", () => {
    renew.hidden = true;
    window.scrollTo({ top: 0 });
    results.load(results.shown.state, { renew: true, focus: true });
  });
  visitor.onChange((action) => {
    if (!action || !results.shown.answer) return;
    renew.textContent = page.renewal;
    renew.hidden = false;
  });
  window.addEventListener("popstate", show);
  results.install({ ...page.list, go, open });
  itemView.install({ ...page.view, open, close: closeItem });
  developer.install({ restart });
  const filter = (filters) => {
    const chosen = Object.entries(filters).map(([name, value]) => [name, [value].flat()]);
    go({ ...read(), q: "", sort: "", filters: Object.fromEntries(chosen) }, { focus: true });
  };
  const openId = (id) => open({ item_id: id, source: {} });
  // What is suggested before anything is typed keeps to the languages of the start page.
  const filters = (prefix) => (!prefix && results.shown.unwanted.length ? { language: { not: results.shown.unwanted } } : undefined);
  searchbox.install({ search, filter, open: openId, filters, groups: page.groups }, page.words);
  visitor.load().catch(() => null);
  show();
}
