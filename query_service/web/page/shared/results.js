// The list of hits with its heading, notes and paging; each page says what stands in it.

import * as api from "./api.js";
import { chips } from "./chips.js";
import { announce, byId, h, showError } from "./dom.js";
import { leaf, number, plural } from "./format.js";
import { notes } from "./notes.js";
import { firstPage, readable, SIZE } from "./requests.js";
import { listOf, read } from "./state.js";
import { onChange } from "./visitor.js";

const AHEAD = "800px"; // before its end that an endless list goes on
const FRESH = 60; // hits to choose from when a list goes on afresh
const grid = byId("hits"), more = byId("more"), sort = byId("sort"), main = byId("main");

// What is shown: also for the developer's panel.
export const shown = { state: null, answer: null, request: null, unwanted: [], key: "" };
let page = null, running = null, cursor = null;
let hits = [], waiting = [], changed = false;
const listeners = [];

export const onShown = (listener) => listeners.push(listener);

// `given`: go(state) shows another list, open(hit) an item; card(hit, context), skeletons(), `sorts`,
// `words` (popular, personal, result, how); beside(answer, signal) shows what stands beside the list;
// `endless`: the list goes on by itself, and after an action with hits chosen again.
export function install(given) {
  page = given;
  sort.append(...page.sorts.map(([value, text]) => h("option", { value }, text)));
  sort.addEventListener("change", () => page.go({ ...read(), sort: sort.value }));
  more.addEventListener("click", () => nextPage({ focus: true }));
  onChange((action) => (changed = Boolean(action)));
  if (page.endless) {
    new IntersectionObserver(([entry]) => entry.isIntersecting && window.scrollY && !more.disabled && nextPage(), { rootMargin: AHEAD }).observe(more);
  }
  grid.append(...page.skeletons());
}

export async function load(state, { renew = false, focus = false } = {}) {
  running?.abort();
  const controller = (running = new AbortController());
  const before = renew ? new Map(hits.map((hit, row) => [hit.item_id, row])) : null;
  main.setAttribute("aria-busy", "true");
  sort.value = state.sort;
  byId("chips").replaceChildren(...chips(state, [], page));
  try {
    const languages = await readable(state);
    changed = false;
    const { request, answer } = await firstPage(state, languages.others, { signal: controller.signal });
    Object.assign(shown, { state, answer, request, unwanted: languages.others, key: listOf(state) });
    [hits, waiting, cursor] = [answer.hits, [], answer.next_cursor];
    byId("chips").replaceChildren(...chips(state, languages.read, page));
    head(state, answer);
    const draw = () => grid.replaceChildren(...cards(hits, 0, before));
    if (renew && document.startViewTransition && !matchMedia("(prefers-reduced-motion: reduce)").matches) {
      await document.startViewTransition(draw).updateCallbackDone;
    } else draw();
    more.hidden = !cursor || !hits.length;
    showError(null);
    if (focus) byId("results").focus({ preventScroll: false });
    byId("notes").replaceChildren(...notes(state, answer, { ...page, context: context(0) }));
    for (const listener of listeners) listener();
    await page.beside?.(shown, controller.signal);
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

function head(state, answer) {
  const { popular, personal, result, how } = page.words;
  const category = state.filters.category?.length === 1 ? leaf(state.filters.category[0]) : "";
  byId("results").textContent = state.q ? `“${state.q}”` : category || (answer.personalized ? personal : popular);
  document.title = [state.q || category || page.words.page, "Live Intent"].filter(Boolean).join(" - ");
  const { value, relation } = answer.total;
  const isStart = !state.q && !Object.keys(state.filters).length;
  const count = `${relation === "gte" ? "over " : ""}${plural(value, result)}`;
  const chosen = !answer.hits.length ? "" : answer.personalized ? (isStart ? "Chosen by what you did on this visit" : "sorted for you") : isStart ? how : "";
  byId("count").textContent = isStart ? chosen : [count, chosen].filter(Boolean).join(", ");
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
  return { state: shown.state, open: page.open, moves, start, eager: start === 0 };
}

function cards(list, start, before) {
  const drawn = context(start, before);
  return list.map((hit, row) => {
    const node = page.card(hit, { ...drawn, row: start + row });
    if (start + row < 24) node.style.viewTransitionName = `hit-${CSS.escape(hit.item_id).replace(/[^\w-]/g, "_")}`;
    return node;
  });
}

// The hits below those shown: of the frozen list or, after an action, of a list that counts it.
async function nextHits(signal) {
  const seen = new Set(hits.map((hit) => hit.item_id));
  const isFresh = Boolean(page.endless) && changed;
  if (isFresh) {
    changed = false;
    const { request, answer } = await firstPage(shown.state, shown.unwanted, { signal, size: FRESH });
    [shown.request, shown.answer, cursor] = [request, answer, answer.next_cursor];
    waiting = answer.hits;
  }
  waiting = waiting.filter((hit) => !seen.has(hit.item_id));
  while (waiting.length < SIZE && cursor) {
    const { facets: _, ...request } = shown.request;
    const answer = await api.hits({ ...request, cursor }, signal);
    cursor = answer.next_cursor;
    waiting.push(...answer.hits.filter((hit) => !seen.has(hit.item_id)));
  }
  return { next: waiting.splice(0, SIZE), isFresh };
}

async function nextPage({ focus = false } = {}) {
  more.disabled = true;
  grid.setAttribute("aria-busy", "true");
  try {
    const { next, isFresh } = await nextHits(running.signal);
    const nodes = cards(next, hits.length, null);
    hits = [...hits, ...next];
    if (isFresh && next.length) grid.append(h("li", { class: "turn" }, page.words.turn));
    grid.append(...nodes);
    more.hidden = !cursor && !waiting.length;
    if (focus) nodes[0]?.querySelector(".title").focus({ preventScroll: true });
    if (next.length) announce(`${plural(next.length, `more ${page.words.result}`)}; ${number(hits.length)} are shown`);
    showError(null);
    if (isFresh) for (const listener of listeners) listener();
  } catch (error) {
    if (error.status === 410) await load(shown.state, { focus: true });
    else if (error.name !== "AbortError") showError(error);
  } finally {
    more.disabled = false;
    grid.setAttribute("aria-busy", "false");
  }
}

export const known = (id) => hits.find((hit) => hit.item_id === id);
