/** Tells how much room a host gives the gallery, which may be far less than the window. */

/** @typedef {"narrow" | "middling" | "wide"} Room */

const NARROW = 720; // px
const MIDDLING = 1160;

/**
 * Set `data-room` on the element, which its style goes by, and tell each change of it.
 *
 * @param {HTMLElement} element  is seen
 * @param {(room: Room) => void} tell  is called at once, too
 * @param {AbortSignal} signal
 */
export function followRoom(element, tell, signal) {
  const onItsSide = matchMedia("(max-height: 500px) and (pointer: coarse)"); // a phone
  const draw = () => {
    const width = element.clientWidth;
    if (!width) return; // another tab is in front
    const room = onItsSide.matches ? "narrow" : roomOf(width);
    if (room === element.dataset.room) return;
    element.dataset.room = room;
    tell(room);
  };
  const sizes = new ResizeObserver(draw);
  sizes.observe(element);
  onItsSide.addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => sizes.disconnect());
  draw();
}

/**
 * @param {number} width
 * @returns {Room}
 */
export function roomOf(width) {
  if (width <= NARROW) return "narrow";
  return width <= MIDDLING ? "middling" : "wide";
}
