/** Loads the thumbnails of the tiles near the window, the most urgent first. */

import type { Tile } from "./tile";
import type { Tiles } from "./tiles";

// The browser itself queues them on its six connections to our server: enough wait there that no
// connection is idle while this page draws.
const AT_ONCE = 18;
// While Civitai is slow, thumbnails must not occupy all connections.
const AT_ONCE_WHEN_SLOW = 4;
const SLOW = 1200; // ms

export class Thumbs {
  /** URLs by the tiles to load, the most urgent first */
  #wanted: ReadonlyMap<Tile, string> = new Map();
  #clock = 0;
  #isSlow = false; // until a thumbnail arrives quickly again

  /** @param isSeen returns whether a tile is in the window
   * @param onFailed called when a thumbnail has not arrived */
  constructor(
    list: HTMLElement,
    tiles: Tiles,
    isSeen: (tile: Tile) => boolean,
    onFailed: () => void,
  ) {
    const onSettled = ({ type, target }: Event) => {
      const tile = tiles.findTile(target);
      if (!tile || !(target instanceof HTMLImageElement)) return;
      this.#isSlow = performance.now() - tile.requestedAt > SLOW;
      if (type === "load") tile.onLoaded(isSeen(tile));
      else {
        tile.onFailed();
        onFailed();
      }
      this.#loadNext();
    };
    // These two do not bubble.
    list.addEventListener("load", onSettled, true);
    list.addEventListener("error", onSettled, true);
  }

  /** Load the thumbnails of these tiles, some at a time, and stop loading all others.
   * @param wanted URLs by tile, the most urgent first */
  loadThumbs(wanted: ReadonlyMap<Tile, string>) {
    this.#wanted = wanted;
    this.#loadNext();
  }

  /** Load the most urgent thumbnails, and abort those that have become less urgent. While
   * thumbnails arrive slowly, fewer are loaded at the same time. */
  #loadNext() {
    const open = [...this.#wanted].filter(
      ([tile, url]) => tile.element.isConnected && tile.needsThumb(url),
    );
    const now = performance.now();
    this.#isSlow ||= open.some(([tile]) => tile.isLoading && now - tile.requestedAt > SLOW);
    const most = this.#isSlow ? AT_ONCE_WHEN_SLOW : AT_ONCE;
    for (const [tile] of open.slice(most)) if (tile.isLoading) tile.removeThumb();
    for (const [tile, url] of open.slice(0, most)) tile.loadThumb(url);
    this.#scheduleCheck(open.length);
  }

  /** Check after a pause whether thumbnails arrive slowly, unless that is already known.
   * @param count thumbnails that are missing */
  #scheduleCheck(count: number) {
    window.clearTimeout(this.#clock);
    if (count > 0 && !this.#isSlow) this.#clock = window.setTimeout(() => this.#loadNext(), SLOW);
  }
}
