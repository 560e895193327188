// Stands in for a player: a film passes in seconds, and how much of it was watched is sent.

import { h, icon } from "../shared/dom.js";
import { titleOf } from "../shared/format.js";
import { picture } from "../shared/pictures.js";
import { onChange, record, watched } from "../shared/visitor.js";

const TICK_MS = 200;
const TICK = 0.01; // of the film
const REST_MS = 600; // after the last move of the slider, before it counts
const SKIPPED = 0.1; // a film that is left before this part counts against its like
let playing = null; // what leave() has to end

const clock = (minutes) => `${Math.floor(minutes / 60)}:${String(Math.floor(minutes % 60)).padStart(2, "0")}`;

export function player(hit, minutes) {
  let part = watched.get(hit.item_id) || 0, sent = part, timer = 0, moved = 0;
  if (part > 0.99) part = 0;
  const slider = h("input", { type: "range", min: 0, max: 100, step: 1, "aria-label": `Position in ${titleOf(hit)}` });
  const time = h("span", { class: "time", "aria-hidden": "true" });
  const note = h("p", { class: "watched", role: "status" });
  const button = h("button", { type: "button", class: "icon play-button" });
  const large = h("button", { type: "button", class: "screen-button", "aria-hidden": "true", tabindex: "-1" }, icon("play"));

  const show = () => {
    slider.value = String(Math.round(100 * part));
    slider.style.setProperty("--part", `${100 * part}%`);
    slider.setAttribute("aria-valuetext", `${Math.round(part * minutes)} of ${minutes} minutes`);
    time.textContent = `${clock(part * minutes)} / ${clock(minutes)}`;
    button.replaceChildren(icon(timer ? "pause" : "play"));
    button.setAttribute("aria-label", timer ? "Pause" : "Play");
    large.hidden = Boolean(timer);
  };
  const send = async () => {
    clearTimeout(moved);
    if (part === sent) return;
    sent = part;
    const fraction = Math.round(part * 100) / 100;
    if (!(await record("watch", hit, { watched_fraction: fraction }))) return;
    const how = fraction < SKIPPED ? "so little counts as not for you" : "it counts for what comes next";
    note.textContent = `${Math.round(100 * fraction)} % watched: ${how}.`;
  };
  const stop = () => {
    clearInterval(timer);
    timer = 0;
    show();
    return send();
  };
  const tick = () => {
    part = Math.min(1, part + TICK);
    show();
    if (part >= 1) stop();
  };
  const press = () => {
    if (timer) return stop();
    if (part >= 1) part = 0;
    timer = setInterval(tick, TICK_MS);
    show();
  };
  button.addEventListener("click", press);
  large.addEventListener("click", press);
  slider.addEventListener("input", () => {
    part = Number(slider.value) / 100;
    show();
    clearTimeout(moved);
    if (!timer) moved = setTimeout(send, REST_MS);
  });
  onChange((action) => { // what the session says may come after the view
    if (action || timer || part !== sent) return;
    part = sent = watched.get(hit.item_id) || 0;
    show();
  });
  show();
  playing = stop;
  return h("div", { class: "player" },
    h("div", { class: "screen" }, h("div", { class: "blur", "aria-hidden": "true" }, picture(hit.source, true)), h("div", { class: "still" }, picture(hit.source, true)), large),
    h("div", { class: "player-bar" }, button, slider, time), note);
}

// The view is left: what was watched until now is sent.
export function leave() {
  playing?.();
  playing = null;
}
