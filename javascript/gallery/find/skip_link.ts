/** The first Tab stop: a link that skips all that is above the images. */

import { el } from "../core/dom";
import { getShown } from "../state/state";
import type { Context, State } from "../types";

/** Add a link at the top of the page that moves the focus to the images. */
export function addSkipLink({ page, translate, store, signal }: Context, focusImages: () => void) {
  const follow = (event: Event) => {
    event.preventDefault();
    focusImages();
  };
  const text = translate("skip_to_pictures");
  const props = { class: "skip button", href: "#", "data-do": "skip", text };
  const link = el("a", { ...props, on: { click: follow } });
  page.prepend(link);
  const hasImages = (state: State) => state.results === null && getShown(state).length > 0;
  const draw = (now: State) => {
    link.hidden = !hasImages(now);
  };
  store.on([hasImages], draw, { signal });
  draw(store.get());
}
