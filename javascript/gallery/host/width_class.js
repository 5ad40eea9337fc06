/** How wide the gallery is, which may be far less than the window. */

/** @typedef {"narrow" | "middling" | "wide"} WidthClass */

const NARROW = 720; // px
const MIDDLING = 1160;

/** Set `data-room` on the element to its width class, and report each change.
 * @param {HTMLElement} element  visible
 * @param {(widthClass: WidthClass) => void} onChange  called at once and on each change
 * @param {AbortSignal} signal */
export function followWidth(element, onChange, signal) {
  const onItsSide = matchMedia("(max-height: 500px) and (pointer: coarse)"); // a phone
  const draw = () => {
    const width = element.clientWidth;
    if (!width) return; // another tab is in front
    const widthClass = onItsSide.matches ? "narrow" : getWidthClass(width);
    if (widthClass === element.dataset.room) return;
    element.dataset.room = widthClass;
    onChange(widthClass);
  };
  const sizes = new ResizeObserver(draw);
  sizes.observe(element);
  onItsSide.addEventListener("change", draw, { signal });
  signal.addEventListener("abort", () => sizes.disconnect());
  draw();
}

/** Return the class of a width, from narrow to wide.
 * @param {number} width  the element's width in CSS pixels
 * @returns {WidthClass} */
export function getWidthClass(width) {
  if (width <= NARROW) return "narrow";
  return width <= MIDDLING ? "middling" : "wide";
}
