"use strict";

const EXAMPLES = ["headphones", "running shoes", "gift for a child", "something for a rainy day", "手机"];
const ACTIONS = { click: "Clicked", add_to_cart: "In the cart", like: "Liked", dislike: "Disliked" };
const PAUSE_MS = 500; // from the last key to the search
const SIZE = 10;
const DEADLINE_MS = 5000; // long, since the service may run on a small machine
const byId = (id) => document.getElementById(id);
const query = byId("query"), lists = byId("lists"), personalize = byId("personalize");
const compare = byId("compare");

let sessionId = storedSession();
let running = null; // the AbortController of the running search
let timer = 0;
let previous = { query: null, positions: new Map() }; // of the last personalised list, by item id

function storedSession() {
  try {
    return localStorage.getItem("live-intent-session") || newSession();
  } catch {
    return newSession(); // storage is blocked: the session lasts as long as the page
  }
}

function newSession() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  const id = "page-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    localStorage.setItem("live-intent-session", id);
  } catch { /* as above */ }
  return id;
}

async function call(path, options = {}) {
  let response;
  try {
    response = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The service can't be reached.");
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  const error = new Error(body.detail || `The service answered ${response.status}.`);
  error.status = response.status;
  throw error;
}

function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

function announce(text) { // to screen readers
  byId("live").textContent = text;
}

function showError(error) {
  const box = byId("error");
  box.hidden = !error;
  box.textContent = error ? error.message : "";
}

function element(tag, className, text) {
  const node = document.createElement(tag);
  node.className = className;
  node.textContent = text;
  return node;
}

function price(source) {
  if (source.price === undefined || source.price === null) return "";
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency: source.currency }).format(source.price);
  } catch {
    return `${source.price} ${source.currency || ""}`.trim();
  }
}

function movement(hit, showMoves) {
  if (!showMoves) return "";
  const position = previous.positions.get(hit.item_id);
  if (position === undefined) return "new";
  return position > hit.position ? `▲ ${position - hit.position}` : "";
}

function hitElement(hit, response, showMoves) {
  const card = byId("hit").content.cloneNode(true).firstElementChild;
  const source = hit.source;
  card.querySelector(".position").textContent = hit.position;
  card.querySelector(".title").textContent = source.title || hit.item_id;
  card.querySelector(".move").textContent = movement(hit, showMoves);
  const facts = card.querySelector(".facts");
  facts.append(element("span", "price", price(source)));
  const leaf = ((source.category || []).at(-1) || "").split(" > ").at(-1);
  const rest = [source.brand, leaf, source.available === false ? "sold out" : ""];
  facts.append(rest.filter(Boolean).map((fact) => ` · ${fact}`).join(""));
  card.querySelector(".why").textContent = hit.explanation ? hit.explanation.why : "";
  for (const button of card.querySelectorAll("[data-action]")) {
    const action = button.dataset.action;
    if (!button.classList.contains("title")) {
      button.setAttribute("aria-label", `${button.textContent}: ${source.title || hit.item_id}`);
    }
    button.addEventListener("click", () => record(action, hit, response));
  }
  return card;
}

function listElement(title, response, showMoves) {
  const section = document.createElement("section");
  const heading = element("h2", "", title);
  heading.id = `list-${lists.childElementCount}-${title.length}`;
  section.setAttribute("aria-labelledby", heading.id);
  const { total, ...stages } = response.timing_ms;
  const times = Object.entries(stages).map(([stage, ms]) => `${stage} ${ms.toFixed(0)}`).join(", ");
  const hitCount = query.value.trim() ? `${response.total.relation === "gte" ? "over " : ""}${response.total.value} hits, ` : "";
  section.append(heading, element("p", "status", `${hitCount}${total.toFixed(0)} ms (${times})`));
  for (const missing of response.degraded) {
    section.append(element("p", "degraded", `Without ${missing.stage}: ${missing.reason}`));
  }
  const hits = element("ol", "hits", "");
  hits.append(...response.hits.map((hit) => hitElement(hit, response, showMoves)));
  section.append(response.hits.length ? hits : element("p", "quiet", "Nothing was found. Try other words."));
  return section;
}

function titleOf(response, personalize) {
  if (!query.value.trim()) return response.personalized ? "For you" : "Popular now";
  if (!personalize) return "For anyone";
  return response.personalized ? "For you" : "For you (nothing known yet)";
}

async function refresh() {
  clearTimeout(timer);
  if (running) running.abort();
  const controller = (running = new AbortController());
  const text = query.value.trim();
  const url = new URL(location.href);
  if (text) url.searchParams.set("q", text); else url.searchParams.delete("q");
  if (url.href !== location.href) history.replaceState(null, "", url);
  document.title = text ? `${text} - Live Intent` : "Live Intent";
  const personal = compare.checked ? [true, false] : [personalize.checked];
  const path = text ? "v1/search" : "v1/recommend";
  const body = { session_id: sessionId, size: SIZE, explain: true, deadline_ms: DEADLINE_MS, ...(text && { query: text }) };
  lists.setAttribute("aria-busy", "true");
  try {
    const responses = await Promise.all(
      personal.map((flag) => post(path, { ...body, personalize: flag }, controller.signal)));
    const showMoves = previous.query === text;
    lists.replaceChildren(...responses.map((response, i) =>
      listElement(titleOf(response, personal[i]), response, showMoves && personal[i])));
    if (personal[0]) previous = { query: text, positions: new Map(responses[0].hits.map((hit) => [hit.item_id, hit.position])) };
    lists.setAttribute("aria-busy", "false");
    showError(null);
    announce(`${responses[0].hits.length} hits${text ? ` for ${text}` : ""}`);
    byId("examples").hidden = Boolean(text);
    await showEvents(controller.signal);
  } catch (error) {
    if (error.name !== "AbortError") showError(error);
  } finally {
    if (running === controller) lists.setAttribute("aria-busy", "false");
  }
}

async function record(action, hit, response) {
  const event = {
    action, item_id: hit.item_id, session_id: sessionId, query_id: response.query_id, position: hit.position,
    event_id: `${sessionId}-${Date.now()}`,
  };
  try {
    await post("v1/events", event);
    announce(`${ACTIONS[action]}: ${hit.source.title || hit.item_id}`);
    await refresh();
  } catch (error) {
    showError(error);
  }
}

async function showEvents(signal) {
  byId("session").textContent = sessionId;
  let session = null;
  try {
    session = (await call(`v1/sessions/${encodeURIComponent(sessionId)}`, { signal })).session;
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  const events = ((session && session.events) || []).map((event) =>
    [event.timestamp, ACTIONS[event.action] || event.action, event.title || event.item_id]);
  const queries = ((session && session.queries) || []).map((past) => [past.timestamp, "Searched", past.query_text]);
  const rows = [...events, ...queries].sort((a, b) => b[0] - a[0]).slice(0, 20);
  byId("events").replaceChildren(...rows.map(([, action, text]) => {
    const row = element("li", "", "");
    row.append(element("span", "action", action), ` ${text}`);
    return row;
  }));
  if (!rows.length) byId("events").append(element("li", "quiet", "Nothing is known of this visitor."));
}

function searchFor(text) {
  query.value = text;
  return refresh();
}

function restart(message) {
  sessionId = newSession();
  previous = { query: null, positions: new Map() };
  announce(message);
  return refresh();
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  refresh();
});
query.addEventListener("input", (event) => {
  clearTimeout(timer);
  if (!event.isComposing) timer = setTimeout(refresh, PAUSE_MS); // not while an input method composes
});
query.addEventListener("compositionend", () => {
  timer = setTimeout(refresh, PAUSE_MS);
});
personalize.addEventListener("change", refresh);
compare.addEventListener("change", () => {
  personalize.disabled = compare.checked;
  refresh();
});
byId("fresh").addEventListener("click", () => restart("A new visitor"));
byId("forget").addEventListener("click", async () => {
  if (running) running.abort();
  try {
    await call(`v1/sessions/${encodeURIComponent(sessionId)}`, { method: "DELETE" });
    await restart("All that was kept of you is gone");
  } catch (error) {
    showError(error);
  }
});
byId("examples").append("Try ", ...EXAMPLES.map((text) => {
  const button = element("button", "", text);
  button.type = "button";
  button.addEventListener("click", () => searchFor(text));
  return button;
}));
searchFor(new URL(location.href).searchParams.get("q") || "");
