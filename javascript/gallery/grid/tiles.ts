/** The tiles near the window: created when they come near, removed when they leave, with thumbnails
 * loaded in the order of need. */

import type { Translate } from "../types";
import type { Arrangement } from "./layout";
import { type Looks, Tile } from "./tile";

const hovers = window.matchMedia("(hover: hover)"); // else no caption is seen
const A_FRAME = 8; // ms that may go into new tiles at once

/** @param how getLooks: returns how a tile is drawn; onDrop: called before a tile is removed */
export function makeTiles(
  list: HTMLElement,
  arrangement: Arrangement,
  translate: Translate,
  { getLooks, onDrop }: { getLooks: (tile: Tile) => Looks; onDrop: (tile: Tile) => void },
) {
  /** by id */
  const byId = new Map<number, Tile>();

  /** Return the tile of an image, undefined if it is not in the page. */
  function getTile(id: number) {
    return byId.get(id);
  }

  /** Return the tile in which an event happened, or in whose caption; undefined if it was outside. */
  function findTile(target: EventTarget | null) {
    const element = target instanceof Element ? target.closest("[data-id]") : null;
    return element instanceof HTMLElement ? byId.get(Number(element.dataset.id)) : undefined;
  }

  /** Load the failed thumbnails again, because the server responds again. */
  function reloadFailed() {
    for (const tile of byId.values()) if (tile.isFailed) tile.reloadThumb();
  }

  /** Create the missing tiles of these images in order, and remove all other tiles. Return false if
   * there was no time to create all of them in this frame.
   * @param wanted ids, the most urgent first */
  function syncTiles(wanted: ReadonlySet<number>) {
    for (const [id, tile] of byId) {
      if (wanted.has(id)) continue;
      onDrop(tile);
      tile.remove();
      byId.delete(id);
    }
    const isWhole = createTiles(wanted);
    sortElements();
    return isWhole;
  }

  function createTiles(wanted: ReadonlySet<number>) {
    const until = performance.now() + A_FRAME;
    for (const id of wanted) {
      if (byId.has(id)) continue;
      if (performance.now() > until) return false;
      const view = arrangement.getView(id);
      if (!view) continue;
      const tile = new Tile(view, translate, !hovers.matches);
      byId.set(id, tile);
      placeTile(tile);
      tile.drawLooks(getLooks(tile));
    }
    return true;
  }

  /** Put the elements into reading order, except the focused one, which would lose the focus. */
  function sortElements() {
    const { activeElement } = list.getRootNode() as ShadowRoot;
    const indexOf = ({ view }: Tile) => arrangement.getIndex(view.id) ?? 0;
    const tiles = [...byId.values()].sort((a, b) => indexOf(a) - indexOf(b));
    let next: Element | null = null;
    for (const { element } of tiles.reverse()) {
      const isThere = element.parentNode !== null && element.nextElementSibling === next;
      if (!isThere && element !== activeElement) list.insertBefore(element, next);
      next = element;
    }
  }

  /** Show newer data of the images in all tiles. */
  function updateViews() {
    for (const [id, tile] of byId) tile.updateView(arrangement.getView(id));
  }

  /** Move each tile to its box. */
  function placeTiles() {
    for (const tile of byId.values()) placeTile(tile);
  }

  function drawTiles() {
    for (const tile of byId.values()) tile.drawLooks(getLooks(tile));
  }

  function placeTile(tile: Tile) {
    const index = arrangement.getIndex(tile.view.id);
    const box = arrangement.getBox(tile.view.id);
    if (index !== undefined && box) tile.moveTo(box, index);
  }
  return { getTile, findTile, reloadFailed, syncTiles, updateViews, placeTiles, drawTiles };
}

export type Tiles = ReturnType<typeof makeTiles>;

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
   * @param onFailed called with the URL of a thumbnail that has not arrived */
  constructor(
    list: HTMLElement,
    tiles: Tiles,
    isSeen: (tile: Tile) => boolean,
    onFailed: (url: string) => void,
  ) {
    const onSettled = ({ type, target }: Event) => {
      const tile = tiles.findTile(target);
      if (!tile || !(target instanceof HTMLImageElement)) return;
      this.#isSlow = performance.now() - tile.requestedAt > SLOW;
      if (type === "load") tile.onLoaded(isSeen(tile));
      else {
        tile.onFailed();
        onFailed(target.src);
      }
      this.#loadNext();
    };
    // These two do not bubble.
    list.addEventListener("load", onSettled, true);
    list.addEventListener("error", onSettled, true);
  }

  /** Load these thumbnails, the most urgent first, some at a time; stop all others. */
  loadThumbs(wanted: ReadonlyMap<Tile, string>) {
    this.#wanted = wanted;
    this.#loadNext();
  }

  /** Load the most urgent thumbnails, and abort those that have become less urgent. */
  #loadNext() {
    const open = [...this.#wanted].filter(
      ([tile, url]) => tile.element.isConnected && tile.needsThumb(url),
    );
    const now = performance.now();
    this.#isSlow ||= open.some(([tile]) => tile.isLoading && now - tile.requestedAt > SLOW);
    const most = this.#isSlow ? AT_ONCE_WHEN_SLOW : AT_ONCE;
    for (const [tile] of open.slice(most)) if (tile.isLoading) tile.removeThumb();
    for (const [tile, url] of open.slice(0, most)) tile.loadThumb(url);
    window.clearTimeout(this.#clock);
    if (open.length && !this.#isSlow) this.#clock = window.setTimeout(() => this.#loadNext(), SLOW);
  }
}
