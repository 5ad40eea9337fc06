/**
 * The tiles that are in the page: created when they come near the window, removed when they
 * leave.
 */

import { Tile } from "./tile.js";

/** @typedef {import("./arrangement.js").Arrangement} Arrangement */

const A_FRAME = 8; // ms that may go into new tiles at once

export class Tiles {
  #list;
  #arrangement;
  #words;
  #looksOf;
  #onDrop;
  /** @type {Map<number, Tile>} by id */
  #tiles = new Map();

  /** @param {HTMLElement} list
   * @param {Arrangement} arrangement
   * @param {import("../types.js").Words} words
   * @param {{looksOf: (tile: Tile) => import("./tile.js").Looks, onDrop: (tile: Tile) => void}} how
   */
  constructor(list, arrangement, words, { looksOf, onDrop }) {
    this.#list = list;
    this.#arrangement = arrangement;
    this.#words = words;
    this.#looksOf = looksOf;
    this.#onDrop = onDrop;
  }

  /** Return the tile of an image, undefined if it is not in the page. @param {number} id */
  of(id) {
    return this.#tiles.get(id);
  }

  all() {
    return this.#tiles.values();
  }

  /** Create the tiles that are missing and remove the others. Return whether all exist now: the
   * rest follows in the next frame on a slow machine.
   * @param {ReadonlySet<number>} wanted  ids, the most urgent first */
  keep(wanted) {
    for (const [id, tile] of this.#tiles) if (!wanted.has(id)) this.#drop(id, tile);
    const until = performance.now() + A_FRAME;
    for (const id of wanted) {
      if (this.#tiles.has(id)) continue;
      if (performance.now() > until) return false;
      this.#make(id);
    }
    return true;
  }

  /** Show newer data of the images that have a tile. */
  update() {
    for (const [id, tile] of this.#tiles) tile.update(this.#arrangement.viewOf(id));
  }

  /** Move each tile to its box. */
  place() {
    for (const tile of this.#tiles.values()) this.#place(tile);
  }

  draw() {
    for (const tile of this.#tiles.values()) tile.draw(this.#looksOf(tile));
  }

  /** Create the tile of an image. @param {number} id */
  #make(id) {
    const view = this.#arrangement.viewOf(id);
    if (!view) return;
    const tile = new Tile(view, this.#words);
    this.#tiles.set(id, tile);
    this.#place(tile);
    tile.draw(this.#looksOf(tile));
    this.#list.append(tile.element);
  }

  /** Move a tile to its box, if the image is in the grid. @param {Tile} tile */
  #place(tile) {
    const index = this.#arrangement.indexOf(tile.view.id);
    const box = this.#arrangement.boxOf(tile.view.id);
    if (index !== undefined && box) tile.place(box, index);
  }

  /** Remove a tile.
   * @param {number} id
   * @param {Tile} tile */
  #drop(id, tile) {
    this.#onDrop(tile);
    tile.remove();
    this.#tiles.delete(id);
  }
}
