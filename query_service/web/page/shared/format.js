// Titles, prices, names of languages, last parts of categories.

export const titleOf = (hit) => hit.source.title || hit.item_id;

export function price(source) {
  if (source.price === undefined || source.price === null) return "";
  try {
    const style = { style: "currency", currency: source.currency, currencyDisplay: "narrowSymbol" };
    return new Intl.NumberFormat(undefined, style).format(source.price);
  } catch {
    return `${source.price} ${source.currency || ""}`.trim();
  }
}

export function language(code) {
  try {
    return new Intl.DisplayNames(undefined, { type: "language" }).of(code) || code;
  } catch {
    return code;
  }
}

export const number = (value) => new Intl.NumberFormat().format(value);
export const plural = (count, one, many = `${one}s`) => `${number(count)} ${count === 1 ? one : many}`;

export function paths(source) {
  return [source.category || []].flat().filter(Boolean);
}

// The longest path of an item, root first.
export function deepest(source) {
  return paths(source).reduce((best, path) => (path.length > best.length ? path : best), "");
}

export const leaf = (path) => path.split(" > ").at(-1);

// attributes.screen_size: Screen size
export function fieldName(name) {
  const known = { category: "Category", brand: "Brand", price: "Price", available: "Availability", language: "Language" };
  if (known[name]) return known[name];
  const text = name.replace(/^attributes\./, "").replace(/[_.-]+/g, " ").trim();
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export function valueName(field, value) {
  if (field === "language") return language(value);
  if (field === "category") return leaf(value);
  if (value === "true" || value === true) return "Yes";
  if (value === "false" || value === false) return "No";
  return String(value);
}
