/** Computes where tiles lie, and which of them are near the window. */

import type { ImageView } from "../contract";
import type { Step } from "../types";

export const GAP = 8; // pixels between two tiles

/** In pixels from the list's top. */
export interface Viewport {
  top: number;
  bottom: number;
  screen: number; // height of the window
}

/** Return the part of a list that is visible in the window. */
export function getViewport(list: Element): Viewport {
  const { top } = list.getBoundingClientRect();
  const screen = window.innerHeight;
  return { top: -top, bottom: screen - top, screen };
}

/** Return how many pixels to scroll until a span is visible: a positive number downwards, a
 * negative one upwards, 0 if it is visible. A span higher than the window is shown from its top.
 * @param top of the span
 * @param covered by bars that stick to the window's edges */
export function scrollDistance(
  viewport: Viewport,
  top: number,
  bottom: number,
  { above, below }: { above: number; below: number },
) {
  const [high, low] = [viewport.top + above, viewport.bottom - below];
  if (top >= high && bottom <= low) return 0;
  const isTall = bottom - top > low - high;
  return top < high || isTall ? top - high : bottom - low;
}

type Size = { width: number; height: number };
/** Pixels. */
export type Box = {
  x: number;
  y: number;
  width: number;
  height: number;
  column: number;
  row: number;
};

const SLIMMEST = 0.4; // width over height; what is slimmer or wider is shown in part
const WIDEST = 2.5;

/** Return the width of the thumbnail to request for a tile: the smallest that looks sharp there.
 * The grid and the viewer must request the same thumbnail.
 * @param tile width in CSS pixels
 * @param ratio device pixels for each CSS pixel */
export function chooseThumbWidth(tile: number, ratio: number): 320 | 450 | 800 {
  const needed = tile * Math.min(ratio, 2) * 0.9; // a tenth too few is not seen
  if (needed <= 320) return 320;
  return needed <= 450 ? 450 : 800;
}

/** Return width over height within the shapes of tiles, 1 for an unknown size. */
export function getAspectRatio(size: Size) {
  if (!(size.width > 0 && size.height > 0)) return 1;
  return Math.min(WIDEST, Math.max(SLIMMEST, size.width / size.height));
}

/** Return whether an image's shape is so extreme that its tile crops it. */
export function isCropped(size: Size) {
  return size.width > 0 && size.height > 0 && getAspectRatio(size) !== size.width / size.height;
}

export class Masonry {
  tile;
  boxes: Box[] = [];
  /** indices by column, from the top */
  columns: number[][];
  /** indices by row, from the left: images that follow each other, at most one a column */
  #rows: number[][] = [];
  #heights;

  /** @param width of the whole grid
   * @param wanted wanted width of a tile; the actual one fills the grid
   * @param gap pixels between tiles */
  constructor(
    readonly width: number,
    wanted: number,
    readonly gap: number,
  ) {
    const count = Math.max(1, Math.round((width + gap) / (wanted + gap)));
    this.tile = Math.max(1, (width - gap * (count - 1)) / count);
    this.columns = Array.from({ length: count }, () => [] as number[]);
    this.#heights = new Array(count).fill(0);
  }

  /** Return the height of the tallest column in pixels. */
  get height() {
    return this.boxes.length ? Math.max(...this.#heights) - this.gap : 0;
  }

  /** Place the images that follow, each in the shortest column; `sizes` are of all. */
  append(sizes: readonly Size[]) {
    for (let index = this.boxes.length; index < sizes.length; index += 1)
      this.#placeImage(sizes[index], index);
  }

  #placeImage(size: Size, index: number) {
    const y = Math.min(...this.#heights);
    const column = this.#heights.indexOf(y);
    const height = Math.round(this.tile / getAspectRatio(size));
    const x = column * (this.tile + this.gap);
    if (this.#rows.at(-1)?.some((one) => this.boxes[one].column === column) ?? true)
      this.#rows.push([]);
    const row = this.#rows.length - 1;
    this.boxes.push({ x, y, width: this.tile, height, column, row });
    this.#rows[row].push(index);
    this.#rows[row].sort((a, b) => this.boxes[a].column - this.boxes[b].column);
    this.columns[column].push(index);
    this.#heights[column] = y + height + this.gap;
  }

  /** Return the indices of the images that are at least partly between two heights, in order. */
  listBetween(top: number, bottom: number) {
    const indices: number[] = [];
    for (const column of this.columns) {
      for (let at = this.#findFirstBelow(column, top); at < column.length; at += 1) {
        if (this.boxes[column[at]].y >= bottom) break;
        indices.push(column[at]);
      }
    }
    return indices.sort((a, b) => a - b);
  }

  /** Return the position in a column of the first image that ends below `y`. */
  #findFirstBelow(column: number[], y: number) {
    let low = 0;
    let high = column.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      const box = this.boxes[column[middle]];
      if (box.y + box.height > y) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  /** Return the index of the image to which a step leads, the same index if it leads to no image.
   * @param screen height of a page in pixels */
  findStep(index: number, step: Step, screen = 0) {
    const last = this.boxes.length - 1;
    if (step === "home") return 0;
    if (step === "end") return last;
    const box = this.boxes[index];
    const column = this.columns[box.column];
    const at = column.indexOf(index);
    if (step === "up") return column[at - 1] ?? index;
    if (step === "down") return column[at + 1] ?? index;
    if (step === "pageup") return this.#findNearest(column, box.y - screen);
    if (step === "pagedown")
      return Math.max(column[at + 1] ?? index, this.#findNearest(column, box.y + screen));
    return this.#findBeside(index, step);
  }

  /** Return the indices of all images in reading order. */
  listInOrder() {
    return this.#rows.flat();
  }

  /** Return the index of the image before or after this one in reading order. */
  #findBeside(index: number, step: "left" | "right") {
    const { row } = this.boxes[index];
    const at = this.#rows[row].indexOf(index);
    const beside =
      step === "left"
        ? (this.#rows[row][at - 1] ?? this.#rows[row - 1]?.at(-1))
        : (this.#rows[row][at + 1] ?? this.#rows[row + 1]?.[0]);
    return beside ?? index;
  }

  /** Return the first image of a column that ends below `y`, else the last. */
  #findNearest(column: number[], y: number) {
    return column[Math.min(this.#findFirstBelow(column, y), column.length - 1)];
  }
}

/** Of the grid, in pixels. */
export type Area = { left: number; top: number; right: number; bottom: number };

/** offset: pixels below the window's top. */
type Offset = { id: number; offset: number };

const AHEAD = 1; // screens above and below the window that have tiles

export class Arrangement {
  views: readonly ImageView[] = [];
  #layout;
  /** index by id */
  #indices = new Map<number, number>();

  /** @param gap pixels between tiles */
  constructor(private readonly gap: number) {
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
  isContinuedBy(views: readonly ImageView[]) {
    return this.views.length > 0 && this.views.every((view, at) => view.id === views[at]?.id);
  }

  /** Add the images that follow; `views` are all, beginning with those in the grid. */
  appendViews(views: readonly ImageView[]) {
    for (let at = this.views.length; at < views.length; at += 1)
      this.#indices.set(views[at].id, at);
    this.views = views;
    this.#layout.append(views);
  }

  /** Lay out all images again; `width` of the grid and wanted width of a `tile` in pixels. */
  layOut(views: readonly ImageView[], width: number, tile: number) {
    this.#layout = new Masonry(width, tile, this.gap);
    this.#indices.clear();
    this.views = [];
    this.appendViews(views);
  }

  /** Return the ids of the images that are partly between two heights, in order. */
  listBetween(top: number, bottom: number) {
    return this.#layout.listBetween(top, bottom).map((index) => this.views[index].id);
  }

  /** Return the ids near but not in the window, in the order of scrolling. */
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

  /** Return the id of the image at a point or beside its gap, null if there is none. */
  findAt({ x, y }: { x: number; y: number }) {
    const near = this.gap / 2;
    const area = { left: x - near, top: y - near, right: x + near, bottom: y + near };
    return this.listInside(area)[0] ?? null;
  }

  /** Return the ids of all images in reading order, in which the arrow keys go. */
  listIds() {
    return this.#layout.listInOrder().map((index) => this.views[index].id);
  }

  /** Return the ids from one image to another in reading order; [] if one is missing. */
  listRange(one: number, other: number) {
    const ids = this.listIds();
    const [a, b] = [ids.indexOf(one), ids.indexOf(other)];
    return a < 0 || b < 0 ? [] : ids.slice(Math.min(a, b), Math.max(a, b) + 1);
  }

  /** Return the first image that begins between two heights, else is partly there. */
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

  /** Return the scroll position at which the first of these images that is still in the grid has its
   * old distance from the top of the window. Return null if none is in the grid. */
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
