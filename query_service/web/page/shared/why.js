// "Why this?": the shares of a hit's score as a small picture of bars.

import { h } from "./dom.js";

const SHOWN = 6;
const KINDS = {
  query: "Your search", search_history: "Earlier search", event: "What you did", user_history: "Earlier visit",
  item: "The item itself", model: "Learned", identifier: "Its number", diversity: "Variety", rule: "The shop's rule",
};

export function why(explanation) {
  const shares = [...explanation.shares].sort((a, b) => Math.abs(b.value) - Math.abs(a.value));
  const most = Math.max(1e-9, ...shares.map((share) => Math.abs(share.value)));
  const rows = shares.slice(0, SHOWN).map((share) => {
    const bar = h("span", { class: `portion ${share.value < 0 ? "against" : "for"} kind-${share.kind}` });
    bar.style.width = `${Math.max(2, (100 * Math.abs(share.value)) / most)}%`;
    const value = `${share.value < 0 ? "−" : "+"}${Math.abs(share.value).toFixed(3)}`;
    return h("li", {},
      h("span", { class: "share-kind" }, KINDS[share.kind] || share.kind, h("span", { class: "share-value" }, value)),
      h("span", { class: "share-track", "aria-hidden": "true" }, bar),
      h("span", { class: "share-label" }, share.label));
  });
  return h("div", { class: "why-panel" },
    h("p", { class: "why" }, explanation.why),
    h("ul", { class: "shares" }, rows),
    shares.length > SHOWN ? h("p", { class: "quiet" }, `and ${shares.length - SHOWN} smaller shares`) : null);
}

// A quiet button that opens the picture below it; `extra` keeps the panel out of the way of the layout.
export function whyButton(explanation, title) {
  const panel = h("div", { class: "why-slot", hidden: true });
  const button = h("button", {
    type: "button", class: "why-button", "aria-expanded": "false", "aria-label": `Why this? ${title}`,
    onclick: () => {
      const opens = panel.hidden;
      if (opens && !panel.firstChild) panel.append(why(explanation));
      panel.hidden = !opens;
      button.setAttribute("aria-expanded", String(opens));
    },
  }, "Why this?");
  return [button, panel];
}
