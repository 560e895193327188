// The page of a film library: posters, a player, and what to watch next.

import * as api from "../shared/api.js";
import { byId } from "../shared/dom.js";
import * as navigation from "../shared/navigation.js";
import { ask } from "../shared/requests.js";
import * as results from "../shared/results.js";
import { shelf } from "../shared/shelf.js";
import { listOf, NOWHERE, read } from "../shared/state.js";
import * as topics from "../shared/topics.js";
import { liked, onChange, watched } from "../shared/visitor.js";
import { card, draw, facts, skeletons } from "./film.js";
import { leave } from "./player.js";

const BEGUN = 0.1, ENDED = 0.95; // parts of a film that was begun, and of one that was seen
const SHOWN = 8;

// The films that were begun and not ended, the last one first; on the start page alone.
async function goOn() {
  const ids = [...watched].filter(([, part]) => part >= BEGUN && part < ENDED).map(([id]) => id).reverse().slice(0, SHOWN);
  const isStart = listOf(read()) === listOf(NOWHERE);
  byId("continue").hidden = !ids.length || !isStart;
  if (byId("continue").hidden) return;
  const hits = await api.items(ids).catch(() => []);
  const context = { state: read(), open: navigation.open, heading: "h3" };
  byId("continue-list").replaceChildren(...hits.map(({ explanation, ...hit }) => card(hit, context)));
}

ask({
  facets: ["category"],
  fields: ["title", "brand", "category", "image_url", "language", "attributes"],
});
shelf({
  icon: "like", label: "Liked films", title: "What you liked", none: "You have liked nothing yet.", ids: () => [...liked],
  note: (hit) => facts(hit.source), open: navigation.open,
});
shelf({
  icon: "film", label: "Watched films", title: "What you watched", none: "You have watched nothing yet.", ids: () => [...watched.keys()].reverse(),
  note: (hit) => `${Math.round(100 * watched.get(hit.item_id))} % watched`, open: navigation.open,
});
onChange(goOn);
results.onShown(goOn);
navigation.start({
  words: { label: "Search the films", hint: "Search films, genres and directors" },
  groups: { category: "Genres", brand: "Directors", item: "Films" },
  renewal: "This counts already: choose again for you",
  list: {
    card, skeletons, ownFilters: ["category"], beside: (shown) => topics.show(shown, "All films"),
    sorts: [["", "Best for you"], ["popularity", "Most watched"], ["newest", "Newest"], ["name", "Title"]],
    words: { page: "Films", popular: "Popular now", personal: "For you", result: "film", how: "What others watch; it changes with what you watch" },
  },
  view: { draw, card, left: leave },
});
