/** How wide the gallery is, which may be far less than the window. */

/** @typedef {"narrow" | "middling" | "wide"} WidthClass */

const NARROW = 720; // px
const MIDDLING = 1160;

/** Set `data-room` on the element, which its style goes by, and tell each change of it.
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

/** Return the layout class, from narrow to wide, of an element.
 * @param {number} width  the element's width in CSS pixels
 * @returns {WidthClass} */
export function getWidthClass(width) {
  if (width <= NARROW) return "narrow";
  return width <= MIDDLING ? "middling" : "wide";
}
