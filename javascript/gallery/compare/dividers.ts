/** The dividers between images that lie over each other: each image is visible between the divider
 * before it and the one after it. Dividers are dragged, or moved by the arrow keys. */

import { el, preventFlicks } from "../core/dom";
import type { Context } from "../types";

const STEP = 2; // percent, by an arrow key
const LARGE_STEP = 10; // with Shift, or by Page Up and Page Down

export class Dividers {
  /** percent of the width, from left to right */
  #places: number[] = [];
  #elements: HTMLElement[] = [];

  /** @param grid the element that contains the images */
  constructor(
    private readonly context: Context,
    private readonly grid: HTMLElement,
  ) {}

  /** Show the dividers between the images, at equal distances.
   * @param share width of the widest image as a share of the grid's width, 0 to 1 */
  show(count: number, share: number) {
    this.clear();
    this.#places = placeEvenly(count, share);
    this.#elements = this.#places.map((_, at) => this.#make(at, count));
    this.grid.append(...this.#elements);
    this.draw();
  }

  /** Focus the first divider. */
  focus() {
    this.#elements[0]?.focus({ preventScroll: true });
  }

  clear() {
    for (const element of this.#elements) element.remove();
    this.#elements = [];
    this.#places = [];
    this.draw();
  }

  #make(at: number, count: number) {
    const { translate } = this.context;
    const name =
      count === 2 ? translate("compare_split") : translate("compare_split_n", { n: at + 2 });
    const divider = el("div", {
      class: "divider",
      role: "slider",
      tabindex: 0,
      "data-field": "compare-split",
      "aria-label": name,
      "aria-orientation": "horizontal",
      "aria-valuemin": 0,
      "aria-valuemax": 100,
      on: {
        keydown: (event) => this.#onKey(event, at),
        pointerdown: (event) => {
          if (event.button !== 0) return;
          divider.setPointerCapture(event.pointerId);
          divider.focus();
          event.preventDefault(); // selects nothing
        },
        pointermove: (event) => {
          if (divider.hasPointerCapture(event.pointerId)) this.#drag(event, at);
        },
      },
    });
    preventFlicks(divider);
    return divider;
  }

  #drag({ clientX }: PointerEvent, at: number) {
    const { left, width } = this.grid.getBoundingClientRect();
    this.#move(at, (100 * (clientX - left)) / width);
  }

  #onKey(event: KeyboardEvent, at: number) {
    const by = event.shiftKey ? LARGE_STEP : STEP;
    const place = this.#places[at];
    const targets: Record<string, number> = {
      ArrowLeft: place - by,
      ArrowDown: place - by,
      ArrowRight: place + by,
      ArrowUp: place + by,
      PageDown: place - LARGE_STEP,
      PageUp: place + LARGE_STEP,
      Home: 0,
      End: 100,
    };
    if (!Object.hasOwn(targets, event.key)) return;
    event.preventDefault();
    this.#move(at, targets[event.key]);
  }

  /** Move a divider, which pushes those in its way, to a place in percent of the width. */
  #move(at: number, place: number) {
    this.#places = moveDivider(this.#places, at, place);
    this.draw();
  }

  /** Clip each image so that it is visible only between the dividers before and after it. */
  draw() {
    const edges = [0, ...this.#places, 100];
    this.#elements.forEach((element, at) => {
      element.style.left = `${this.#places[at]}%`;
      element.setAttribute("aria-valuenow", String(Math.round(this.#places[at])));
    });
    [...this.grid.children].slice(0, edges.length - 1).forEach((cell, at) => {
      const { style } = cell as HTMLElement;
      style.setProperty("--cs-from", `${edges[at]}%`);
      style.setProperty("--cs-to", `${edges[at + 1]}%`);
    });
  }
}

/** Return the positions of the dividers that split images into equal strips, in percent of the
 * grid's width.
 * @param share width of the widest image as a share of the grid's width, 0 to 1 */
export function placeEvenly(count: number, share: number) {
  return Array.from(
    { length: Math.max(0, count - 1) },
    (_, at) => 50 + 100 * share * ((at + 1) / count - 0.5),
  );
}

/** Return the positions of all dividers after one of them has been moved and has pushed those in its
 * way.
 * @param places percent, from left to right
 * @param place its new position, in percent */
export function moveDivider(places: readonly number[], at: number, place: number) {
  const moved = Math.max(0, Math.min(100, place));
  return places.map((other, index) => {
    if (index === at) return moved;
    return index < at ? Math.min(other, moved) : Math.max(other, moved);
  });
}
