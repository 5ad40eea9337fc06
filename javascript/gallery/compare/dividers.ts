/** The dividers between images that lie over each other: each image is visible between the divider
 * before it and the one after it. Dividers are dragged, or moved by the arrow keys. */

import { el, preventFlicks } from "../core/dom";
import type { Context } from "../types";

const STEP = 2; // percent, by an arrow key
const LARGE_STEP = 10; // with Shift, or by Page Up and Page Down

/** @param grid the element that contains the images */
export function makeDividers(context: Context, grid: HTMLElement) {
  const { translate } = context;
  /** percent of the width, from left to right */
  let places: number[] = [];
  let elements: HTMLElement[] = [];

  /** Show the dividers between the images, at equal distances.
   * @param share width of the widest image as a share of the grid's width, 0 to 1 */
  function show(count: number, share: number) {
    clear();
    places = placeEvenly(count, share);
    elements = places.map((_, at) => make(at, count));
    grid.append(...elements);
    draw();
  }

  /** Focus the first divider. */
  function focus() {
    elements[0]?.focus({ preventScroll: true });
  }

  function clear() {
    for (const element of elements) element.remove();
    elements = [];
    places = [];
    draw();
  }

  function make(at: number, count: number) {
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
        keydown: (event) => onKey(event, at),
        pointerdown: (event) => {
          if (event.button !== 0) return;
          divider.setPointerCapture(event.pointerId);
          divider.focus();
          event.preventDefault(); // selects nothing
        },
        pointermove: (event) => {
          if (divider.hasPointerCapture(event.pointerId)) drag(event, at);
        },
      },
    });
    preventFlicks(divider);
    return divider;
  }

  function drag({ clientX }: PointerEvent, at: number) {
    const { left, width } = grid.getBoundingClientRect();
    move(at, (100 * (clientX - left)) / width);
  }

  function onKey(event: KeyboardEvent, at: number) {
    const by = event.shiftKey ? LARGE_STEP : STEP;
    const place = places[at];
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
    move(at, targets[event.key]);
  }

  /** Move a divider, which pushes those in its way, to a place in percent of the width. */
  function move(at: number, place: number) {
    places = moveDivider(places, at, place);
    draw();
  }

  /** Clip each image so that it is visible only between the dividers before and after it. */
  function draw() {
    const edges = [0, ...places, 100];
    elements.forEach((element, at) => {
      element.style.left = `${places[at]}%`;
      element.setAttribute("aria-valuenow", String(Math.round(places[at])));
    });
    [...grid.children].slice(0, edges.length - 1).forEach((cell, at) => {
      const { style } = cell as HTMLElement;
      style.setProperty("--cs-from", `${edges[at]}%`);
      style.setProperty("--cs-to", `${edges[at + 1]}%`);
    });
  }
  return { show, focus, clear, draw };
}

export type Dividers = ReturnType<typeof makeDividers>;

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
