/** The first Tab stop: a link that skips all that is above the images. */

import { el } from "../core/dom.js";
import { getShown } from "../state/state.js";

/** @import { Context, State } from "../types.js" */

/** Add a link at the top of the page that moves the focus to the images.
 * @param {Context} context
 * @param {() => void} focusImages */
export function addSkipLink({ page, translate, store, signal }, focusImages) {
  const follow = (/** @type {Event} */ event) => {
    event.preventDefault();
    focusImages();
  };
  const text = translate("skip_to_pictures");
  const props = { class: "skip button", href: "#", "data-do": "skip", text };
  const link = el("a", { ...props, on: { click: follow } });
  page.prepend(link);
  const hasImages = (/** @type {State} */ state) =>
    state.results === null && getShown(state).length > 0;
  const draw = (/** @type {State} */ now) => {
    link.hidden = !hasImages(now);
  };
  store.on([hasImages], draw, { signal });
  draw(store.get());
}
