// What the answer says beside its hits: words left out, spelling, banners, and help where nothing was found.

import * as api from "./api.js";
import { h } from "./dom.js";
import { withFilter } from "./state.js";

// `tools`: go(state), card(hit, context), and that context.
export function notes(state, answer, tools) {
  const all = [];
  const guess = answer.did_you_mean;
  if (guess) {
    // The hits have the near words already.
    const original = () => tools.go({ ...state, spelling: "off" });
    all.push(h("p", { class: "note" }, "Did you mean ", again(guess.query, state, tools), "? Its results are here too. ",
      h("button", { type: "button", class: "link", onclick: original }, `Only “${state.q}”`)));
  }
  for (const banner of answer.banners || []) {
    const text = banner.data.title || banner.data.text;
    if (typeof text === "string") all.push(h("p", { class: "note banner" }, text));
  }
  if (answer.redirect) all.push(h("p", { class: "note" }, "There is a page about this: ", h("a", { href: answer.redirect, rel: "noreferrer" }, answer.redirect)));
  const missing = answer.missing_words || [];
  if (answer.hits.length && missing.length) {
    const words = missing.flatMap((word, row) => [row ? ", " : "", h("q", {}, word)]);
    all.push(h("p", { class: "note" }, "No result has all your words; shown without ", words, "."));
  }
  if (answer.query_cut) all.push(h("p", { class: "note" }, `A long search: ${answer.query_cut.terms_left_out} of its words were left out.`));
  if (!answer.hits.length) all.push(empty(state, answer, tools));
  return all;
}

function again(text, state, { go }) {
  return h("button", { type: "button", class: "link", onclick: () => go({ ...state, q: text, spelling: "" }) }, text);
}

function empty(state, answer, tools) {
  const fields = Object.keys(state.filters);
  const help = h("ul", { class: "help" });
  if (fields.length) {
    const none = fields.reduce((rest, field) => withFilter(rest, field, []), state);
    help.append(h("li", {}, h("button", { type: "button", class: "main-button", onclick: () => tools.go(none) }, "Remove all filters")));
  }
  help.append(h("li", {}, "Check the spelling, or use fewer and more common words."));
  if (state.q) {
    api.suggest(state.q, undefined).then(({ suggestions }) => {
      const close = suggestions.filter((one) => one.type === "query" && one.text.toLowerCase() !== state.q.toLowerCase()).slice(0, 4);
      if (close.length) help.append(h("li", {}, "Try ", close.map((one, row) => [row ? ", " : "", again(one.text, state, tools)]).flat()));
    }).catch(() => null);
  }
  const box = h("div", { class: "empty" }, h("h2", {}, state.q ? `Nothing was found for “${state.q}”` : "Nothing is left under these filters"), help);
  const { instead } = answer;
  if (!instead?.hits.length) return box;
  const shown = instead.hits.slice(0, 12);
  const title = h("h2", { id: "instead" }, instead.kind === "personal" ? "You may like instead" : "Popular instead");
  const context = { ...tools.context, moves: null, heading: "h3" };
  return h("div", {}, box, title, h("ul", { class: "grid", "aria-labelledby": "instead" }, shown.map((hit) => tools.card(hit, context))));
}
