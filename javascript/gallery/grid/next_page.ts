/** Decides when to load the gallery's next page. */

import { getSetting } from "../state/state";
import type { State } from "../types";
import type { Viewport } from "./viewport";

const AHEAD = 2; // screens below the window for which images should be loaded
const AHEAD_SPARING = 0.25; // in a search, and if the setting says not to load in advance
const AHEAD_TIME = 1000; // ms of scrolling at the current speed that should be loaded

/** Return whether to load the next page, because the window is near the end. While the loaded images
 * are filtered by words, a page is loaded only if enough images of the earlier pages match.
 * @param height of the grid, in pixels
 * @param speed of scrolling downwards, in pixels a millisecond */
export function needsNextPage(
  state: State,
  { bottom, screen }: Viewport,
  height: number,
  speed: number,
) {
  const { loading, ended, problems, images, loadedWords, results } = state;
  if (loading || ended || problems.images) return false;
  if (results || !(images.length || state.searchProgress)) return false;
  const isSearched = loadedWords !== "";
  if (isSearched && state.searchReading !== "enough") return false;
  const isSparing = isSearched || getSetting(state.bootstrap, "usergallery_preloading") === false;
  const ahead = isSparing ? AHEAD_SPARING * screen : AHEAD * screen + AHEAD_TIME * speed;
  return bottom + ahead > height;
}

/** The speed of scrolling downwards, in pixels a millisecond. It is 0 when images only move because
 * something above them has grown. */
export class ScrollSpeed {
  value = 0;
  #hasScrolled = false;
  #top = 0;
  #time = 0; // performance.now()

  /** Record that the user has scrolled since the last measurement. */
  noteScroll() {
    this.#hasScrolled = true;
  }

  /** Measure the speed since the last call, and store it in `value`.
   * @param top upper edge of the window in the grid, in pixels */
  measure(top: number) {
    const now = performance.now();
    const passed = this.#hasScrolled ? Math.max(0, top - this.#top) : 0;
    this.value = passed / Math.max(1, now - this.#time);
    this.#hasScrolled = false;
    this.#top = top;
    this.#time = now;
  }
}
