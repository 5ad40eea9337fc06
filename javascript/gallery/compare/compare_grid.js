/** Two to four images side by side or over each other, which are zoomed and panned together. */

import { el, observeSize } from "../core/dom.js";
import { isBlurred } from "../state/content_rating.js";
import { Gestures } from "../viewer/pointer_gestures.js";
import { Slide } from "../viewer/slide.js";
import { getFitScale, stepZoom } from "../viewer/zoom.js";
import { ZoomGestures } from "../viewer/zoom_gestures.js";
import { Dividers } from "./dividers.js";
import { countColumns, toPose, toSyncedView, WHOLE_VIEW } from "./synced_zoom.js";

/** @import { Context, View } from "../types.js" */
/** @import { ImageSource } from "../viewer/slide.js" */
/** @import { Handlers } from "../viewer/pointer_gestures.js" */
/** @import { Pose } from "../viewer/zoom.js" */
/** @typedef {{view: View, source?: ImageSource, label?: string}} ComparedImage  label: shown in its corner instead of a number */

export class CompareGrid {
  #context;
  /** @type {CompareCell[]} */
  #cells = [];
  #view = WHOLE_VIEW;
  #dividers;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.element = el("div", { class: "compare-grid" });
    this.#dividers = new Dividers(context, this.element);
    observeSize(this.element, () => this.#measure(), context.signal);
    context.store.on(["revealed"], () => this.#blurCells(), context);
  }

  /** Show these images. @param {ComparedImage[]} images */
  showImages(images) {
    this.clear();
    this.#view = WHOLE_VIEW;
    this.#cells = images.map((image, at) => {
      const cell = new CompareCell(this.#context, image, at, (pose, smoothly) =>
        this.#moveAll(cell, pose, smoothly),
      );
      return cell;
    });
    this.element.replaceChildren(...this.#cells.map((cell) => cell.element));
    this.#blurCells();
    this.layOver(this.isOver);
    for (const cell of this.#cells) cell.loadFile();
  }

  get isOver() {
    return this.element.hasAttribute("data-over");
  }

  /** Lay the images over each other, with dividers, or else side by side.
   * @param {boolean} isOver  whether to lay them over each other */
  layOver(isOver) {
    this.element.toggleAttribute("data-over", isOver);
    this.#measure();
    if (!isOver) return this.#dividers.clear();
    const shares = this.#cells.map((cell) => cell.widthShare);
    this.#dividers.show(this.#cells.length, Math.max(0, ...shares));
  }

  /** Focus the first divider, so that the arrow keys move it. */
  focusDivider() {
    this.#dividers.focus();
  }

  /** Move the first image behind the last one; zoom and dividers stay. */
  moveFirstToEnd() {
    const [first, ...others] = this.#cells;
    others.at(-1)?.element.after(first.element);
    this.#cells = [...others, first];
    this.#dividers.draw();
    this.#measure();
  }

  clear() {
    for (const cell of this.#cells) cell.remove();
    this.#cells = [];
    this.#dividers.clear();
    this.element.replaceChildren();
  }

  /** Zoom all images by a step, or switch between the whole images and their actual size.
   * @param {import("../types.js").ZoomStep} how */
  zoom(how) {
    const [first] = this.#cells;
    if (first) this.#moveAll(first, stepZoom(first.slide.pose, how, first.slide.sizes), true);
  }

  /** Apply the zoom and the position of one image to all images.
   * @param {CompareCell} moved  the cell that the user has zoomed or panned
   * @param {Pose} pose  of that image
   * @param {boolean} smoothly  whether to animate the change */
  #moveAll(moved, pose, smoothly) {
    this.#view = toSyncedView(pose, moved.slide.sizes);
    for (const cell of this.#cells) cell.showView(this.#view, smoothly);
    moved.slide.setPose(pose, smoothly); // not limited: a finger may hold the image beyond its limits
  }

  #measure() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height || !this.#cells.length) return;
    const sizes = this.#cells.map((cell) => cell.slide.sizes.image);
    const columns = countColumns(sizes, { width, height });
    this.element.style.setProperty("--cs-columns", String(columns));
    for (const cell of this.#cells) {
      cell.measure();
      cell.showView(this.#view, false);
    }
  }

  #blurCells() {
    const state = this.#context.store.get();
    for (const { slide } of this.#cells) slide.setBlurred(isBlurred(state, slide.view));
  }
}

/** @implements {Handlers} */
class CompareCell extends ZoomGestures {
  #view = WHOLE_VIEW;
  #abort = new AbortController();

  /** @param {Context} context
   * @param {ComparedImage} image
   * @param {number} at  position in the grid, from 0
   * @param {(pose: Pose, smoothly: boolean) => void} move  zooms and pans all images */
  constructor(context, { view, source, label }, at, move) {
    const changed = () => this.showView(this.#view, false);
    const slide = new Slide(context, view, { changed, again: () => this.loadFile() }, source);
    super({ slide, setPose: move });
    this.slide = slide;
    const number = el("span", { class: "number", "aria-hidden": "true" }, label ?? at + 1);
    this.element = el("figure", { class: "compare-cell" }, this.slide.element, number);
    new Gestures(this.element, this, this.#abort.signal);
  }

  measure() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (width && height) this.slide.setStage({ width, height });
  }

  /** Return the share of the cell's width that the image fills while it is shown whole, 0 to 1. */
  get widthShare() {
    const { sizes } = this.slide;
    return (sizes.image.width * getFitScale(sizes)) / sizes.stage.width;
  }

  /** Show the same part of the image that the other cells show.
   * @param {import("./synced_zoom.js").SyncedView} view
   * @param {boolean} smoothly  whether to animate the change */
  showView(view, smoothly) {
    this.#view = view;
    this.slide.setPose(toPose(view, this.slide.sizes), smoothly);
  }

  loadFile() {
    void this.slide.loadThumb();
    void this.slide.loadFile(this.#abort.signal);
  }

  remove() {
    this.#abort.abort();
    this.slide.remove();
  }

  /** Return whether a press is a gesture. A press on a button is not. @param {PointerEvent} event */
  isGesture(event) {
    return !event.composedPath().some((node) => node instanceof HTMLButtonElement);
  }

  tap() {}
}
