// A film: its poster in a grid, and its view with the player.

import { comments } from "../shared/comments.js";
import { h, icon, marked, plainText } from "../shared/dom.js";
import { leaf, paths, titleOf } from "../shared/format.js";
import { openLink } from "../shared/links.js";
import { picture } from "../shared/pictures.js";
import { likeButton, onChange, record, watched } from "../shared/visitor.js";
import { whyButton } from "../shared/why.js";
import { player } from "./player.js";

const genres = (source) => paths(source).map(leaf);

export function duration(minutes) {
  const hours = Math.floor(minutes / 60);
  return hours ? `${hours} h ${Math.round(minutes % 60)} min` : `${Math.round(minutes)} min`;
}

export const facts = (source) => [source.attributes?.year, genres(source).join(", ")].filter(Boolean).join(" · ");

// A bar along the foot of a poster: how much of the film was watched.
function progress(id) {
  const bar = h("span", {});
  const track = h("span", { class: "progress", "aria-hidden": "true" }, bar);
  const show = () => {
    track.hidden = !watched.has(id);
    bar.style.width = `${100 * (watched.get(id) || 0)}%`;
  };
  show();
  onChange(show);
  return track;
}

export function card(hit, context) {
  const { source } = hit, title = titleOf(hit), link = openLink(hit, context);
  const words = hit.highlight?.title ? marked(hit.highlight.title) : title;
  const move = context.moves?.get(hit.item_id), minutes = Number(source.attributes?.minutes);
  const item = h("li", { class: "card film", "data-item": hit.item_id },
    h("div", { class: "shot" },
      h("a", { ...link, tabindex: "-1", "aria-hidden": "true" }, picture(source, context.eager), h("span", { class: "play" }, icon("play"))),
      move ? h("span", { class: "move" }, move) : null,
      minutes ? h("span", { class: "minutes" }, duration(minutes)) : null, progress(hit.item_id)),
    h("div", { class: "text" },
      h(context.heading || "h2", { class: "name" }, h("a", { ...link, class: "title", lang: source.language || null }, words)),
      h("p", { class: "facts" }, facts(source))));
  const why = hit.explanation ? whyButton(hit.explanation, title) : [];
  item.append(h("div", { class: "foot" }, why[0] || h("span", {}), likeButton(hit)), ...why.slice(1));
  return item;
}

export function draw(hit) {
  const { source } = hit, title = titleOf(hit), { minutes = 90, year, cast = [], replies = [] } = source.attributes || {};
  const dislike = h("button", { type: "button", class: "quiet-button", onclick: () => record("dislike", hit) }, "Not for me");
  const people = [cast].flat().filter(Boolean).join(", ");
  const rows = [["Directed by", source.brand], ["With", people], ["Genre", genres(source).join(", ")]].filter(([, value]) => value);
  return [player(hit, Number(minutes) || 90),
    h("div", { class: "film-head" },
      h("div", {},
        h("h2", { id: "item-title", tabindex: "-1", lang: source.language || null }, title),
        h("p", { class: "quiet" }, [year, duration(Number(minutes) || 90)].filter(Boolean).join(" · "))),
      h("div", { class: "buttons icons" }, likeButton(hit), dislike)),
    source.description ? h("p", { class: "description", lang: source.language || null }, plainText(source.description)) : "",
    h("dl", { class: "facts-list" }, rows.flatMap(([name, value]) => [h("dt", {}, name), h("dd", {}, value)])),
    ...(hit.explanation ? whyButton(hit.explanation, title) : []),
    h("section", {}, h("h3", {}, "Comments"), comments(hit, [replies].flat().map(String)))].filter(Boolean);
}

export const skeletons = () =>
  Array.from({ length: 12 }, () => h("li", { class: "card film skeleton", "aria-hidden": "true" }, h("div", { class: "shot" })));
