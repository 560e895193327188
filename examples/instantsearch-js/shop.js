// A small shop with InstantSearch.js. The service's address: ?service=127.0.0.1:8080
import { liteClient } from "algoliasearch/lite";
import insightsClient from "search-insights";
import instantsearch from "instantsearch.js";
import {
  breadcrumb, clearRefinements, configure, currentRefinements, hierarchicalMenu, hits,
  hitsPerPage, numericMenu, pagination, queryRuleCustomData, rangeInput, rangeSlider, ratingMenu,
  refinementList, searchBox, sortBy, stats, toggleRefinement,
} from "instantsearch.js/es/widgets";

const service = new URLSearchParams(location.search).get("service") ?? "127.0.0.1:8080";
const protocol = "http";
// The service knows neither applications nor keys: the library wants some text.
const [application, key] = ["live-intent", "none"];
const searchClient = liteClient(application, key, {
  hosts: [{ url: service, accept: "readWrite", protocol }],
  timeouts: { connect: 5000, read: 10000, write: 30000 }, // ms; a busy development machine is slow
});
insightsClient("init", {
  appId: application, apiKey: key, host: `${protocol}://${service}`, useCookie: true,
});

const search = instantsearch({
  indexName: "items",
  searchClient,
  insights: { insightsClient },
  routing: false,
  future: { preserveSharedStateOnUnmount: true },
});

const followRedirects = {
  render: ({ results }) => {
    const url = results?.renderingContent?.redirect?.url;
    if (url) location.assign(url);
  },
};

search.addWidgets([
  configure({ hitsPerPage: 6, attributesToSnippet: ["description:12"] }),
  searchBox({ container: "#searchbox", placeholder: "Search" }),
  queryRuleCustomData({
    container: "#banner",
    templates: { default: ({ items }, { html }) => items.map((item) => html`<p>${item.text}</p>`) },
  }),
  stats({ container: "#stats" }),
  sortBy({
    container: "#sort",
    items: [
      { label: "Relevance", value: "items" },
      { label: "Cheapest", value: "items_price_asc" },
      { label: "Dearest", value: "items_price_desc" },
    ],
  }),
  hitsPerPage({
    container: "#per-page",
    items: [{ label: "6", value: 6, default: true }, { label: "12", value: 12 }],
  }),
  currentRefinements({ container: "#current" }),
  clearRefinements({ container: "#clear" }),
  breadcrumb({ container: "#breadcrumb", attributes: ["category.lvl0", "category.lvl1", "category.lvl2"] }),
  hierarchicalMenu({
    container: "#categories",
    attributes: ["category.lvl0", "category.lvl1", "category.lvl2"],
  }),
  refinementList({ container: "#brands", attribute: "brand", searchable: true, operator: "or" }),
  refinementList({ container: "#colours", attribute: "attributes.colour", operator: "and" }),
  rangeInput({ container: "#price", attribute: "price" }),
  rangeSlider({ container: "#price-slider", attribute: "price" }),
  numericMenu({
    container: "#price-menu",
    attribute: "price",
    items: [{ label: "Any price" }, { label: "Under 50", end: 50 }, { label: "From 50", start: 50 }],
  }),
  ratingMenu({ container: "#rating", attribute: "attributes.rating", max: 5 }),
  toggleRefinement({
    container: "#available", attribute: "available", on: true, templates: { labelText: "In stock" },
  }),
  hits({
    container: "#hits",
    templates: {
      item: (hit, { html, components, sendEvent }) => html`
        <article onClick=${() => sendEvent("click", hit, "Hit Clicked")}>
          <h4>${components.Highlight({ hit, attribute: "title" })}</h4>
          <p>${hit.brand}, ${hit.price}</p>
          <small>${components.Snippet({ hit, attribute: "description" })}</small>
        </article>`,
    },
  }),
  pagination({ container: "#pagination" }),
  followRedirects,
]);
search.start();
