/** How the state shows on the grid and on its tiles. */

import { isBlurred } from "../state/content_rating";
import { isHome, isOffline, listTileIds } from "../state/state";
import type { Context, State, View } from "../types";
import type { Looks } from "./tile";

/** Hide the grid at home, and set the attributes that style it while the server is lost, the images
 * are stale, or images are marked.
 * @param list the grid's element */
export function showStateOnGrid(list: HTMLElement, { root, store, signal }: Context) {
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
 * blurred. */
export function getTileLooks(state: State, view: View): Looks {
  const ids = listTileIds(state, view.id);
  return {
    count: ids.length,
    isMarked: ids.every((id) => state.marks.has(id)),
    isFocused: state.focus === view.id,
    isBlurred: isBlurred(state, view),
  };
}
