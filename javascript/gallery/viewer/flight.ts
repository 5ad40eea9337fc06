/** The way of an image from its tile to the large view, and back. */

import { el } from "../core/dom";

const FLIGHT = { duration: 220, easing: "cubic-bezier(.2, .8, .2, 1)" };

/** Return whether the user has asked the system for reduced motion. */
export function isStill() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}

export class Flight {
  #copy: HTMLElement | null = null;
  #animation: Animation | null = null;
  /** settled while no image is on its way */
  landed: Promise<void> = Promise.resolve();

  constructor(private readonly root: ShadowRoot) {}

  /** Return where the image is on its way, null if none is. */
  get box() {
    return this.#copy?.getBoundingClientRect() ?? null;
  }

  /** Fly a copy of an image between two boxes, above everything; end another flight. */
  start(image: HTMLImageElement, [from, to]: [DOMRect, DOMRect], onEnd: () => void) {
    if (!from.width || !to.width) return onEnd();
    const [x, y] = [from.left - to.left, from.top - to.top];
    const [across, down] = [from.width / to.width, from.height / to.height];
    const start = `translate(${x}px, ${y}px) scale(${across}, ${down})`;
    this.#fly(image, to, [{ transform: start }, { transform: "none" }], onEnd);
  }

  /** Let a copy of an image sink and fade from where the image was. */
  vanish(image: Node, from: DOMRect) {
    const gone = { opacity: 0, transform: `translateY(${from.height / 8}px) scale(0.9)` };
    this.#fly(image, from, [{ opacity: 1, transform: "none" }, gone], () => {});
  }

  #fly(image: Node, box: DOMRect, frames: Keyframe[], onEnd: () => void) {
    this.end();
    if (!("popover" in HTMLElement.prototype) || isStill()) return onEnd();
    const copy = el("div", { class: "flight", popover: "manual", "aria-hidden": "true" });
    copy.append(image.cloneNode());
    const { style } = copy;
    style.left = `${box.left}px`;
    style.top = `${box.top}px`;
    style.width = `${box.width}px`;
    style.height = `${box.height}px`;
    this.root.append(copy);
    copy.showPopover(); // above the dialog
    const flight = copy.animate(frames, FLIGHT);
    this.#copy = copy;
    this.#animation = flight;
    const land = () => {
      copy.remove();
      if (this.#copy === copy) this.#copy = null;
      onEnd();
    };
    this.landed = flight.finished.then(land, land);
  }

  /** End the flight at once. */
  end() {
    this.#animation?.finish();
    this.#animation = null;
    this.#copy = null;
  }
}
