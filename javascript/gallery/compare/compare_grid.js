/** Two to four images side by side or over each other, which are zoomed and panned together. */

import { el } from "../core/dom.js";
import { isBlurred } from "../state/content_rating.js";
import { Gestures } from "../viewer/pointer_gestures.js";
import { Slide } from "../viewer/slide.js";
import {
  dragPose,
  getFitScale,
  limitPose,
  pinchPose,
  stepZoom,
  toggleZoom,
  zoomAt,
} from "../viewer/zoom.js";
import { Dividers } from "./dividers.js";
import { countColumns, toPose, toSyncedView, WHOLE_VIEW } from "./synced_zoom.js";

/** @import { Context, View } from "../types.js" */
/** @import { ImageSource } from "../viewer/slide.js" */
/** @import { Point, Pose } from "../viewer/zoom.js" */
/** @typedef {{view: View, source?: ImageSource, label?: string}} ComparedImage  label: shown in its corner instead of a number */

const MIDDLE = { x: 0, y: 0 };

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
    const sizes = new ResizeObserver(() => this.#measure());
    sizes.observe(this.element);
    context.signal.addEventListener("abort", () => sizes.disconnect());
    context.store.on(["revealed"], () => this.#blurCells(), context);
  }

  /** Show these images. @param {ComparedImage[]} images */
  showImages(images) {
    this.clear();
    this.#view = WHOLE_VIEW;
    this.#cells = images.map((image, at) => {
      const cell = new CompareCell(this.#context, image, at, (pose, smoothly) =>
        this.#moveOthers(cell, pose, smoothly),
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

  /** Lay the images over each other, with dividers, or side by side. @param {boolean} isOver */
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
  rotate() {
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

  /** Zoom all images by a step. @param {import("../types.js").ZoomStep} how */
  zoom(how) {
    this.#cells[0]?.zoom(how);
  }

  /** Zoom and pan the other images in the same way as one of them.
   * @param {CompareCell} moved  the cell that the user has zoomed or panned
   * @param {Pose} pose
   * @param {boolean} smoothly */
  #moveOthers(moved, pose, smoothly) {
    this.#view = toSyncedView(pose, moved.slide.size, moved.stage);
    for (const cell of this.#cells) {
      if (cell !== moved) cell.showView(this.#view, smoothly);
    }
    moved.seen = this.#view;
    moved.slide.setPose(pose, smoothly); // not limited: a finger may hold the image beyond its limits
  }

  #measure() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height || !this.#cells.length) return;
    const sizes = this.#cells.map((cell) => cell.slide.size);
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

class CompareCell {
  stage = { width: 1, height: 1 };
  seen = WHOLE_VIEW;
  #abort = new AbortController();
  /** @type {Pose} where it was when a drag or a pinch began */
  #from = { scale: 1, x: 0, y: 0 };
  /** @type {Point} */
  #pinchedAt = MIDDLE;
  #move;

  /** @param {Context} context
   * @param {ComparedImage} image
   * @param {number} at  position in the grid, from 0
   * @param {(pose: Pose, smoothly: boolean) => void} move  zooms and pans all images */
  constructor(context, { view, source, label }, at, move) {
    this.#move = move;
    const listeners = {
      changed: () => this.showView(this.seen, false),
      again: () => this.loadFile(),
    };
    this.slide = new Slide(context, view, listeners, source);
    const number = el("span", { class: "number", "aria-hidden": "true" }, label ?? at + 1);
    this.element = el("figure", { class: "compare-cell" }, this.slide.element, number);
    new Gestures(this.element, this.#makeHandlers(), this.#abort.signal);
  }

  measure() {
    const { clientWidth: width, clientHeight: height } = this.element;
    if (!width || !height) return;
    this.stage = { width, height };
    this.slide.setStage(this.stage);
  }

  /** Return the share of the cell's width that the image fills while it is shown whole, 0 to 1. */
  get widthShare() {
    const { size } = this.slide;
    return (size.width * getFitScale(size, this.stage)) / this.stage.width;
  }

  /** Show the same part of the image that the other cells show.
   * @param {import("./synced_zoom.js").SyncedView} view
   * @param {boolean} smoothly */
  showView(view, smoothly) {
    this.seen = view;
    this.slide.setPose(toPose(view, this.slide.size, this.stage), smoothly);
  }

  loadFile() {
    void this.slide.loadThumb();
    void this.slide.loadFile(this.#abort.signal);
  }

  remove() {
    this.#abort.abort();
    this.slide.remove();
  }

  /** Zoom this image, and with it all others. @param {import("../types.js").ZoomStep} how */
  zoom(how) {
    const { pose, size } = this.slide;
    this.#move(stepZoom(pose, how, size, this.stage), true);
  }

  /** Return the handlers that zoom and pan all images when a gesture is made on this one.
   * @returns {import("../viewer/pointer_gestures.js").Handlers} */
  #makeHandlers() {
    const begin = () => {
      this.#from = this.slide.pose;
    };
    const settle = () => this.#move(limitPose(this.slide.pose, this.slide.size, this.stage), true);
    return {
      isOurs: (event) => !event.composedPath().some((node) => node instanceof HTMLButtonElement),
      dragStart: begin,
      drag: (by) => this.#move(dragPose(this.#from, by, this.slide.size, this.stage), false),
      dragEnd: settle,
      pinchStart: (point) => {
        begin();
        this.#pinchedAt = point;
      },
      pinch: (factor, point) => {
        const { size } = this.slide;
        this.#move(pinchPose(this.#from, factor, this.#pinchedAt, point, size, this.stage), false);
      },
      pinchEnd: settle,
      tap: () => {},
      doubleTap: (point) =>
        this.#move(toggleZoom(this.slide.pose, point, this.slide.size, this.stage), true),
      wheel: (factor, point) => {
        const { pose, size } = this.slide;
        this.#move(zoomAt(pose, pose.scale * factor, point, size, this.stage), false);
      },
    };
  }
}
