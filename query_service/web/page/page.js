"use strict";

const EXAMPLES = ["headphones", "running shoes", "gift for a child", "something for a rainy day", "手机"];
const ACTIONS = { click: "Clicked", add_to_cart: "In the cart", like: "Liked", dislike: "Disliked" };
const PAUSE_MS = 500; // after the last key, before a search
const SIZE = 10;
const DEADLINE_MS = 5000; // patient: this page may run on a small machine
const byId = (id) => document.getElementById(id);
const query = byId("query"), lists = byId("lists"), personalize = byId("personalize");
const compare = byId("compare");

let sessionId = storedSession();
let running = null; // the AbortController of the search under way
let timer = 0;
let before = { query: null, places: new Map() }; // of the last personalised list

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
  let answer;
  try {
    answer = await fetch(path, options);
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The service can't be reached.");
  }
  const body = await answer.json().catch(() => ({}));
  if (answer.ok) return body;
  const error = new Error(body.detail || `The service answered ${answer.status}.`);
  error.status = answer.status;
  throw error;
}

function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

function say(text) {
  byId("live").textContent = text;
}

function showError(error) {
  const shown = byId("error");
  shown.hidden = !error;
  shown.textContent = error ? error.message : "";
}

function element(tag, className, text) {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return made;
}

function price(source) {
  if (source.price === undefined || source.price === null) return "";
  try {
    return new Intl.NumberFormat(undefined, { style: "currency", currency: source.currency }).format(source.price);
  } catch {
    return `${source.price} ${source.currency || ""}`.trim();
  }
}

function movement(hit, moved) {
  if (!moved) return "";
  const was = before.places.get(hit.item_id);
  if (was === undefined) return "new";
  return was > hit.position ? `▲ ${was - hit.position}` : "";
}

function hitElement(hit, answer, moved) {
  const made = byId("hit").content.cloneNode(true).firstElementChild;
  const source = hit.source;
  made.querySelector(".place").textContent = hit.position;
  made.querySelector(".title").textContent = source.title || hit.item_id;
  made.querySelector(".move").textContent = movement(hit, moved);
  const facts = made.querySelector(".facts");
  facts.append(element("span", "price", price(source)));
  const leaf = ((source.category || []).at(-1) || "").split(" > ").at(-1);
  const rest = [source.brand, leaf, source.available === false ? "sold out" : ""];
  facts.append(rest.filter(Boolean).map((fact) => ` · ${fact}`).join(""));
  made.querySelector(".why").textContent = hit.explanation ? hit.explanation.why : "";
  for (const button of made.querySelectorAll("[data-action]")) {
    const action = button.dataset.action;
    if (!button.classList.contains("title")) {
      button.setAttribute("aria-label", `${button.textContent}: ${source.title || hit.item_id}`);
    }
    button.addEventListener("click", () => record(action, hit, answer));
  }
  return made;
}

function listElement(title, answer, moved) {
  const made = document.createElement("section");
  const heading = element("h2", "", title);
  heading.id = `list-${lists.childElementCount}-${title.length}`;
  made.setAttribute("aria-labelledby", heading.id);
  const { total, ...steps } = answer.timing_ms;
  const times = Object.entries(steps).map(([step, ms]) => `${step} ${ms.toFixed(0)}`).join(", ");
  const found = query.value.trim() ? `${answer.total.relation === "gte" ? "over " : ""}${answer.total.value} by words, ` : "";
  made.append(heading, element("p", "status", `${found}${total.toFixed(0)} ms (${times})`));
  for (const part of answer.degraded) {
    made.append(element("p", "degraded", `Without ${part.stage}: ${part.reason}`));
  }
  const hits = element("ol", "hits", "");
  hits.append(...answer.hits.map((hit) => hitElement(hit, answer, moved)));
  made.append(answer.hits.length ? hits : element("p", "quiet", "Nothing was found. Try other words."));
  return made;
}

function titleOf(answer, personal) {
  if (!query.value.trim()) return answer.personalized ? "For you" : "Popular now";
  if (!personal) return "For anyone";
  return answer.personalized ? "For you" : "For you (nothing known yet)";
}

async function refresh() {
  clearTimeout(timer);
  if (running) running.abort();
  const mine = (running = new AbortController());
  const text = query.value.trim();
  const url = new URL(location.href);
  if (text) url.searchParams.set("q", text); else url.searchParams.delete("q");
  if (url.href !== location.href) history.replaceState(null, "", url);
  document.title = text ? `${text} - Live Intent` : "Live Intent";
  const wanted = compare.checked ? [true, false] : [personalize.checked];
  const path = text ? "v1/search" : "v1/recommend";
  const body = { session_id: sessionId, size: SIZE, explain: true, deadline_ms: DEADLINE_MS, ...(text && { query: text }) };
  lists.setAttribute("aria-busy", "true");
  try {
    const answers = await Promise.all(
      wanted.map((personal) => post(path, { ...body, personalize: personal }, mine.signal)));
    const moved = before.query === text;
    lists.replaceChildren(...answers.map((answer, i) =>
      listElement(titleOf(answer, wanted[i]), answer, moved && wanted[i])));
    if (wanted[0]) before = { query: text, places: new Map(answers[0].hits.map((h) => [h.item_id, h.position])) };
    lists.setAttribute("aria-busy", "false");
    showError(null);
    say(`${answers[0].hits.length} hits${text ? ` for ${text}` : ""}`);
    byId("examples").hidden = Boolean(text);
    await showEvents(mine.signal);
  } catch (error) {
    if (error.name !== "AbortError") showError(error);
  } finally {
    if (running === mine) lists.setAttribute("aria-busy", "false");
  }
}

async function record(action, hit, answer) {
  const event = {
    action, item_id: hit.item_id, session_id: sessionId, query_id: answer.query_id, position: hit.position,
    event_id: `${sessionId}-${Date.now()}`,
  };
  try {
    await post("v1/events", event);
    say(`${ACTIONS[action]}: ${hit.source.title || hit.item_id}`);
    await refresh();
  } catch (error) {
    showError(error);
  }
}

async function showEvents(signal) {
  byId("session").textContent = sessionId;
  let kept = null;
  try {
    kept = (await call(`v1/sessions/${sessionId}`, { signal })).session;
  } catch (error) {
    if (error.status !== 404) throw error;
  }
  const events = ((kept && kept.events) || []).map((event) =>
    [event.timestamp, ACTIONS[event.action] || event.action, event.title || event.item_id]);
  const queries = ((kept && kept.queries) || []).map((past) => [past.timestamp, "Searched", past.query_text]);
  const rows = [...events, ...queries].sort((a, b) => b[0] - a[0]).slice(0, 20);
  byId("events").replaceChildren(...rows.map(([, action, text]) => {
    const row = element("li", "", "");
    row.append(element("span", "action", action), ` ${text}`);
    return row;
  }));
  if (!rows.length) byId("events").append(element("li", "quiet", "Nothing is known of this visitor."));
}

function begin(text) {
  query.value = text;
  return refresh();
}

function restart(message) {
  sessionId = newSession();
  before = { query: null, places: new Map() };
  say(message);
  return refresh();
}

byId("search").addEventListener("submit", (event) => {
  event.preventDefault();
  refresh();
});
query.addEventListener("input", (event) => {
  clearTimeout(timer);
  if (!event.isComposing) timer = setTimeout(refresh, PAUSE_MS); // not amid Chinese input
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
    await call(`v1/sessions/${sessionId}`, { method: "DELETE" });
    await restart("All that was kept of you is gone");
  } catch (error) {
    showError(error);
  }
});
byId("examples").append("Try ", ...EXAMPLES.map((text) => {
  const button = element("button", "", text);
  button.type = "button";
  button.addEventListener("click", () => begin(text));
  return button;
}));
begin(new URL(location.href).searchParams.get("q") || "");
