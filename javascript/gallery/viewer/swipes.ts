/** What a drag does in the viewer: it pans a zoomed image, turns to the next one, closes the viewer or
 * opens the details. */

import { setAttribute } from "../core/dom";
import { isStill } from "./flight";
import { SLOP, ZoomGestures } from "./gestures";
import { GAP } from "./slide";
import type { Stage } from "./stage";
import { limitPose, type Point } from "./zoom";

const GLIDE = 160; // ms that a flung image goes on
const CONTROLS = 80; // pixels at the lower edge of a video
/** The animation of a strip that follows a swipe, or a step. */
export const FOLLOW = { duration: 180, easing: "cubic-bezier(.2, .8, .3, 1)" };

/** Return which image a sideways swipe opens: 1 for the next one, -1 for the previous one, 0 for
 * none.
 * @param by distance in pixels, negative to the left
 * @param speed in pixels a millisecond, negative to the left */
export function getSwipeDirection(by: number, speed: number, width: number): -1 | 0 | 1 {
  const flung = Math.abs(speed) > 0.4 && Math.sign(speed) === Math.sign(by);
  const isPast = Math.abs(by) > width / 2 || (flung && Math.abs(by) > SLOP * 2);
  return isPast ? (by < 0 ? 1 : -1) : 0;
}

/** Return whether a downward swipe is long or fast enough to close the image.
 * @param by distance in pixels, negative upwards
 * @param speed in pixels a millisecond, negative upwards */
export function isDismissed(by: number, speed: number, height: number) {
  return by > height / 4 || (by > SLOP * 4 && speed > 0.5);
}

export class SwipeGestures extends ZoomGestures {
  #doing: "" | "pan" | "leaf" | "let-go" = "";
  /** how far the strip was from its normal position when the drag began */
  #held: Point = { x: 0, y: 0 };
  /** lets the page behind the viewer appear */
  #veil: Animation | null = null;

  constructor(readonly stage: Stage) {
    super(stage);
  }

  /** Return whether a press begins a gesture. A press on a video's controls does not. */
  isGesture(event: PointerEvent) {
    const video = this.stage.slide?.video;
    if (!video || !event.composedPath().includes(video)) return true;
    return event.clientY < video.getBoundingClientRect().bottom - CONTROLS;
  }

  /** Return whether an event is on an image that can be dragged to another program. A zoomed image
   * is panned instead. */
  isNativeDrag({ target }: MouseEvent) {
    const { slide } = this.stage;
    if (!slide || slide.isZoomed || !(target instanceof HTMLImageElement)) return false;
    return slide.shows === "file" && slide.box.contains(target);
  }

  /** Decide what a drag does: pan a zoomed image, swipe sideways or swipe down. */
  override dragStart(axis: "x" | "y") {
    const { slide, element } = this.stage;
    if (!slide) return;
    super.dragStart(axis);
    if (slide.isZoomed) this.#doing = "pan";
    else this.#doing = axis === "x" ? "leaf" : "let-go";
    this.#held = this.#catchStrip();
    element.classList.add("dragging");
  }

  /** Stop the strip where it is. Return how far it is from its normal position. */
  #catchStrip() {
    const { strip } = this.stage;
    const { e: x, f: y } = new DOMMatrix(getComputedStyle(strip).transform);
    for (const one of strip.getAnimations()) one.cancel();
    return { x, y };
  }

  /** Pan a zoomed image with the finger, or move the strip of slides sideways or vertically.
   * @param by distance since the start of the drag */
  override drag(by: Point) {
    const { x, y } = this.#getShift(by);
    if (this.#doing === "pan") super.drag(by);
    else if (this.#doing === "leaf") this.#move(x, 0);
    else if (this.#doing === "let-go") this.#move(0, y);
  }

  /** Return how far the strip is moved by a drag: less than the finger where no image follows. */
  #getShift(by: Point) {
    const x = by.x + this.#held.x;
    const y = by.y + this.#held.y;
    return { x: this.stage.hasNeighbour(x < 0 ? 1 : -1) ? x : x / 3, y: y > 0 ? y : y / 3 };
  }

  /** Finish the drag according to its distance and speed. */
  override dragEnd({ by, speed }: { by: Point; speed: Point }) {
    const doing = this.#doing;
    this.#doing = "";
    this.stage.element.classList.remove("dragging");
    if (doing === "pan") this.#glideOn(by, speed);
    else if (doing === "leaf") this.#turnPage(by.x, speed.x);
    else if (doing === "let-go") this.#endVerticalDrag(by.y, speed.y);
  }

  /** Report a tap, unless it hit a button or a video. */
  tap(event: MouseEvent, isTouch: boolean) {
    const path = event.composedPath();
    const { slide, listeners } = this.stage;
    const onImage = Boolean(slide && path.includes(slide.box));
    const isControl = path.some(
      (node) => node instanceof HTMLButtonElement || node instanceof HTMLVideoElement,
    );
    if (!isControl) listeners.tapped(onImage, isTouch);
  }

  /** Zoom into a point of an image, or back to the whole image. A video does not zoom.
   * @param isTouch whether a finger has tapped: if so, its first tap is undone */
  override doubleTap(point: Point, isTouch: boolean) {
    if (isTouch) this.stage.listeners.tapped(true, true); // takes back what its first tap did
    if (!this.stage.slide?.video) super.doubleTap(point, isTouch); // a video's double click is the browser's
  }

  #glideOn(by: Point, speed: Point) {
    const { slide } = this.stage;
    if (!slide) return;
    const x = this.from.x + by.x + speed.x * GLIDE;
    const y = this.from.y + by.y + speed.y * GLIDE;
    this.stage.setPose(limitPose({ scale: slide.pose.scale, x, y }, slide.sizes), true);
  }

  #turnPage(by: number, speed: number) {
    const { context, size } = this.stage;
    const before = this.stage.slide;
    const { x } = this.#getShift({ x: by, y: 0 });
    const way = getSwipeDirection(by, speed, size.width);
    if (way) void context.actions.step(way);
    const isSame = this.stage.slide === before;
    this.#animateBack(isSame ? x : x + way * (size.width + GAP), 0);
  }

  #endVerticalDrag(by: number, speed: number) {
    const { size, listeners } = this.stage;
    if (isDismissed(by, speed, size.height)) {
      this.stage.context.actions.close(); // from where the finger has left the image
      return this.#move(0, 0);
    }
    if (isDismissed(-by, -speed, size.height / 2)) listeners.raised();
    this.#animateBack(0, this.#getShift({ x: 0, y: by }).y);
  }

  /** Move the strip; drawn down, it shrinks, and the page behind appears. */
  #move(x: number, y: number) {
    const { strip, size, element } = this.stage;
    const share = Math.max(0, Math.min(1, y / size.height));
    strip.style.transform = x || y ? `translate(${x}px, ${y}px) scale(${1 - share / 2})` : "";
    setAttribute(element, "data-leaving", share > 0);
    this.#veil?.cancel();
    this.#veil = share ? this.#fadeBackdrop([1 - share, 1 - share], { fill: "forwards" }) : null;
  }

  #fadeBackdrop([from, to]: [number, number], how: KeyframeAnimationOptions) {
    const dialog = this.stage.element.closest("dialog");
    const behind = { pseudoElement: "::backdrop", ...how };
    return dialog?.animate([{ opacity: from }, { opacity: to }], behind) ?? null;
  }

  #animateBack(x: number, y: number) {
    const { strip, size, element } = this.stage;
    const { transform } = strip.style;
    this.#move(0, 0);
    if (isStill()) return;
    const from = { transform: y > 0 ? transform : `translate(${x}px, ${y}px)` };
    strip.animate([from, { transform: "none" }], FOLLOW);
    if (y <= 0) return;
    element.toggleAttribute("data-leaving", true); // until the backdrop is as dark as before
    const fade = this.#fadeBackdrop([1 - Math.min(1, y / size.height), 1], FOLLOW);
    fade?.finished.then(() => this.#veil || element.removeAttribute("data-leaving"));
  }
}
