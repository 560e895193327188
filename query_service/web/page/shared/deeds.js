// What a session is known to have done, newest first.

import { h } from "./dom.js";

const part = ({ watched_fraction: watched }) => (watched === undefined ? "" : ` ${Math.round(100 * watched)} %`);

// `session`: as the API tells it, or null; at most `count` rows.
export function deeds(session, count) {
  const rows = [
    ...(session?.events || []).map((event) => [event.timestamp, event.action + part(event), event.title || event.item_id]),
    ...(session?.queries || []).map((past) => [past.timestamp, "search", past.query_text]),
  ].sort((a, b) => b[0] - a[0]).slice(0, count);
  return rows.map(([, action, text]) => h("li", {}, h("strong", {}, action.replaceAll("_", " ")), ` ${text}`));
}
