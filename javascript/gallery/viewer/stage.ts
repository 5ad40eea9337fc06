/** The viewer's stage: the open image between its neighbours, which are loaded ahead. */

import type { ImageView } from "../contract";
import { el, observeSize } from "../core/dom";
import { isBlurred } from "../state/state";
import type { Context, ZoomStep } from "../types";
import { isStill } from "./flight";
import { Gestures } from "./gestures";
import { GAP, Slide } from "./slide";
import { FOLLOW, SwipeGestures } from "./swipes";
import { type Pose, stepZoom } from "./zoom";

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
    new Gestures(this.element, new SwipeGestures(this), context.signal);
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

  /** Let the open image come in from its side; the next one at once, for a held key. */
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

  /** Load again the images that failed. */
  retryFailed() {
    for (const slide of this.#slides.values()) if (slide.isFailed) this.#reload(slide);
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
