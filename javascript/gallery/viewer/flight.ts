/** The way of an image from its tile to the large view, and back. */

import { el } from "../core/dom";

const FLIGHT = { duration: 220, easing: "cubic-bezier(.2, .8, .2, 1)" };

/** Return whether the user has asked the system for reduced motion. */
export function isStill() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

export class Flight {
  #animations: Animation[] = [];

  constructor(private readonly root: ShadowRoot) {}

  /** Show a copy of an image on its way between two boxes of the window, above everything else. A
   * flight that is under way ends.
   * @param fading an element that appears meanwhile, null for none
   * @param onEnd called when the copy is gone */
  start(
    image: HTMLImageElement,
    [from, to]: [DOMRect, DOMRect],
    fading: HTMLElement | null,
    onEnd: () => void,
  ) {
    this.end();
    const canFly = "popover" in HTMLElement.prototype && !isStill();
    if (!canFly || !from.width || !to.width) return onEnd();
    const copy = el("div", { class: "flight", popover: "manual", "aria-hidden": "true" });
    copy.append(image.cloneNode());
    const { style } = copy;
    style.left = `${to.left}px`;
    style.top = `${to.top}px`;
    style.width = `${to.width}px`;
    style.height = `${to.height}px`;
    this.root.append(copy);
    copy.showPopover(); // above the dialog
    const [x, y] = [from.left - to.left, from.top - to.top];
    const [across, down] = [from.width / to.width, from.height / to.height];
    const start = `translate(${x}px, ${y}px) scale(${across}, ${down})`;
    const flight = copy.animate([{ transform: start }, { transform: "none" }], FLIGHT);
    this.#animations = [flight];
    if (fading) this.#animations.push(fading.animate([{ opacity: 0 }, { opacity: 1 }], FLIGHT));
    const land = () => {
      copy.remove();
      onEnd();
    };
    flight.finished.then(land, land);
  }

  /** End the flight at once. */
  end() {
    for (const one of this.#animations) one.finish();
    this.#animations = [];
  }
}
