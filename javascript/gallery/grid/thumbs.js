/** Loads the thumbnails of the tiles near the window, the most urgent first. */

import { findTile } from "./pointer_events.js";

/** @import { Tile } from "./tile.js" */

// The browser itself queues them on its six connections to our server: enough wait there that no
// connection is idle while this page draws.
const AT_ONCE = 18;
// While Civitai is slow, thumbnails must not occupy all connections.
const AT_ONCE_WHEN_SLOW = 4;
const SLOW = 1200; // ms

export class Thumbs {
  /** @type {readonly Tile[]} the tiles to load, the most urgent first */
  #wanted = [];
  /** @type {(tile: Tile) => string} */
  #urlOf = () => "";
  #clock = 0;
  #isSlow = false; // until a thumbnail arrives quickly again

  /** @param {HTMLElement} list
   * @param {(id: number) => Tile | undefined} tileOf  returns the tile of an image
   * @param {(tile: Tile) => boolean} isSeen  returns whether a tile is in the window
   * @param {() => void} onFailed  called when a thumbnail has not arrived */
  constructor(list, tileOf, isSeen, onFailed) {
    const settled =
      (/** @type {(tile: Tile) => void} */ handle) => (/** @type {Event} */ event) => {
        const tile = findTile(event.target, tileOf);
        if (!tile || !(event.target instanceof HTMLImageElement)) return;
        handle(tile);
        this.#isSlow = performance.now() - tile.requestedAt > SLOW;
        this.#loadNext();
      };
    // These two do not bubble.
    list.addEventListener(
      "load",
      settled((tile) => tile.onLoaded(isSeen(tile))),
      true,
    );
    list.addEventListener(
      "error",
      settled((tile) => {
        tile.onFailed();
        onFailed();
      }),
      true,
    );
  }

  /** Load the thumbnails of these tiles, and stop loading all others.
   * @param {readonly Tile[]} tiles  the most urgent first
   * @param {(tile: Tile) => string} urlOf  returns the URL of a tile's thumbnail */
  loadThumbs(tiles, urlOf) {
    this.#wanted = tiles;
    this.#urlOf = urlOf;
    this.#loadNext();
  }

  /** Load the most urgent thumbnails, and abort those that have become less urgent. While
   * thumbnails arrive slowly, fewer are loaded at the same time. */
  #loadNext() {
    const open = this.#wanted.filter(
      (tile) => tile.isConnected && tile.needsThumb(this.#urlOf(tile)),
    );
    const now = performance.now();
    this.#isSlow ||= open.some((tile) => tile.isLoading && now - tile.requestedAt > SLOW);
    const most = this.#isSlow ? AT_ONCE_WHEN_SLOW : AT_ONCE;
    for (const tile of open.slice(most)) if (tile.isLoading) tile.abortThumb();
    for (const tile of open.slice(0, most)) tile.loadThumb(this.#urlOf(tile));
    this.#scheduleCheck(open.length);
  }

  /** Check after a pause whether thumbnails arrive slowly, unless that is already known.
   * @param {number} count  thumbnails that are missing */
  #scheduleCheck(count) {
    window.clearTimeout(this.#clock);
    if (count > 0 && !this.#isSlow) this.#clock = window.setTimeout(() => this.#loadNext(), SLOW);
  }
}
