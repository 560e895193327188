// From the state of the page to requests: which facets to ask for, and which languages to leave out.

import * as api from "./api.js";
import { filters } from "./state.js";

export const SIZE = 24;
const asks = { facets: [], fields: [] };
const MOST_ATTRIBUTES = 5; // facets of attributes beside those
const LEAST_SHARE = 0.2; // of the hits that have the attribute
const HIGHLIGHT = { fields: ["title"], pre: "<mark>", post: "</mark>" };
const notFacets = new Set(); // attributes that the service does not count
let languages = null; // of the catalogue: a promise of its codes

// `facets` and `fields` that the page's lists have.
export const ask = (given) => Object.assign(asks, given);

const primary = (code) => code.toLowerCase().split("-")[0];

// The languages of the catalogue that the browser's owner reads, and the others. Nothing is left
// out where none is known to be read, or where a language, brand or attribute is asked for; nor
// where items are translated: those in the owner's languages come first.
export async function readable(state) {
  const chosen = Object.keys(state.filters).some((field) => field !== "category" && field !== "price");
  if (state.q || chosen || state.lang === "all") return { read: [], others: [] };
  languages ||= api.hits({ size: 0, personalize: false, collapse: false, facets: ["language"] })
    .then((answer) => (answer.language ? [] : answer.facets?.language?.values || []).map((one) => String(one.value)))
    .catch(() => {
      languages = null;
      return [];
    });
  const own = new Set((navigator.languages || [navigator.language]).map(primary));
  const all = await languages;
  const read = all.filter((code) => own.has(primary(code)));
  const others = all.filter((code) => !own.has(primary(code)));
  return read.length && others.length ? { read, others } : { read: [], others: [] };
}

export async function firstPage(state, unwanted, { signal, personalize = true, size = SIZE } = {}) {
  const chosen = Object.keys(state.filters).filter((field) => field.startsWith("attributes."));
  const request = {
    ...(state.q && { query: state.q, highlight: HIGHLIGHT }),
    ...(state.q && state.spelling === "off" && { spelling: false }),
    ...(state.sort && { sort: sortOf(state.sort) }),
    filters: filters(state, unwanted), fields: asks.fields, facets: [...asks.facets, ...chosen].map(withBuckets),
    size, explain: true, personalize,
  };
  return { request, answer: await api.hits(request, signal) };
}

export function sortOf(text) {
  const [by, order] = text.split(":");
  return order ? { by, order } : by;
}

function withBuckets(name) {
  return name === "price" ? { name, buckets: 12 } : name;
}

// Counts of the attributes that many of the hits have; what is no facet is found out once.
export async function attributeFacets(request, hits, signal) {
  const counts = new Map();
  for (const hit of hits) {
    for (const name of Object.keys(hit.source.attributes || {})) counts.set(name, (counts.get(name) || 0) + 1);
  }
  const asked = new Set(request.facets.map((facet) => facet.name || facet));
  let names = [...counts].filter(([, count]) => count >= LEAST_SHARE * hits.length)
    .sort((a, b) => b[1] - a[1]).map(([name]) => `attributes.${name}`)
    .filter((name) => !asked.has(name) && !notFacets.has(name)).slice(0, MOST_ATTRIBUTES);
  for (let tries = 0; tries < 2 && names.length; tries++) {
    try {
      const { highlight, ...bare } = request;
      const answer = await api.hits({ ...bare, size: 0, explain: false, facets: names }, signal);
      return answer.facets || {};
    } catch (error) {
      if (error.status !== 422) throw error;
      const wrong = names.filter((name) => error.message.includes(name.slice(11)) || error.message.includes(name));
      (wrong.length ? wrong : names).forEach((name) => notFacets.add(name));
      names = names.filter((name) => !notFacets.has(name));
    }
  }
  return {};
}

export async function findValues(request, name, text) {
  const answer = await api.hits({ ...request, highlight: undefined, size: 0, explain: false, facets: [{ name, facet_query: text, size: 30 }] });
  return answer.facets?.[name]?.values || [];
}

