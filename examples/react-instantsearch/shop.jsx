// A small shop with React InstantSearch. The service's address: ?service=127.0.0.1:8080
import algoliasearch from "algoliasearch/lite"; // version 4; instantsearch-js has version 5
import { createRoot } from "react-dom/client";
import {
  ClearRefinements, Configure, CurrentRefinements, DynamicWidgets, HierarchicalMenu, Highlight,
  InfiniteHits, InstantSearch, Menu, RangeInput, RefinementList, SearchBox, SortBy, Stats,
  ToggleRefinement,
} from "react-instantsearch";

const service = new URLSearchParams(location.search).get("service") ?? "127.0.0.1:8080";
const searchClient = algoliasearch("live-intent", "none", {
  hosts: [{ url: service, protocol: "http" }],
  timeouts: { connect: 5, read: 10, write: 30 }, // seconds; a busy development machine is slow
});

function Hit({ hit }) {
  return (
    <article>
      <h4><Highlight attribute="title" hit={hit} /></h4>
      <p>{hit.brand}, {hit.price}</p>
    </article>
  );
}

function Shop() {
  return (
    <InstantSearch indexName="items" searchClient={searchClient}>
      <Configure hitsPerPage={6} userToken="anonymous-react" />
      <SearchBox placeholder="Search" />
      <Stats />
      <SortBy
        items={[
          { label: "Relevance", value: "items" },
          { label: "Cheapest", value: "items/sort/price:asc" },
        ]}
      />
      <CurrentRefinements />
      <ClearRefinements />
      <main>
        <aside>
          <h3>Category</h3>
          <HierarchicalMenu attributes={["category.lvl0", "category.lvl1"]} />
          <h3>Brand</h3>
          <RefinementList attribute="brand" searchable />
          <h3>Price</h3>
          <RangeInput attribute="price" />
          <ToggleRefinement attribute="available" label="In stock" />
          <h3>More</h3>
          <DynamicWidgets fallbackComponent={Menu} facets={["*"]} />
        </aside>
        <InfiniteHits hitComponent={Hit} />
      </main>
    </InstantSearch>
  );
}

createRoot(document.getElementById("shop")).render(<Shop />);
