/** The position of each shown image in the grid, found by the image's id. Knows no DOM. */

import { Masonry } from "./layout.js";

/** @import { View } from "../types.js" */
/** @typedef {{left: number, top: number, right: number, bottom: number}} Area  of the grid, in pixels */
/** @typedef {{id: number, offset: number}} Offset  offset: pixels below the window's top */

const AHEAD = 1; // screens above and below the window that have tiles

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

  /** Return the actual width of a tile in pixels. */
  get tileWidth() {
    return this.#layout.tile;
  }

  /** Return the index of an image, undefined if it is not in the grid. @param {number} id */
  getIndex(id) {
    return this.#indices.get(id);
  }

  /** Return the box of an image, undefined if it is not in the grid. @param {number} id */
  getBox(id) {
    const index = this.#indices.get(id);
    return index === undefined ? undefined : this.#layout.boxes[index];
  }

  /** Return the image with this id, undefined if it is not in the grid. @param {number} id */
  getView(id) {
    const index = this.#indices.get(id);
    return index === undefined ? undefined : this.views[index];
  }

  /** Return whether `views` begins with all images of the grid. @param {readonly View[]} views */
  isContinuedBy(views) {
    return this.views.length > 0 && this.views.every((view, at) => view.id === views[at]?.id);
  }

  /** Add the images that follow those in the grid.
   * @param {readonly View[]} views  all images, beginning with those in the grid */
  appendViews(views) {
    for (let at = this.views.length; at < views.length; at += 1)
      this.#indices.set(views[at].id, at);
    this.views = views;
    this.#layout.append(views);
  }

  /** Lay out all images again.
   * @param {readonly View[]} views
   * @param {number} width  of the grid, in pixels
   * @param {number} tile  wanted width of a tile, in pixels */
  layOut(views, width, tile) {
    this.#layout = new Masonry(width, tile, this.#gap);
    this.#indices.clear();
    this.views = [];
    this.appendViews(views);
  }

  /** Return the ids of the images that are at least partly between two heights of the grid, in
   * order.
   * @param {number} top
   * @param {number} bottom */
  listBetween(top, bottom) {
    return this.#layout.listBetween(top, bottom).map((index) => this.views[index].id);
  }

  /** Return the ids of the images near the window, but not in it: those in the direction of
   * scrolling first, and of these the nearest first.
   * @param {import("./viewport.js").Viewport} viewport
   * @param {boolean} isRising  whether the user scrolls upwards */
  listAround({ top, bottom, screen }, isRising) {
    const above = this.listBetween(top - AHEAD * screen, top).reverse();
    const below = this.listBetween(bottom, bottom + AHEAD * screen);
    return isRising ? [...above, ...below] : [...below, ...above];
  }

  /** Return whether an image is at least partly between two heights of the grid.
   * @param {number} id
   * @param {number} top
   * @param {number} bottom */
  isBetween(id, top, bottom) {
    const box = this.getBox(id);
    return box !== undefined && box.y < bottom && box.y + box.height > top;
  }

  /** Return the ids of the images that are at least partly in an area of the grid, in order.
   * @param {Area} area */
  listInside({ left, top, right, bottom }) {
    return this.listBetween(top, bottom).filter((id) => {
      const { x, width } = /** @type {import("./layout.js").Box} */ (this.getBox(id));
      return x < right && x + width > left;
    });
  }

  /** Return the id of the image at a point. If the point is in a gap, return the id of an image
   * beside the gap; null if there is none.
   * @param {{x: number, y: number}} point */
  findAt({ x, y }) {
    const near = this.#gap / 2;
    const area = { left: x - near, top: y - near, right: x + near, bottom: y + near };
    return this.listInside(area)[0] ?? null;
  }

  /** Return the ids from one image to another, in order and including both; [] if one is missing.
   * @param {number} one
   * @param {number} other */
  listRange(one, other) {
    const [a, b] = [this.#indices.get(one), this.#indices.get(other)];
    if (a === undefined || b === undefined) return [];
    return this.views.slice(Math.min(a, b), Math.max(a, b) + 1).map(({ id }) => id);
  }

  /** Return the id of the first image that begins between two heights. If none begins there, return
   * the first that is partly there, or null.
   * @param {number} top
   * @param {number} bottom */
  findFirstIn(top, bottom) {
    const ids = this.listBetween(top, bottom);
    return ids.find((id) => (this.getBox(id)?.y ?? 0) >= top) ?? ids[0] ?? null;
  }

  /** Return the ids of the images in the window, each with its distance from the top of the window:
   * first the images that begin in the window, then all of them.
   * @param {number} top
   * @param {number} bottom
   * @returns {Offset[]} */
  listVisible(top, bottom) {
    const visible = this.listBetween(top, bottom).map((id) => ({
      id,
      offset: (this.getBox(id)?.y ?? 0) - top,
    }));
    return [...visible.filter(({ offset }) => offset >= 0), ...visible];
  }

  /** Return the scroll position at which the first of these images that is still in the grid has
   * its old distance from the top of the window. Return null if none is in the grid.
   * @param {Offset[]} visible  the images with their old distances */
  findTopFor(visible) {
    for (const { id, offset } of visible) {
      const box = this.getBox(id);
      if (box) return box.y - offset;
    }
    return null;
  }

  /** Return the id of the image to which a step leads: `id` itself if it leads to no image, null if
   * `id` is not in the grid.
   * @param {number} id
   * @param {import("../types.js").Step} step
   * @param {number} screen  height of a page in pixels */
  findNeighbour(id, step, screen) {
    const index = this.#indices.get(id);
    if (index === undefined) return null;
    return this.views[this.#layout.findStep(index, step, screen)].id;
  }
}
