/**
 * The tiles that are in the page: created when they come near the window, removed when they
 * leave.
 */

import { Tile } from "./tile.js";

/** @import { Arrangement } from "./arrangement.js" */

const A_FRAME = 8; // ms that may go into new tiles at once

export class Tiles {
  #list;
  #arrangement;
  #translate;
  #getLooks;
  #onDrop;
  /** @type {Map<number, Tile>} by id */
  #tiles = new Map();

  /** @param {HTMLElement} list
   * @param {Arrangement} arrangement
   * @param {import("../types.js").Translate} translate
   * @param {{getLooks: (tile: Tile) => import("./tile.js").Looks, onDrop: (tile: Tile) => void}} how
   *     getLooks: returns how a tile is drawn; onDrop: called before a tile is removed */
  constructor(list, arrangement, translate, { getLooks, onDrop }) {
    this.#list = list;
    this.#arrangement = arrangement;
    this.#translate = translate;
    this.#getLooks = getLooks;
    this.#onDrop = onDrop;
  }

  /** Return the tile of an image, undefined if it is not in the page. @param {number} id */
  getTile(id) {
    return this.#tiles.get(id);
  }

  /** Return the tile in which an event happened, undefined if it was outside all tiles.
   * @param {EventTarget | null} target */
  findTile(target) {
    const element = target instanceof Element ? target.closest("[data-tile]") : null;
    return element instanceof HTMLElement ? this.#tiles.get(Number(element.dataset.id)) : undefined;
  }

  /** Load the failed thumbnails again, because the server responds again. */
  reloadFailed() {
    for (const tile of this.#tiles.values()) if (tile.isFailed) tile.reloadThumb();
  }

  /** Create the missing tiles of these images in order, and remove all other tiles. Return false if
   * there was no time to create all of them in this frame.
   * @param {ReadonlySet<number>} wanted  ids, the most urgent first */
  syncTiles(wanted) {
    for (const [id, tile] of this.#tiles) {
      if (wanted.has(id)) continue;
      this.#onDrop(tile);
      tile.remove();
      this.#tiles.delete(id);
    }
    const isWhole = this.#createTiles(wanted);
    this.#sortElements();
    return isWhole;
  }

  /** Create the missing tiles of these images. Return false if there was no time to create all of
   * them in this frame.
   * @param {ReadonlySet<number>} wanted */
  #createTiles(wanted) {
    const until = performance.now() + A_FRAME;
    for (const id of wanted) {
      if (this.#tiles.has(id)) continue;
      if (performance.now() > until) return false;
      this.#createTile(id);
    }
    return true;
  }

  /** Put the elements into the gallery's order, in which screen readers read them. The focused
   * element is not moved, because it would lose the focus. */
  #sortElements() {
    const { activeElement } = /** @type {ShadowRoot} */ (this.#list.getRootNode());
    const indexOf = (/** @type {Tile} */ { view }) => this.#arrangement.getIndex(view.id) ?? 0;
    const tiles = [...this.#tiles.values()].sort((a, b) => indexOf(a) - indexOf(b));
    /** @type {Element | null} */
    let next = null;
    for (const { element } of tiles.reverse()) {
      const isThere = element.parentNode !== null && element.nextElementSibling === next;
      if (!isThere && element !== activeElement) this.#list.insertBefore(element, next);
      next = element;
    }
  }

  /** Show newer data of the images in all tiles. */
  updateViews() {
    for (const [id, tile] of this.#tiles) tile.updateView(this.#arrangement.getView(id));
  }

  /** Move each tile to its box. */
  placeTiles() {
    for (const tile of this.#tiles.values()) this.#placeTile(tile);
  }

  drawTiles() {
    for (const tile of this.#tiles.values()) tile.drawLooks(this.#getLooks(tile));
  }

  /** Create the tile of an image. @param {number} id */
  #createTile(id) {
    const view = this.#arrangement.getView(id);
    if (!view) return;
    const tile = new Tile(view, this.#translate);
    this.#tiles.set(id, tile);
    this.#placeTile(tile);
    tile.drawLooks(this.#getLooks(tile));
  }

  /** Move a tile to its box, if the image is in the grid. @param {Tile} tile */
  #placeTile(tile) {
    const index = this.#arrangement.getIndex(tile.view.id);
    const box = this.#arrangement.getBox(tile.view.id);
    if (index !== undefined && box) tile.moveTo(box, index);
  }
}
