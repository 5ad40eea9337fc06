/** Fetches the thumbnails of the tiles near the window: a few at once, what is seen first. */

import { tileAt } from "./presses.js";

/** @typedef {import("./tile.js").Tile} Tile */

// A browser has six connections to our server: a picture host that is silent must not hold them all.
const AT_ONCE = 4;

export class Thumbs {
  /** @type {readonly Tile[]} those that should have theirs, the first ones first */
  #wanted = [];
  /** @type {(tile: Tile) => string} */
  #urlOf = () => "";

  /**
   * @param {HTMLElement} list
   * @param {(id: number) => Tile | undefined} tileOf
   * @param {(tile: Tile) => boolean} isSeen
   */
  constructor(list, tileOf, isSeen) {
    const settled = (/** @type {(tile: Tile) => void} */ tell) => (/** @type {Event} */ event) => {
      const tile = tileAt(event.target, tileOf);
      if (!tile || !(event.target instanceof HTMLImageElement)) return;
      tell(tile);
      this.#go();
    };
    // These two do not bubble.
    list.addEventListener(
      "load",
      settled((tile) => tile.onLoaded(isSeen(tile))),
      true,
    );
    list.addEventListener(
      "error",
      settled((tile) => tile.onFailed()),
      true,
    );
  }

  /**
   * @param {readonly Tile[]} tiles
   * @param {(tile: Tile) => string} urlOf
   */
  want(tiles, urlOf) {
    this.#wanted = tiles;
    this.#urlOf = urlOf;
    this.#go();
  }

  #go() {
    let free = AT_ONCE - this.#wanted.filter((tile) => tile.isLoading).length;
    for (const tile of this.#wanted) {
      if (free <= 0) return;
      if (tile.element.isConnected && tile.load(this.#urlOf(tile))) free -= 1;
    }
  }
}
