/** How the state shows on the grid and on its tiles. */

import { isBlurred } from "../state/content_rating.js";
import { isHome, isOffline, listTileIds } from "../state/state.js";

/** @import { Context, State, View } from "../types.js" */

/** Hide the grid at home, and set the attributes that style it while the server is lost, the images
 * are stale, or images are marked.
 * @param {HTMLElement} list  the grid's element
 * @param {Context} context */
export function showStateOnGrid(list, { root, store, signal }) {
  const hideAtHome = () => {
    list.style.visibility = isHome(store.get()) ? "hidden" : ""; // its width is still known
  };
  store.on([isHome], hideAtHome, { signal });
  hideAtHome();
  const isLost = () => list.toggleAttribute("data-lost", isOffline(store.get()));
  store.on([isOffline], isLost, { signal });
  const isMarking = () => root.host.toggleAttribute("data-marking", store.get().marks.size > 0);
  store.on(["marks"], isMarking, { signal });
  store.on(["stale"], ({ stale }) => list.toggleAttribute("data-stale", stale), { signal });
}

/** Return how an image's tile is drawn: its number of images, and whether it is marked, focused or
 * blurred.
 * @param {State} state
 * @param {View} view
 * @returns {import("./tile.js").Looks} */
export function getTileLooks(state, view) {
  const ids = listTileIds(state, view.id);
  return {
    count: ids.length,
    isMarked: ids.every((id) => state.marks.has(id)),
    isFocused: state.focus === view.id,
    isBlurred: isBlurred(state, view),
  };
}
