/** What the grid shows, in its places; an image is found by its id. Knows no DOM. */

import { Masonry } from "./layout.js";

/** @typedef {import("../types.js").View} View */
/** @typedef {import("./layout.js").Box} Box */
/** @typedef {{id: number, offset: number}} Held  offset: pixels below the top of the window */

export class Arrangement {
  /** @type {readonly View[]} */
  views = [];
  #gap;
  #layout;
  /** @type {Map<number, number>} index by id */
  #indices = new Map();

  /** @param {number} gap  pixels between tiles */
  constructor(gap) {
    this.#gap = gap;
    this.#layout = new Masonry(0, 1, gap);
  }

  get width() {
    return this.#layout.width;
  }

  get height() {
    return this.#layout.height;
  }

  /** The true width of a tile. */
  get tile() {
    return this.#layout.tile;
  }

  /** @param {number} id */
  indexOf(id) {
    return this.#indices.get(id);
  }

  /** @param {number} id */
  boxOf(id) {
    const index = this.#indices.get(id);
    return index === undefined ? undefined : this.#layout.boxes[index];
  }

  /** @param {number} id */
  viewOf(id) {
    const index = this.#indices.get(id);
    return index === undefined ? undefined : this.views[index];
  }

  /**
   * Whether these are the images that are here, and perhaps more below them.
   *
   * @param {readonly View[]} views
   */
  isContinuedBy(views) {
    return this.views.length > 0 && this.views.every((view, at) => view.id === views[at]?.id);
  }

  /** @param {readonly View[]} views  those that are here, and more */
  append(views) {
    for (let at = this.views.length; at < views.length; at += 1)
      this.#indices.set(views[at].id, at);
    this.views = views;
    this.#layout.append(views);
  }

  /**
   * @param {readonly View[]} views
   * @param {number} width
   * @param {number} tile  wanted width of one
   */
  layOut(views, width, tile) {
    this.#layout = new Masonry(width, tile, this.#gap);
    this.#indices.clear();
    this.views = [];
    this.append(views);
  }

  /**
   * Ids of what touches the band, in order.
   *
   * @param {number} top
   * @param {number} bottom
   */
  between(top, bottom) {
    return this.#layout.between(top, bottom).map((index) => this.views[index].id);
  }

  /**
   * The first one that begins below `top`, else the first of which something is in the band.
   *
   * @param {number} top
   * @param {number} bottom
   */
  firstIn(top, bottom) {
    const ids = this.between(top, bottom);
    return ids.find((id) => (this.boxOf(id)?.y ?? 0) >= top) ?? ids[0] ?? null;
  }

  /**
   * What one sees, those first that begin in the window: one of them is to stay where it is.
   *
   * @param {number} top
   * @param {number} bottom
   * @returns {Held[]}
   */
  hold(top, bottom) {
    const held = this.between(top, bottom).map((id) => ({
      id,
      offset: (this.boxOf(id)?.y ?? 0) - top,
    }));
    return [...held.filter(({ offset }) => offset >= 0), ...held];
  }

  /**
   * Where the window's top has to be for that; null when nothing that was held is here any more.
   *
   * @param {Held[]} held
   */
  topFor(held) {
    for (const { id, offset } of held) {
      const box = this.boxOf(id);
      if (box) return box.y - offset;
    }
    return null;
  }

  /**
   * @param {number} id
   * @param {import("../types.js").Step} step
   * @param {number} screen  pixels that a page is high
   */
  neighbour(id, step, screen) {
    const index = this.#indices.get(id);
    if (index === undefined) return null;
    return this.views[this.#layout.step(index, step, screen)].id;
  }
}
