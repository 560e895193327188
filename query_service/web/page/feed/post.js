// A post: in the list, whole in its view, and small beside another.

import { comments } from "../shared/comments.js";
import { announce, h, icon, marked, plainText } from "../shared/dom.js";
import { deepest, leaf, titleOf } from "../shared/format.js";
import { openLink } from "../shared/links.js";
import { picture } from "../shared/pictures.js";
import { address } from "../shared/state.js";
import { comments as own, disliked, liked, likeButton, record, shared, toggle } from "../shared/visitor.js";
import { whyButton } from "../shared/why.js";

const LONG = 280; // characters of a text that the list cuts
const HUES = 12; // of the discs that stand for people

function disc(name) {
  const sum = [...name].reduce((total, character) => total + character.codePointAt(0), 0);
  const letters = name.split(/\s+/u).map((word) => [...word][0] || "").slice(0, 2).join("");
  return h("span", { class: `disc hue-${sum % HUES}`, "aria-hidden": "true" }, letters.toUpperCase());
}

function day(source) {
  const date = new Date(source.updated_at);
  return Number.isNaN(date.getTime()) ? "" : new Intl.DateTimeFormat(undefined, { day: "numeric", month: "short" }).format(date);
}

function writer(hit, move) {
  const { source } = hit;
  return h("header", { class: "writer" }, disc(source.brand || "?"),
    h("div", {}, h("p", { class: "name" }, source.brand || "Somebody"),
      h("p", { class: "quiet" }, [leaf(deepest(source)), day(source)].filter(Boolean).join(" · "))),
    move ? h("span", { class: "moved" }, move) : null);
}

async function share(hit) {
  const link = address({ q: "", filters: {}, item: hit.item_id });
  await navigator.clipboard?.writeText(link).catch(() => null);
  if (await record("share", hit)) announce("The link is copied");
}

// The controls below a post, and what they open.
function controls(hit, isWhole) {
  const { likes = 0, comments: said = 0, replies = [] } = hit.source.attributes || {};
  const others = [replies].flat().map(String);
  const talk = comments(hit, others);
  talk.hidden = !isWhole;
  const bar = h("div", { class: "controls" },
    likeButton(hit, () => Number(likes) + liked.has(hit.item_id)),
    toggle({
      name: "comment", label: `Comments: ${titleOf(hit)}`, isOn: () => own.has(hit.item_id),
      count: () => Number(said) + (own.get(hit.item_id) || []).length,
      press: (event) => {
        talk.hidden = isWhole ? false : !talk.hidden;
        event.currentTarget.setAttribute("aria-expanded", String(!talk.hidden));
        if (!talk.hidden) talk.querySelector("input").focus();
      },
    }),
    toggle({ name: "share", label: `Share: ${titleOf(hit)}`, isOn: () => shared.has(hit.item_id), press: () => share(hit) }),
    isWhole ? null : h("button", { type: "button", class: "icon", "aria-label": `Not for me: ${titleOf(hit)}`, onclick: (event) => dismiss(event, hit) }, icon("hide")));
  const why = hit.explanation ? whyButton(hit.explanation, titleOf(hit)) : [];
  bar.append(...why.slice(0, 1));
  return [bar, ...why.slice(1), talk];
}

async function dismiss(event, hit) {
  const item = event.currentTarget.closest("li");
  if (!(await record("dislike", hit))) return;
  const next = item.nextElementSibling || item.previousElementSibling;
  item.replaceChildren(h("p", { class: "quiet" }, "You will see less like this."));
  item.classList.add("dismissed");
  next?.querySelector(".title")?.focus({ preventScroll: true });
}

function shot(hit, eager) {
  return hit.source.image_url ? h("div", { class: "scene" }, picture(hit.source, eager)) : null;
}

// `context`: see `openLink`; with a `heading` it is a small card in another list.
export function card(hit, context) {
  const { source } = hit, title = titleOf(hit), link = openLink(hit, context);
  const words = hit.highlight?.title ? marked(hit.highlight.title) : title;
  const heading = h(context.heading || "h2", { class: "headline" }, h("a", { ...link, class: "title", lang: source.language || null }, words));
  if (context.heading) return h("li", { class: "card small-post", "data-item": hit.item_id }, writer(hit), heading, shot(hit));
  const text = plainText(source.description || "");
  const node = h("li", { class: "card post", "data-item": hit.item_id },
    writer(hit, context.moves?.get(hit.item_id)), heading,
    text ? h("p", { class: text.length > LONG ? "body long" : "body", lang: source.language || null }, text) : null,
    shot(hit, context.row < 3), controls(hit, false));
  if (disliked.has(hit.item_id)) node.classList.add("dismissed");
  return node;
}

export function draw(hit) {
  const { source } = hit;
  return [h("div", { class: "post whole" }, writer(hit),
    h("h2", { id: "item-title", tabindex: "-1", lang: source.language || null }, titleOf(hit)),
    h("p", { class: "body", lang: source.language || null }, plainText(source.description || "")),
    shot(hit, true), controls(hit, true))];
}

export const skeletons = () => Array.from({ length: 3 }, () => h("li", { class: "card post skeleton", "aria-hidden": "true" }));
