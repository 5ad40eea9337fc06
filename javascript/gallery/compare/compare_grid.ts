/** Two to four images side by side or over each other, which are zoomed and panned together. */

import { el, observeSize } from "../core/dom";
import { isBlurred } from "../state/content_rating";
import type { Context, View, ZoomStep } from "../types";
import { Gestures, type Handlers } from "../viewer/pointer_gestures";
import { type ImageSource, Slide } from "../viewer/slide";
import { getFitScale, type Pose, stepZoom } from "../viewer/zoom";
import { ZoomGestures } from "../viewer/zoom_gestures";
import { Dividers } from "./dividers";
import { countColumns, type SyncedView, toPose, toSyncedView, WHOLE_VIEW } from "./synced_zoom";

/** label: shown in its corner instead of a number. */
export type ComparedImage = { view: View; source?: ImageSource; label?: string };

export class CompareGrid {
  declare element;
  #context;
  #cells: CompareCell[] = [];
  #view = WHOLE_VIEW;
  #dividers;

  constructor(context: Context) {
    this.#context = context;
    this.element = el("div", { class: "compare-grid" });
    this.#dividers = new Dividers(context, this.element);
    observeSize(this.element, () => this.#measure(), context.signal);
    context.store.on(["revealed"], () => this.#blurCells(), context);
  }

  /** Show these images. */
  showImages(images: ComparedImage[]) {
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
   * @param isOver whether to lay them over each other */
  layOver(isOver: boolean) {
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

  /** Zoom all images by a step, or switch between the whole images and their actual size. */
  zoom(how: ZoomStep) {
    const [first] = this.#cells;
    if (first) this.#moveAll(first, stepZoom(first.slide.pose, how, first.slide.sizes), true);
  }

  /** Apply the zoom and the position of one image to all images.
   * @param moved the cell that the user has zoomed or panned
   * @param pose of that image
   * @param smoothly whether to animate the change */
  #moveAll(moved: CompareCell, pose: Pose, smoothly: boolean) {
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

class CompareCell extends ZoomGestures implements Handlers {
  declare slide;
  declare element;
  #view = WHOLE_VIEW;
  #abort = new AbortController();

  /** @param at position in the grid, from 0
   * @param move zooms and pans all images */
  constructor(
    context: Context,
    { view, source, label }: ComparedImage,
    at: number,
    move: (pose: Pose, smoothly: boolean) => void,
  ) {
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
   * @param smoothly whether to animate the change */
  showView(view: SyncedView, smoothly: boolean) {
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

  /** Return whether a press is a gesture. A press on a button is not. */
  isGesture(event: PointerEvent) {
    return !event.composedPath().some((node) => node instanceof HTMLButtonElement);
  }

  tap() {}
}
