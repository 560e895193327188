// The panel for developers, closed at first: session, timing, degraded stages, both lists.

import * as api from "./api.js";
import { deeds } from "./deeds.js";
import { byId, h, showError } from "./dom.js";
import { titleOf } from "./format.js";
import { firstPage } from "./requests.js";
import * as results from "./results.js";

const SHOWN = 10;
const details = byId("developer"), panel = byId("developer-panel");

// `restart(message)`: another session has begun.
export function install({ restart }) {
  const draw = () => details.open && results.shown.answer && show(restart).catch(showError);
  details.addEventListener("toggle", draw);
  results.onShown(draw);
}

async function show(restart) {
  const { answer, state, unwanted, request } = results.shown;
  const general = (await firstPage(state, unwanted, { personalize: false })).answer;
  const session = await api.ownSession();
  if (results.shown.answer !== answer) return;
  panel.replaceChildren(
    visitor(session, restart), timing(answer),
    h("section", { class: "both" }, h("h2", {}, "Both lists"), h("div", { class: "two" }, list("For this visitor", answer, general), list("For anyone", general, answer))),
    h("details", {}, h("summary", {}, "Request and answer"), h("pre", { tabindex: "0" }, JSON.stringify({ request, answer: { ...answer, facets: undefined, hits: answer.hits.slice(0, 2) } }, null, 2))));
}

function visitor(session, restart) {
  const erase = async () => {
    try {
      await api.eraseSession();
      restart("All that was kept of you is gone");
    } catch (error) {
      showError(error);
    }
  };
  const rows = deeds(session, 12);
  return h("section", {}, h("h2", {}, "This visitor"),
    h("p", {}, "Session ", h("code", { id: "session" }, api.sessionId())),
    h("p", { class: "buttons" },
      h("button", { type: "button", onclick: () => restart("A new visitor") }, "New visitor"),
      h("button", { type: "button", onclick: erase }, "Forget me")),
    rows.length ? h("ol", { class: "events" }, rows)
      : h("p", { class: "quiet" }, "Nothing is known of this visitor."));
}

function timing(answer) {
  const { total, ...stages } = answer.timing_ms;
  const most = Math.max(1, ...Object.values(stages));
  const rows = Object.entries(stages).map(([stage, ms]) => {
    const bar = h("span", { class: "portion for" });
    bar.style.width = `${(100 * ms) / most}%`;
    return h("li", {}, h("span", { class: "share-kind" }, stage, h("span", { class: "share-value" }, `${ms.toFixed(1)} ms`)), h("span", { class: "share-track", "aria-hidden": "true" }, bar));
  });
  return h("section", {}, h("h2", {}, `Timing: ${total.toFixed(0)} ms`), h("ul", { class: "shares timing" }, rows),
    answer.degraded.length ? h("ul", {}, answer.degraded.map((one) => h("li", { class: "degraded" }, `Without ${one.stage}: ${one.reason}`))) : h("p", { class: "quiet" }, "Nothing was left out."),
    h("p", { class: "quiet" }, `Index ${answer.index}, query ${answer.query_id}`),
    (answer.rules_applied || []).length ? h("p", { class: "quiet" }, `Rules: ${answer.rules_applied.map((rule) => rule.name || rule.id).join(", ")}`) : null);
}

function list(title, answer, other) {
  const positions = new Map(other.hits.map((hit, row) => [hit.item_id, row]));
  const rows = answer.hits.slice(0, SHOWN).map((hit, row) => {
    const elsewhere = positions.get(hit.item_id);
    const moved = elsewhere === undefined ? "not there" : elsewhere === row ? "" : elsewhere > row ? `▲ ${elsewhere - row}` : `▼ ${row - elsewhere}`;
    return h("li", {}, titleOf(hit), " ", moved ? h("span", { class: moved.startsWith("▲") ? "moved" : "moved down" }, moved) : null);
  });
  return h("div", {}, h("h3", {}, title), h("ol", {}, rows));
}
