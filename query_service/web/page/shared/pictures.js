// An item's picture, or a drawn tile where it has none that this page may load.

import { h } from "./dom.js";
import { deepest, leaf } from "./format.js";

export function picture(source, eager = false) {
  const tile = () => h("span", { class: "no-picture", "aria-hidden": "true" }, (leaf(deepest(source)) || source.title || "?").slice(0, 1));
  if (!source.image_url) return tile();
  const image = h("img", { src: source.image_url, alt: "", width: 320, height: 320, loading: eager ? "eager" : "lazy" });
  image.addEventListener("error", () => image.replaceWith(tile()), { once: true });
  return image;
}
