// The list of hits with its heading, facets, chips, notes and paging.

import * as api from "./api.js";
import { card, skeletons } from "./cards.js";
import { chips } from "./chips.js";
import { announce, byId, h, showError } from "./dom.js";
import * as facets from "./facets.js";
import { leaf, number, plural } from "./format.js";
import { notes } from "./notes.js";
import { attributeFacets, findValues, firstPage, readable } from "./requests.js";
import { filters, listOf, read } from "./state.js";

const SORTS = [
  ["", "Best for you"], ["price", "Price, lowest first"], ["price:desc", "Price, highest first"],
  ["newest", "Newest"], ["popularity", "Most popular"], ["name", "Name"],
];
const grid = byId("hits"), more = byId("more"), sort = byId("sort"), main = byId("main");

// What is shown: also for the developer's panel.
export const shown = { state: null, answer: null, request: null, unwanted: [], key: "" };
let hits = [], running = null, handlers = null, cursor = null;
const listeners = [];

export const onShown = (listener) => listeners.push(listener);

// `handlers`: go(state) shows another list, open(hit, queryId) a product.
export function install(given) {
  handlers = given;
  sort.append(...SORTS.map(([value, text]) => h("option", { value }, text)));
  sort.addEventListener("change", () => handlers.go({ ...read(), sort: sort.value }));
  more.addEventListener("click", nextPage);
  grid.append(...skeletons(8));
}

export async function load(state, { renew = false, focus = false } = {}) {
  running?.abort();
  const controller = (running = new AbortController());
  const before = renew ? new Map(hits.map((hit, row) => [hit.item_id, row])) : null;
  main.setAttribute("aria-busy", "true");
  sort.value = state.sort;
  byId("chips").replaceChildren(...chips(state, [], handlers.go));
  try {
    const languages = await readable(state);
    const { request, answer } = await firstPage(state, languages.others, controller.signal);
    Object.assign(shown, { state, answer, request, unwanted: languages.others, key: listOf(state) });
    hits = answer.hits;
    cursor = answer.next_cursor;
    byId("chips").replaceChildren(...chips(state, languages.read, handlers.go));
    head(state, answer);
    const draw = () => grid.replaceChildren(...cards(hits, 0, before));
    if (renew && document.startViewTransition && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      await document.startViewTransition(draw).updateCallbackDone;
    } else draw();
    more.hidden = !cursor || !hits.length;
    showError(null);
    if (focus) byId("results").focus({ preventScroll: false });
    showFacets(answer.facets || {});
    byId("notes").replaceChildren(...notes(state, answer, { ...handlers, context: context(0) }));
    for (const listener of listeners) listener();
    if (!hits.length) return;
    const extra = await attributeFacets(request, hits, controller.signal);
    if (Object.keys(extra).length) showFacets({ ...answer.facets, ...extra });
  } catch (error) {
    if (error.name !== "AbortError") fail(error);
  } finally {
    if (running === controller) main.setAttribute("aria-busy", "false");
  }
}

function fail(error) {
  showError(error);
  if (grid.querySelector(".skeleton")) grid.replaceChildren();
  if (!shown.answer) byId("results").textContent = "Nothing can be shown";
}

function showFacets(counts) {
  const find = (name, text) => findValues(shown.request, name, text).catch((error) => (showError(error), []));
  facets.show(counts, shown.state, (change) => handlers.go(change(read())), find);
  byId("columns").classList.toggle("no-facets", !byId("facets").querySelector(".facet"));
}

function head(state, answer) {
  const category = state.filters.category?.length === 1 ? leaf(state.filters.category[0]) : "";
  const start = answer.personalized ? "For you" : "Popular now";
  const title = state.q ? `“${state.q}”` : category || start;
  byId("results").textContent = title;
  document.title = state.q || category ? `${state.q || category} - Live Intent` : "Live Intent";
  const { value, relation } = answer.total;
  const isStart = !state.q && !Object.keys(state.filters).length;
  const count = `${relation === "gte" ? "over " : ""}${plural(value, "result")}`;
  const how = answer.personalized ? (isStart ? "Chosen by what you did on this visit" : "sorted for you") : isStart ? "What others look at; it changes with what you do" : "";
  byId("count").textContent = isStart ? how : [count, how].filter(Boolean).join(", ");
}

function context(start, before = null) {
  const moves = new Map();
  if (before) {
    hits.forEach((hit, row) => {
      const earlier = before.get(hit.item_id);
      if (earlier === undefined) moves.set(hit.item_id, "new");
      else if (earlier > row) moves.set(hit.item_id, `▲ ${earlier - row}`);
    });
  }
  return { state: shown.state, queryId: shown.answer.query_id, open: handlers.open, moves, eager: start === 0 };
}

function cards(list, start, before) {
  return list.map((hit) => {
    const node = card(hit, context(start, before));
    if (start + list.indexOf(hit) < 24) node.style.viewTransitionName = `hit-${CSS.escape(hit.item_id).replace(/[^\w-]/g, "_")}`;
    return node;
  });
}

async function nextPage() {
  more.disabled = true;
  const { facets: _, ...request } = shown.request;
  try {
    const answer = await api.hits({ ...request, cursor }, running.signal);
    const first = cards(answer.hits, hits.length, null);
    hits = [...hits, ...answer.hits];
    grid.append(...first);
    cursor = answer.next_cursor;
    more.hidden = !cursor;
    first[0]?.querySelector(".title").focus({ preventScroll: true });
    announce(`${plural(answer.hits.length, "more result")}; ${number(hits.length)} are shown`);
    showError(null);
  } catch (error) {
    if (error.status === 410) await load(shown.state, { focus: true });
    else if (error.name !== "AbortError") showError(error);
  } finally {
    more.disabled = false;
  }
}

export const currentFilters = () => (shown.state ? filters(shown.state, shown.unwanted) : undefined);
export const known = (id) => hits.find((hit) => hit.item_id === id);
