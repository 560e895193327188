// The public API, and the session that all of it is asked for.

const KEY = "live-intent-session", TOKEN = "live-intent-session-token", API_KEY = "live-intent-api-key";
const SCENARIO = document.documentElement.dataset.scenario;
const DEADLINE_MS = 5000; // long, since the service may run on a small machine
let session = null;

export function sessionId() {
  if (session) return session;
  try {
    session = localStorage.getItem(KEY);
  } catch { /* storage is blocked: the session lasts as long as the page */ }
  return session || newSession();
}

export function newSession() {
  const bytes = crypto.getRandomValues(new Uint8Array(8));
  session = "page-" + Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  try {
    localStorage.setItem(KEY, session);
    localStorage.removeItem(TOKEN);
  } catch { /* as above */ }
  return session;
}

// A session whose token proves that it is this page's own: where the service asks for an API key.
export async function startSession() {
  newSession();
  if (!stored(API_KEY)) return;
  const started = await post("v1/sessions", {});
  session = started.session_id;
  localStorage.setItem(KEY, session);
  if (started.token) localStorage.setItem(TOKEN, started.token);
}

function stored(name) {
  try {
    return localStorage.getItem(name) || "";
  } catch {
    return "";
  }
}

// Asks the page's owner for a key, once; the page begins again with it.
let asking = null;
function askForKey() {
  asking ||= (async () => {
    const key = prompt("This service needs an API key with the scopes search and events.");
    if (!key) return;
    localStorage.setItem(API_KEY, key.trim());
    await startSession();
    location.reload();
  })();
  return asking;
}

async function call(path, options = {}) {
  const key = stored(API_KEY), token = stored(TOKEN);
  const headers = { ...options.headers, ...(key && { Authorization: `Bearer ${key}` }), ...(token && { "X-Session-Token": token }) };
  let response;
  try {
    response = await fetch(path, { ...options, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Error("The service can't be reached.");
  }
  const body = await response.json().catch(() => ({}));
  if (response.ok) return body;
  if (response.status === 401 && !asking) askForKey();
  const error = new Error(body.detail || `The service answered ${response.status}.`);
  error.status = response.status;
  error.fields = body.errors || [];
  throw error;
}

function post(path, body, signal) {
  const headers = { "Content-Type": "application/json" };
  return call(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

// What the browser's owner reads, the best first, as far as it is a code that the API takes.
const CODE = /^[A-Za-z]{2,3}([_-][A-Za-z0-9]{2,8}){0,3}$/;
export const languages = () => [...(navigator.languages || [navigator.language])].filter((code) => CODE.test(code)).slice(0, 20);

// Hits for a query, or without one a recommendation; each with the id of its query.
export async function hits(request, signal) {
  const path = request.query ? "v1/search" : "v1/recommend";
  const body = { session_id: sessionId(), scenario: SCENARIO, deadline_ms: DEADLINE_MS, language: languages(), ...request };
  const answer = await post(path, body, signal);
  for (const hit of [...answer.hits, ...(answer.instead?.hits || [])]) hit.queryId = answer.query_id;
  return answer;
}

export function suggest(prefix, filters, signal) {
  return post("v1/suggest", { session_id: sessionId(), prefix: prefix.slice(0, 128), filters, size: 9, language: languages() }, signal);
}

// The items with these ids, in their order; unknown ones are left out. Nothing of it is stored.
export async function items(ids) {
  const found = new Map();
  for (let start = 0; start < ids.length; start += 500) {
    const body = { session_id: sessionId(), item_ids: ids.slice(start, start + 500), explain: true, language: languages() };
    for (const hit of (await post("v1/rank", body)).hits) found.set(hit.item_id, hit);
  }
  return ids.map((id) => found.get(id)).filter(Boolean);
}

export function send(event) {
  const id = `${sessionId()}-${Date.now()}-${event.item_id}`.slice(0, 128);
  return post("v1/events", { ...event, session_id: sessionId(), event_id: id });
}

export const forgetQuery = (query) =>
  call(`v1/suggest?${new URLSearchParams({ session_id: sessionId(), query })}`, { method: "DELETE" });

export const eraseSession = () => call(`v1/sessions/${encodeURIComponent(sessionId())}`, { method: "DELETE" });

// What is kept of the session, or null.
export async function ownSession() {
  try {
    return (await call(`v1/sessions/${encodeURIComponent(sessionId())}`)).session;
  } catch (error) {
    if (error.status === 404 || error.status === 403) return null;
    throw error;
  }
}
