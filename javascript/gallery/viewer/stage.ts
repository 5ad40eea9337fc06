/** The viewer's stage: the open image between its neighbours, which are loaded ahead. */

import type { ImageView } from "../contract";
import { el, observeSize, setAttribute } from "../core/dom";
import { isBlurred } from "../state/state";
import type { Context, ZoomStep } from "../types";
import { isStill } from "./flight";
import { Gestures, getSwipeDirection, isDismissed, ZoomGestures } from "./gestures";
import { GAP, Slide } from "./slide";
import { limitPose, type Point, type Pose, stepZoom } from "./zoom";

/** Settles also on failure. */
type Load = (id: number, signal: AbortSignal) => Promise<unknown>;

const AT_ONCE = 2; // a browser has six connections to our server, and other requests need some
const MOST_RUNNING = 2; // of the list's first: what is under way for them goes on

/** Return the indices of an image and of the images around it, in the order in which to load them:
 * images ahead before those behind.
 * @param way the direction in which the user goes: 1 or -1 */
export function listNearbyIndices(index: number, count: number, way: number, distance: number) {
  const indices = [index];
  for (let step = 1; step <= distance; step += 1)
    indices.push(index + way * step, index - way * step);
  return indices.filter((at) => at >= 0 && at < count);
}

export class Loader {
  #running = new Map<number, AbortController>();
  #done = new Set<number>();
  #wanted: number[] = [];

  /** @param load loads an image by its id */
  constructor(private readonly load: Load) {}

  /** Load these images, the first one before all others. Stop loading images that are less
   * urgent. */
  loadImages(ids: number[]) {
    this.#wanted = ids;
    const wanted = ids.slice(0, MOST_RUNNING);
    for (const [id, controller] of this.#running) {
      if (wanted.includes(id)) continue;
      this.#running.delete(id);
      controller.abort();
    }
    for (const id of this.#done) if (!ids.includes(id)) this.#done.delete(id);
    this.#loadNext();
  }

  /** Load an image again if it is still wanted. */
  reload(id: number) {
    this.#done.delete(id);
    this.#loadNext();
  }

  stopAll() {
    this.loadImages([]);
  }

  #loadNext() {
    const [first, ...others] = this.#wanted;
    if (first === undefined) return;
    if (!this.#done.has(first)) {
      if (!this.#running.has(first)) this.#startLoading(first);
      return;
    }
    for (const id of others) {
      if (this.#running.size >= AT_ONCE) return;
      if (!this.#done.has(id) && !this.#running.has(id)) this.#startLoading(id);
    }
  }

  #startLoading(id: number) {
    const controller = new AbortController();
    this.#running.set(id, controller);
    this.load(id, controller.signal).finally(() => {
      if (this.#running.get(id) !== controller) return; // it was stopped
      this.#running.delete(id);
      this.#done.add(id);
      this.#loadNext();
    });
  }
}

const GLIDE = 160; // ms that a flung image goes on
const CONTROLS = 80; // pixels at the lower edge of a video
const FOLLOW = { duration: 180, easing: "cubic-bezier(.2, .8, .3, 1)" };

class StageGestures extends ZoomGestures {
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

  /** Show the next or previous image after a sideways swipe. Move the image back after a short one.
   * @param by distance in pixels, negative to the left
   * @param speed in pixels a millisecond */
  #turnPage(by: number, speed: number) {
    const { context, size } = this.stage;
    const before = this.stage.slide;
    const { x } = this.#getShift({ x: by, y: 0 });
    const way = getSwipeDirection(by, speed, size.width);
    if (way) void context.actions.step(way);
    const isSame = this.stage.slide === before;
    this.#animateBack(isSame ? x : x + way * (size.width + GAP), 0);
  }

  /** Close the viewer after a swipe down, or show the details after a swipe up. After a short drag,
   * only move the image back.
   * @param by distance in pixels, negative upwards
   * @param speed in pixels a millisecond */
  #endVerticalDrag(by: number, speed: number) {
    const { size, listeners } = this.stage;
    if (isDismissed(by, speed, size.height)) {
      this.stage.context.actions.close(); // from where the finger has left the image
      return this.#move(0, 0);
    }
    if (isDismissed(-by, -speed, size.height / 2)) listeners.raised();
    this.#animateBack(0, this.#getShift({ x: 0, y: by }).y);
  }

  /** Move the strip of slides this many pixels from its normal position. The farther it is drawn
   * down, the smaller it is and the more is seen of the page behind. */
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

/** Called when something happens on the stage. */
interface StageListeners {
  changed: () => void; // the open image shows something else, or is zoomed
  again: () => void; // the user asks to load a failed image again
  raised: () => void; // the user swipes upwards
  tapped: (onImage: boolean, isTouch: boolean) => void;
}

const SLIDES_AROUND = 4; // to each side, with their thumbnails
const FILES_AROUND = 2;

export class Stage {
  strip;
  element;
  files;
  thumbs;
  #slides = new Map<number, Slide>();
  #views: readonly ImageView[] = [];
  #index = -1;
  #turning: Animation | null = null;
  size = { width: 1, height: 1 };

  constructor(
    readonly context: Context,
    readonly listeners: StageListeners,
  ) {
    this.strip = el("div", { class: "strip" });
    this.element = el("div", { class: "stage" }, this.strip);
    this.files = new Loader(async (id, signal) => this.#findSlide(id)?.loadFile(signal));
    this.thumbs = new Loader(async (id) => this.#findSlide(id)?.loadThumb());
    new Gestures(this.element, new StageGestures(this), context.signal);
    observeSize(this.element, () => this.measure(), context.signal);
  }

  /** Return the slide of the open image, undefined if none is open. */
  get slide() {
    const view = this.#views[this.#index];
    return view && this.#slides.get(view.id);
  }

  /** Show an image, and load the images around it.
   * @param way the direction in which the user goes: 1 or -1 */
  showImage(views: readonly ImageView[], index: number, way: number) {
    const before = this.slide;
    if (!before) this.measure();
    this.#views = views;
    this.#index = index;
    const around = listNearbyIndices(index, views.length, way, SLIDES_AROUND).map(
      (at) => views[at].id,
    );
    this.#removeOthers(new Set(around));
    this.#placeSlides();
    const now = this.slide;
    if (now !== before) before?.stopPlaying();
    if (before?.element.isConnected && now !== before) this.#turn(way);
    void now?.startPlaying();
    this.files.loadImages(around.slice(0, 1 + 2 * FILES_AROUND));
    this.thumbs.loadImages(around);
    if (now !== before) this.retryFailed();
  }

  /** Let the open image come in from the side of its old neighbour. While one comes, the next is
   * there at once: who holds a key wants to see images, not motion. */
  #turn(way: number) {
    const isTurning = this.#turning?.playState === "running";
    this.#turning?.cancel();
    if (isTurning || isStill()) return;
    const from = { transform: `translateX(${way * (this.size.width + GAP)}px)` };
    this.#turning = this.strip.animate([from, { transform: "none" }], FOLLOW);
  }

  /** Return whether there is an image before (-1) or after (1) the open one. */
  hasNeighbour(by: number) {
    return this.#views[this.#index + by] !== undefined;
  }

  /** Load the open image again if it failed. */
  retryFailed() {
    if (this.slide?.isFailed) this.#reload(this.slide);
  }

  clear() {
    this.#removeOthers(new Set());
    this.files.stopAll();
    this.thumbs.stopAll();
    this.#views = [];
    this.#index = -1;
  }

  /** Zoom the open image by a step, or switch between the whole image and its actual size. */
  zoom(how: ZoomStep) {
    const { slide } = this;
    if (slide) this.setPose(stepZoom(slide.pose, how, slide.sizes), true);
  }

  /** Zoom and pan the open image to a pose. */
  setPose(pose: Pose, smoothly = false) {
    this.slide?.setPose(pose, smoothly);
    this.listeners.changed();
  }

  #removeOthers(wanted: Set<number>) {
    for (const [id, slide] of this.#slides) {
      if (wanted.has(id)) continue;
      slide.remove();
      this.#slides.delete(id);
    }
  }

  #placeSlides() {
    const state = this.context.store.get();
    const placed: Element[] = [];
    for (const by of [0, 1, -1]) {
      const view = this.#views[this.#index + by];
      if (!view) continue;
      const slide = this.#getSlide(view);
      slide.setPosition(by);
      if (by === 0) void slide.loadThumb();
      slide.setBlurred(isBlurred(state, view));
      placed.push(slide.element);
      if (!slide.element.isConnected) this.strip.append(slide.element);
    }
    for (const child of [...this.strip.children]) if (!placed.includes(child)) child.remove();
  }

  #getSlide(view: ImageView) {
    let slide = this.#slides.get(view.id);
    if (slide) {
      slide.updateView(view);
      return slide;
    }
    slide = new Slide(this.context, view, {
      changed: (changed) => changed === this.slide && this.listeners.changed(),
      again: (failed) => {
        this.#reload(failed);
        this.listeners.again();
      },
    });
    slide.setStage(this.size);
    this.#slides.set(view.id, slide);
    return slide;
  }

  /** Lay out the slides for the stage's present size. */
  measure() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.size = { width, height };
    for (const slide of this.#slides.values()) slide.setStage(this.size);
    if (this.slide) this.listeners.changed();
  }

  /** Return the slide of an image, created if missing; undefined if the gallery lacks the image. */
  #findSlide(id: number) {
    const view = this.#views.find((one) => one.id === id);
    return view && this.#getSlide(view);
  }

  #reload(slide: Slide) {
    slide.clearError();
    this.files.reload(slide.view.id);
    if (slide === this.slide) void slide.startPlaying();
  }
}
