/** The position of each shown image in the grid, found by the image's id. Knows no DOM. */

import type { Step, View } from "../types";
import { type Box, Masonry } from "./layout";
import type { Viewport } from "./viewport";

/** Of the grid, in pixels. */
export type Area = { left: number; top: number; right: number; bottom: number };

/** offset: pixels below the window's top. */
type Offset = { id: number; offset: number };

const AHEAD = 1; // screens above and below the window that have tiles

export class Arrangement {
  views: readonly View[] = [];
  #gap;
  #layout;
  /** index by id */
  #indices: Map<number, number> = new Map();

  /** @param gap pixels between tiles */
  constructor(gap: number) {
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

  /** Return the index of an image, undefined if it is not in the grid. */
  getIndex(id: number) {
    return this.#indices.get(id);
  }

  /** Return the box of an image, undefined if it is not in the grid. */
  getBox(id: number) {
    const index = this.#indices.get(id);
    return index === undefined ? undefined : this.#layout.boxes[index];
  }

  /** Return the image with this id, undefined if it is not in the grid. */
  getView(id: number) {
    const index = this.#indices.get(id);
    return index === undefined ? undefined : this.views[index];
  }

  /** Return whether `views` begins with all images of the grid. */
  isContinuedBy(views: readonly View[]) {
    return this.views.length > 0 && this.views.every((view, at) => view.id === views[at]?.id);
  }

  /** Add the images that follow those in the grid.
   * @param views all images, beginning with those in the grid */
  appendViews(views: readonly View[]) {
    for (let at = this.views.length; at < views.length; at += 1)
      this.#indices.set(views[at].id, at);
    this.views = views;
    this.#layout.append(views);
  }

  /** Lay out all images again.
   * @param width of the grid, in pixels
   * @param tile wanted width of a tile, in pixels */
  layOut(views: readonly View[], width: number, tile: number) {
    this.#layout = new Masonry(width, tile, this.#gap);
    this.#indices.clear();
    this.views = [];
    this.appendViews(views);
  }

  /** Return the ids of the images that are at least partly between two heights of the grid, in
   * order. */
  listBetween(top: number, bottom: number) {
    return this.#layout.listBetween(top, bottom).map((index) => this.views[index].id);
  }

  /** Return the ids of the images near the window, but not in it: those in the direction of
   * scrolling first, and of these the nearest first.
   * @param isRising whether the user scrolls upwards */
  listAround({ top, bottom, screen }: Viewport, isRising: boolean) {
    const above = this.listBetween(top - AHEAD * screen, top).reverse();
    const below = this.listBetween(bottom, bottom + AHEAD * screen);
    return isRising ? [...above, ...below] : [...below, ...above];
  }

  /** Return whether an image is at least partly between two heights of the grid. */
  isBetween(id: number, top: number, bottom: number) {
    const box = this.getBox(id);
    return box !== undefined && box.y < bottom && box.y + box.height > top;
  }

  /** Return the ids of the images that are at least partly in an area of the grid, in order. */
  listInside({ left, top, right, bottom }: Area) {
    return this.listBetween(top, bottom).filter((id) => {
      const { x, width } = this.getBox(id) as Box;
      return x < right && x + width > left;
    });
  }

  /** Return the id of the image at a point. If the point is in a gap, return the id of an image
   * beside the gap; null if there is none. */
  findAt({ x, y }: { x: number; y: number }) {
    const near = this.#gap / 2;
    const area = { left: x - near, top: y - near, right: x + near, bottom: y + near };
    return this.listInside(area)[0] ?? null;
  }

  /** Return the ids from one image to another, in order and including both; [] if one is missing. */
  listRange(one: number, other: number) {
    const [a, b] = [this.#indices.get(one), this.#indices.get(other)];
    if (a === undefined || b === undefined) return [];
    return this.views.slice(Math.min(a, b), Math.max(a, b) + 1).map(({ id }) => id);
  }

  /** Return the id of the first image that begins between two heights. If none begins there, return
   * the first that is partly there, or null. */
  findFirstIn(top: number, bottom: number) {
    const ids = this.listBetween(top, bottom);
    return ids.find((id) => (this.getBox(id)?.y ?? 0) >= top) ?? ids[0] ?? null;
  }

  /** Return the ids of the images in the window, each with its distance from the top of the window:
   * first the images that begin in the window, then all of them. */
  listVisible(top: number, bottom: number): Offset[] {
    const visible = this.listBetween(top, bottom).map((id) => ({
      id,
      offset: (this.getBox(id)?.y ?? 0) - top,
    }));
    return [...visible.filter(({ offset }) => offset >= 0), ...visible];
  }

  /** Return the scroll position at which the first of these images that is still in the grid has
   * its old distance from the top of the window. Return null if none is in the grid.
   * @param visible the images with their old distances */
  findTopFor(visible: Offset[]) {
    for (const { id, offset } of visible) {
      const box = this.getBox(id);
      if (box) return box.y - offset;
    }
    return null;
  }

  /** Return the id of the image to which a step leads: `id` itself if it leads to no image, null if
   * `id` is not in the grid.
   * @param screen height of a page in pixels */
  findNeighbour(id: number, step: Step, screen: number) {
    const index = this.#indices.get(id);
    if (index === undefined) return null;
    return this.views[this.#layout.findStep(index, step, screen)].id;
  }
}
