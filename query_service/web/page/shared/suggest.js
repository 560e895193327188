// Completions under the search box: a combobox with a listbox, after the ARIA practices.

import * as api from "./api.js";
import { announce, byId, h, icon, marked } from "./dom.js";
import { leaf, number, plural, price } from "./format.js";
import { picture } from "./pictures.js";

const PAUSE_MS = 120; // after a key
const groups = { query: "Searches", category: "Categories", brand: "Brands", item: "Items" };
const box = byId("query"), list = byId("suggestions");
let timer = 0, running = null, options = [], active = -1, typed = "", handlers = null;

// `handlers`: search(text), filter(filters), open(item_id), filters(prefix): those in force; `groups`: other
// names of the groups.
export function install(given) {
  handlers = given;
  Object.assign(groups, given.groups);
  box.addEventListener("input", (event) => event.isComposing || later());
  box.addEventListener("compositionend", later);
  box.addEventListener("focus", () => list.hidden && later());
  box.addEventListener("click", () => list.hidden && later());
  box.addEventListener("keydown", onKey);
  box.addEventListener("blur", () => setTimeout(close, 0));
  list.addEventListener("pointerdown", (event) => event.preventDefault()); // the box keeps the focus
}

function later() {
  typed = box.value;
  clearTimeout(timer);
  timer = setTimeout(ask, PAUSE_MS);
}

export function close() {
  clearTimeout(timer);
  running?.abort();
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
  box.removeAttribute("aria-activedescendant");
  active = -1;
}

async function ask() {
  running?.abort();
  const controller = (running = new AbortController());
  try {
    const prefix = box.value.trim();
    const answer = await api.suggest(prefix, handlers.filters(prefix), controller.signal);
    if (document.activeElement === box && !controller.signal.aborted) show(answer.suggestions);
  } catch { /* completions are a help: without them the search works */ }
}

function show(suggestions) {
  active = -1;
  box.removeAttribute("aria-activedescendant");
  options = [];
  const lists = [];
  const kinds = [...new Set(suggestions.map((one) => one.type))];
  for (const kind of kinds) {
    const members = suggestions.filter((one) => one.type === kind);
    const label = h("div", { class: "group-name", role: "presentation" }, groups[kind]);
    lists.push(h("div", { role: "group", "aria-label": groups[kind] }, label, members.map(option)));
  }
  list.replaceChildren(...lists);
  list.hidden = !suggestions.length;
  box.setAttribute("aria-expanded", String(!list.hidden));
  if (suggestions.length) announce(plural(suggestions.length, "suggestion"));
}

function option(one) {
  const text = h("span", { class: "option-text" }, marked(one.highlighted));
  const parts = [text];
  if (one.type === "item") parts.unshift(picture(one.source || {}, true));
  else parts.unshift(icon(one.own ? "clock" : { query: "search", category: "grid", brand: "tag" }[one.type]));
  if (one.type === "item") parts.push(h("span", { class: "option-note" }, price(one.source || {})));
  else if (one.own) parts.push(h("span", { class: "forget", "aria-hidden": "true", onclick: (event) => forget(event, one) }, "×"));
  else if (one.count) parts.push(h("span", { class: "option-note", "aria-hidden": "true" }, number(one.count)));
  if (one.type === "category" && one.filters.category?.includes(" > ")) {
    text.append(h("span", { class: "option-path" }, ` in ${leaf(one.filters.category.split(" > ").slice(0, -1).join(" > "))}`));
  }
  const node = h("div", {
    role: "option", id: `suggestion-${options.length}`, "aria-selected": "false", class: `option ${one.type}`,
    "aria-label": one.own ? `${one.text}, searched before; Shift and Delete forget it` : null,
    onclick: () => choose(one),
  }, parts);
  options.push({ one, node });
  return node;
}

function choose(one) {
  close();
  if (one.type === "item") handlers.open(one.item_id);
  else if (one.type === "query") handlers.search(one.text);
  else handlers.filter(one.filters);
}

async function forget(event, one) {
  event.stopPropagation();
  await api.forgetQuery(one.text).catch(() => null);
  announce(`Forgotten: ${one.text}`);
  ask();
}

function move(to) {
  if (active >= 0) options[active].node.setAttribute("aria-selected", "false");
  active = to;
  if (active < 0) {
    box.removeAttribute("aria-activedescendant");
    box.value = typed;
    return;
  }
  const { one, node } = options[active];
  node.setAttribute("aria-selected", "true");
  node.scrollIntoView({ block: "nearest" });
  box.setAttribute("aria-activedescendant", node.id);
  box.value = one.type === "query" ? one.text : typed;
}

function onKey(event) {
  if (event.isComposing) return;
  const isOpen = !list.hidden, last = options.length - 1;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    if (!isOpen) return later();
    const down = event.key === "ArrowDown";
    move(down ? (active === last ? -1 : active + 1) : active === -1 ? last : active - 1);
  } else if (event.key === "Enter" && isOpen && active >= 0) {
    event.preventDefault();
    choose(options[active].one);
  } else if (event.key === "Escape") {
    if (isOpen) event.preventDefault();
    if (isOpen) box.value = typed;
    else box.value = "";
    close();
  } else if (event.key === "Delete" && event.shiftKey && isOpen && active >= 0 && options[active].one.own) {
    event.preventDefault();
    forget(event, options[active].one);
  }
}
