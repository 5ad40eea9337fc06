/** The viewer's stage: the open image with its neighbours. */

import { el, observeSize } from "../core/dom";
import { isBlurred } from "../state/content_rating";
import type { Context, View, ZoomStep } from "../types";
import { Loader, listNearbyIndices } from "./loader";
import { Gestures } from "./pointer_gestures";
import { Slide } from "./slide";
import { StageGestures } from "./stage_gestures";
import { type Pose, stepZoom } from "./zoom";

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
  declare context: Context;
  declare listeners: StageListeners;
  declare strip;
  declare element;
  declare files;
  declare thumbs;
  #slides: Map<number, Slide> = new Map();
  #views: readonly View[] = [];
  #index = -1;
  size = { width: 1, height: 1 };

  constructor(context: Context, listeners: StageListeners) {
    this.context = context;
    this.listeners = listeners;
    this.strip = el("div", { class: "strip" });
    this.element = el("div", { class: "stage" }, this.strip);
    this.files = new Loader(async (id, signal) => this.#findSlide(id)?.loadFile(signal));
    this.thumbs = new Loader(async (id) => this.#findSlide(id)?.loadThumb());
    new Gestures(this.element, new StageGestures(this), context.signal);
    observeSize(this.element, () => this.#measure(), context.signal);
  }

  /** Return the slide of the open image, undefined if none is open. */
  get slide() {
    const view = this.#views[this.#index];
    return view && this.#slides.get(view.id);
  }

  /** Show an image, and load the images around it.
   * @param index of the image to show
   * @param way the direction in which the user goes: 1 or -1 */
  showImage(views: readonly View[], index: number, way: number) {
    const before = this.slide;
    if (!before) this.#measure();
    this.#views = views;
    this.#index = index;
    const around = listNearbyIndices(index, views.length, way, SLIDES_AROUND).map(
      (at) => views[at].id,
    );
    this.#removeOthers(new Set(around));
    this.#placeSlides();
    const now = this.slide;
    if (now !== before) before?.stopPlaying();
    void now?.startPlaying();
    this.files.loadImages(around.slice(0, 1 + 2 * FILES_AROUND));
    this.thumbs.loadImages(around);
    if (now !== before) this.retryFailed();
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

  /** Zoom and pan the open image to a pose.
   * @param smoothly whether to animate the change */
  setPose(pose: Pose, smoothly: boolean = false) {
    this.slide?.setPose(pose, smoothly);
    this.listeners.changed();
  }

  /** Remove all slides but those of some images.
   * @param wanted ids of the images */
  #removeOthers(wanted: Set<number>) {
    for (const [id, slide] of this.#slides) {
      if (wanted.has(id)) continue;
      slide.remove();
      this.#slides.delete(id);
    }
  }

  /** Put the slides of the open image and its two neighbours into the page. */
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

  /** Return the slide of an image; create it if it is missing. */
  #getSlide(view: View) {
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

  #measure() {
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

  /** Load a slide again after it has failed. */
  #reload(slide: Slide) {
    slide.clearError();
    this.files.reload(slide.view.id);
    if (slide === this.slide) void slide.startPlaying();
  }
}
