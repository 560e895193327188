// What the page shows, as its address says: query, sort, filters, item. `price=10~50` is a range.

const OWN = ["q", "sort", "item", "lang", "spelling"];
const RANGE = /^(-?[\d.]*)~(-?[\d.]*)$/;

export const NOWHERE = { q: "", sort: "", item: "", lang: "", spelling: "", filters: {} };

export function read() {
  const state = { ...NOWHERE, filters: {} };
  for (const [name, value] of new URL(location.href).searchParams) {
    if (OWN.includes(name)) state[name] = value.trim();
    else if (value && name !== "constructor") (state.filters[name] ||= []).push(value);
  }
  return state;
}

export function address(state) {
  const url = new URL(location.href);
  url.search = url.hash = "";
  for (const name of OWN) if (state[name]) url.searchParams.set(name, state[name]);
  for (const [field, values] of Object.entries(state.filters)) {
    for (const value of values) url.searchParams.append(field, value);
  }
  return url.href;
}

// The same list, whatever item is open above it.
export const listOf = (state) => address({ ...state, item: "" });

export function range(value) {
  const parts = RANGE.exec(value);
  return parts && { low: parts[1], high: parts[2] };
}

export function withFilter(state, field, values) {
  const filters = { ...state.filters };
  if (values.length) filters[field] = values;
  else delete filters[field];
  return { ...state, filters };
}

export function toggled(state, field, value) {
  const values = state.filters[field] || [];
  const without = values.filter((other) => other !== value);
  return withFilter(state, field, without.length === values.length ? [...values, value] : without);
}

// The filters of a request; `unwanted`: languages to leave out.
export function filters(state, unwanted = []) {
  const request = {}, attributes = {};
  for (const [field, values] of Object.entries(state.filters)) {
    const bounds = range(values[0]);
    let wanted = values.map((value) => (value === "true" ? true : value === "false" ? false : value));
    if (wanted.length === 1) wanted = wanted[0];
    if (bounds) {
      wanted = {};
      if (bounds.low !== "") wanted.gte = Number(bounds.low);
      if (bounds.high !== "") wanted.lte = Number(bounds.high);
    }
    if (field.startsWith("attributes.")) attributes[field.slice(11)] = wanted;
    else request[field] = wanted;
  }
  if (Object.keys(attributes).length) request.attributes = attributes;
  if (unwanted.length) request.language = { not: unwanted };
  return Object.keys(request).length ? request : undefined;
}
