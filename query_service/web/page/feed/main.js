// The page of a feed: posts in one column, chosen by what the visitor likes, comments on and shares.

import * as api from "../shared/api.js";
import { deeds } from "../shared/deeds.js";
import { byId } from "../shared/dom.js";
import * as navigation from "../shared/navigation.js";
import { ask } from "../shared/requests.js";
import { shelf } from "../shared/shelf.js";
import * as topics from "../shared/topics.js";
import { liked, onChange } from "../shared/visitor.js";
import { card, draw, skeletons } from "./post.js";

const SHOWN = 8;

async function because() {
  const rows = deeds(await api.ownSession().catch(() => null), SHOWN);
  byId("because").replaceChildren(...rows);
  byId("because-none").hidden = Boolean(rows.length);
}

ask({
  facets: ["category"],
  fields: ["title", "description", "brand", "category", "image_url", "language", "updated_at", "attributes"],
});
shelf({
  icon: "like", label: "Liked posts", title: "What you liked", none: "You have liked nothing yet.", ids: () => [...liked],
  note: (hit) => hit.source.brand || "", open: navigation.open,
});
onChange(because);
navigation.start({
  words: { label: "Search the posts", hint: "Search posts, topics and people" },
  groups: { category: "Topics", brand: "People", item: "Posts" },
  renewal: "Your feed has changed: show it",
  list: {
    card, skeletons, endless: true, ownFilters: ["category"], beside: (shown) => topics.show(shown, "All topics"),
    sorts: [["", "For you"], ["newest", "Newest"], ["popularity", "Most liked"]],
    words: {
      page: "Feed", popular: "Popular now", personal: "For you", result: "post", how: "What others like; it changes with what you like",
      turn: "From here on, what you just did counts",
    },
  },
  view: { draw, card },
});
