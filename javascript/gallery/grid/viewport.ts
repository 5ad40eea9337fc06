/** Computes which part of a list is visible in the window. */

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
