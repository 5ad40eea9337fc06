/** The tiles that are in the page: made for what is wanted, gone with what is not. */

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

  /**
   * @param {HTMLElement} list
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

  /** @param {number} id */
  of(id) {
    return this.#tiles.get(id);
  }

  all() {
    return this.#tiles.values();
  }

  /**
   * Whether all are there now; on a slow machine the rest comes with the next frame.
   *
   * @param {ReadonlySet<number>} wanted  ids, the most urgent first
   */
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

  /** Takes over what is known now of images that are here. */
  update() {
    for (const [id, tile] of this.#tiles) tile.update(this.#arrangement.viewOf(id));
  }

  /** Puts each where it belongs now; those that went from the gallery go with the next `keep`. */
  place() {
    for (const tile of this.#tiles.values()) this.#place(tile);
  }

  draw() {
    for (const tile of this.#tiles.values()) tile.draw(this.#looksOf(tile));
  }

  /** @param {number} id */
  #make(id) {
    const view = this.#arrangement.viewOf(id);
    if (!view) return;
    const tile = new Tile(view, this.#words);
    this.#tiles.set(id, tile);
    this.#place(tile);
    tile.draw(this.#looksOf(tile));
    this.#list.append(tile.element);
  }

  /** @param {Tile} tile */
  #place(tile) {
    const index = this.#arrangement.indexOf(tile.view.id);
    const box = this.#arrangement.boxOf(tile.view.id);
    if (index !== undefined && box) tile.place(box, index);
  }

  /**
   * @param {number} id
   * @param {Tile} tile
   */
  #drop(id, tile) {
    this.#onDrop(tile);
    tile.remove();
    this.#tiles.delete(id);
  }
}
