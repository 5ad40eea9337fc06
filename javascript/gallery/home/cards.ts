/** The cards of the home page, each a link to what it opens. */

import { makeBlurhash } from "../core/blurhash";
import { el, runWhileBusy } from "../core/dom";
import { type IconName, icon } from "../core/icons";

export interface CardLook {
  action: string; // the card's `data-do`
  href: string;
  name: string;
  about?: string; // a line below the name
  images: string[]; // URLs: one, or up to four that are shown as a square
  blurhash?: string; // shown until the only image is loaded
  glyph: IconName; // shown if there is no image
  badge?: string;
  open?: () => unknown;
}

/** Return a card. A plain click opens it in this page; the browser handles other clicks. */
export function makeCard({
  action,
  href,
  name,
  about,
  images,
  blurhash,
  glyph,
  badge,
  open,
}: CardLook) {
  const card = el(
    "a",
    { class: "home-card", "data-do": action, href, title: name },
    makeCover(images, glyph, blurhash),
    el("span", { class: "name", dir: "auto", text: name }),
    about ? el("span", { class: "dim", dir: "auto", text: about }) : null,
    badge ? el("span", { class: "badge", text: badge }) : null,
  );
  card.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void runWhileBusy(card, () => open?.());
  });
  return card;
}

/** Return the images of a card, or an icon if there are none.
 * @param glyph the icon, also seen until an image has loaded
 * @param blurhash of an image, shown over the icon until the image has loaded */
function makeCover(urls: string[], glyph: IconName, blurhash?: string) {
  const frame = el("span", { class: "home-cover" }, icon(glyph));
  if (blurhash) frame.append(makeBlurhash(blurhash));
  const images = el("span", { class: "home-images" });
  for (const url of urls) {
    const image = el("img", { alt: "", loading: "lazy", decoding: "async", draggable: "false" });
    image.addEventListener("load", () => image.setAttribute("data-shows", ""));
    image.addEventListener("error", () => image.remove()); // the icon below it is seen
    image.src = url;
    images.append(image);
  }
  frame.append(images);
  return frame;
}

/** Return a row of cards that can be scrolled sideways, with a heading.
 * @param key the shelf's `data-shelf`
 * @param more a button beside the heading */
export function makeShelf(key: string, title: string, cards: HTMLElement[], more?: HTMLElement) {
  return el(
    "section",
    { class: "home-shelf", "data-shelf": key },
    makeHeading(title, "", more),
    el("div", { class: "home-row" }, ...cards),
  );
}

/** Return the heading of a shelf.
 * @param more a button beside the heading */
export function makeHeading(title: string, count?: string, more?: HTMLElement) {
  return el(
    "div",
    { class: "row" },
    el("h3", { text: title }),
    count ? el("span", { class: "dim", text: count }) : null,
    more,
  );
}
