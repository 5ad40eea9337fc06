/** Computes which part of a list is visible in the window. */

/**
 * @typedef {object} Viewport  in pixels from the list's top
 * @property {number} top
 * @property {number} bottom
 * @property {number} screen  height of the window
 */

/** Return the part of a list that is visible in the window.
 * @param {Element} list
 * @returns {Viewport} */
export function getViewport(list) {
  const { top } = list.getBoundingClientRect();
  const screen = window.innerHeight;
  return { top: -top, bottom: screen - top, screen };
}

/** Return how many pixels to scroll until a span is visible: a positive number downwards, a
 * negative one upwards, 0 if it is visible. A span higher than the window is shown from its top.
 * @param {Viewport} viewport
 * @param {number} top  of the span
 * @param {number} bottom
 * @param {{above: number, below: number}} covered  by bars that stick to the window's edges */
export function scrollDistance(viewport, top, bottom, { above, below }) {
  const [high, low] = [viewport.top + above, viewport.bottom - below];
  if (top >= high && bottom <= low) return 0;
  const isTall = bottom - top > low - high;
  return top < high || isTall ? top - high : bottom - low;
}
