// The shop page.

import { byId, icon, showError } from "../shared/dom.js";
import * as navigation from "../shared/navigation.js";
import { ask, attributeFacets, findValues } from "../shared/requests.js";
import { read } from "../shared/state.js";
import * as bag from "./bag.js";
import { card, skeletons } from "./cards.js";
import * as facets from "./facets.js";
import { draw, variants } from "./product.js";

const SORTS = [
  ["", "Best for you"], ["price", "Price, lowest first"], ["price:desc", "Price, highest first"],
  ["newest", "Newest"], ["popularity", "Most popular"], ["name", "Name"],
];

// The filters beside the list; those of attributes come later.
async function beside({ state, request, answer }, signal) {
  const show = (counts) => {
    const find = (name, text) => findValues(request, name, text).catch((error) => (showError(error), []));
    facets.show(counts, state, (change) => navigation.go(change(read())), find);
    byId("columns").classList.toggle("no-facets", !byId("facets").querySelector(".facet"));
  };
  show(answer.facets || {});
  if (!answer.hits.length) return;
  const extra = await attributeFacets(request, answer.hits, signal);
  if (Object.keys(extra).length) show({ ...answer.facets, ...extra });
}

byId("open-facets").prepend(icon("filter"));
ask({
  facets: ["category", "brand", "price", "available", "language"],
  fields: ["title", "brand", "category", "price", "currency", "available", "image_url", "language", "attributes"],
});
bag.install({ open: navigation.open });
navigation.start({
  words: { label: "Search the catalogue", hint: "What are you looking for?" },
  renewal: "This counts already: sort the list for you",
  searched: facets.closeSheet,
  list: {
    card, skeletons, beside, sorts: SORTS,
    words: { popular: "Popular now", personal: "For you", result: "result", how: "What others look at; it changes with what you do" },
  },
  view: { draw, card, further: variants },
});
