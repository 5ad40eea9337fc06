/**
 * Decides what gestures do on the viewer's stage: zoom, pan, swipe to the next image, swipe down to
 * close.
 */

import { getSwipeDirection, isDismissed } from "./pointer_gestures";
import type { Stage } from "./stage";
import { limitPose, type Point } from "./zoom";
import { ZoomGestures } from "./zoom_gestures";

const GLIDE = 160; // ms that a flung image goes on
const GAP = 16; // pixels between two images
const CONTROLS = 80; // pixels at the lower edge of a video
const FALL = { duration: 140, easing: "ease-in", fill: "forwards" as const };
const FOLLOW = { duration: 180, easing: "cubic-bezier(.2, .8, .3, 1)" };

export class StageGestures extends ZoomGestures {
  declare stage: Stage;
  #doing: "" | "pan" | "leaf" | "let-go" = "";

  constructor(stage: Stage) {
    super(stage);
    this.stage = stage;
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
    element.classList.add("dragging");
  }

  /** Pan a zoomed image with the finger, or move the strip of slides sideways or vertically.
   * @param by distance since the start of the drag */
  override drag(by: Point) {
    if (this.#doing === "pan") super.drag(by);
    else if (this.#doing === "leaf") this.#move(by.x, 0);
    else if (this.#doing === "let-go") this.#move(0, by.y > 0 ? by.y : by.y / 3);
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

  /** Report a tap, unless it hit a button or a video.
   * @param isTouch whether a finger has tapped */
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

  /** Let the image glide to a stop after a drag.
   * @param by distance of the drag
   * @param speed at its end, in pixels a millisecond */
  #glideOn(by: Point, speed: Point) {
    const { slide } = this.stage;
    if (!slide) return;
    const x = this.from.x + by.x + speed.x * GLIDE;
    const y = this.from.y + by.y + speed.y * GLIDE;
    this.stage.setPose(limitPose({ scale: slide.pose.scale, x, y }, slide.sizes), true);
  }

  /** Show the next or previous image after a sideways swipe. Move the image back after a short one.
   * @param by distance in pixels, negative to the left
   * @param speed in pixels a millisecond */
  #turnPage(by: number, speed: number) {
    const { context, size } = this.stage;
    const before = this.stage.slide;
    const way = getSwipeDirection(by, speed, size.width);
    if (way) void context.actions.step(way);
    const isSame = this.stage.slide === before;
    this.#animateBack(isSame ? by : by + way * (size.width + GAP), 0);
  }

  /** Close the viewer after a swipe down, or show the details after a swipe up. After a short drag,
   * only move the image back.
   * @param by distance in pixels, negative upwards
   * @param speed in pixels a millisecond */
  #endVerticalDrag(by: number, speed: number) {
    const { size, listeners } = this.stage;
    if (isDismissed(by, speed, size.height)) return void this.#fallOut(by);
    if (isDismissed(-by, -speed, size.height / 2)) listeners.raised();
    this.#animateBack(0, by > 0 ? by : by / 3);
  }

  /** Animate the image downwards, then close the viewer.
   * @param by how far the finger has moved the image, in pixels */
  async #fallOut(by: number) {
    const { strip, size, context } = this.stage;
    const from = { transform: `translateY(${by}px)`, opacity: 1 - by / size.height };
    const to = { transform: `translateY(${size.height}px)`, opacity: 0 };
    this.#move(0, 0);
    const fall = strip.animate([from, to], { ...FALL, duration: isStill() ? 0 : FALL.duration });
    await fall.finished;
    context.actions.close();
    fall.cancel(); // the animation held the strip below until now
  }

  /** Move the strip of slides this many pixels from its normal position. */
  #move(x: number, y: number) {
    const { strip, size } = this.stage;
    strip.style.transform = x || y ? `translate(${x}px, ${y}px)` : "";
    strip.style.opacity = y > 0 ? String(1 - y / size.height) : "";
  }

  /** Animate the strip back to its normal position, from this many pixels beside it. */
  #animateBack(x: number, y: number) {
    this.#move(0, 0);
    if (isStill()) return;
    const from = { transform: `translate(${x}px, ${y}px)` };
    this.stage.strip.animate([from, { transform: "none" }], FOLLOW);
  }
}

/** Return whether the user has asked the system for reduced motion. */
function isStill() {
  return window.matchMedia("(prefers-reduced-motion: reduce)").matches;
}
