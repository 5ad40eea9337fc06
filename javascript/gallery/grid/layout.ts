/** Masonry layout: computes positions from sizes and a width. Knows only numbers. */

import type { Step } from "../types";

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

/** Return width divided by height, limited to the shapes that a tile may have. Return 1 for an
 * unknown size. */
export function getAspectRatio(size: Size) {
  if (!(size.width > 0 && size.height > 0)) return 1;
  return Math.min(WIDEST, Math.max(SLIMMEST, size.width / size.height));
}

/** Return whether an image's shape is so extreme that its tile crops it. */
export function isCropped(size: Size) {
  return size.width > 0 && size.height > 0 && getAspectRatio(size) !== size.width / size.height;
}

export class Masonry {
  declare width: number;
  declare tile;
  declare gap: number;
  boxes: Box[] = [];
  /** indices by column, from the top */
  columns: number[][];
  /** indices by row, from the left: images that follow each other, at most one a column */
  #rows: number[][] = [];
  #heights;

  /** @param width of the whole grid
   * @param wanted wanted width of a tile; the actual one fills the grid
   * @param gap pixels between tiles */
  constructor(width: number, wanted: number, gap: number) {
    const count = Math.max(1, Math.round((width + gap) / (wanted + gap)));
    this.width = width;
    this.tile = Math.max(1, (width - gap * (count - 1)) / count);
    this.gap = gap;
    this.columns = Array.from({ length: count }, () => [] as number[]);
    this.#heights = new Array(count).fill(0);
  }

  /** Return the height of the tallest column in pixels. */
  get height() {
    return this.boxes.length ? Math.max(...this.#heights) - this.gap : 0;
  }

  /** Place more images, each in the shortest column.
   * @param from index of the first image to place */
  append(sizes: readonly Size[], from: number = this.boxes.length) {
    for (let index = from; index < sizes.length; index += 1) this.#placeImage(sizes[index], index);
  }

  /** Place one image in the shortest column. */
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

  /** Return the position in a column of the first image that ends below `y`.
   * @param column indices of its images, from top to bottom */
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
  findStep(index: number, step: Step, screen: number = 0) {
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

  /** Return the index of the image before or after this one in reading order: the next one in its
   * row, at an edge the first or last one of the row above or below. */
  #findBeside(index: number, step: "left" | "right") {
    const { row } = this.boxes[index];
    const at = this.#rows[row].indexOf(index);
    const beside =
      step === "left"
        ? (this.#rows[row][at - 1] ?? this.#rows[row - 1]?.at(-1))
        : (this.#rows[row][at + 1] ?? this.#rows[row + 1]?.[0]);
    return beside ?? index;
  }

  /** Return the index of the first image of a column that ends below `y`, of the last image if none
   * does.
   * @param column indices of its images, from top to bottom */
  #findNearest(column: number[], y: number) {
    return column[Math.min(this.#findFirstBelow(column, y), column.length - 1)];
  }
}
