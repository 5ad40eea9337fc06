/** Two to four images side by side or over each other, which are zoomed and panned together. */

import type { ImageView } from "../contract";
import { el, observeSize } from "../core/dom";
import { isBlurred } from "../state/state";
import type { Context, ZoomStep } from "../types";
import { Gestures, type Handlers, ZoomGestures } from "../viewer/gestures";
import { type ImageSource, Slide } from "../viewer/slide";
import { getFitScale, limitPose, type Pose, type Size, type Sizes, stepZoom } from "../viewer/zoom";
import { makeDividers } from "./dividers";

/** larger: 1 fits the stage; x, y: the image's middle from the stage's, in parts of the image's
 * size. */
type SyncedView = { larger: number; x: number; y: number };

/** Return the number of columns with which the images are shown largest. */
export function countColumns(images: Size[], stage: Size) {
  const count = images.length;
  const seen = images.map((_, at) => {
    const columns = at + 1;
    const rows = Math.ceil(count / columns);
    const cell = { width: stage.width / columns, height: stage.height / rows };
    const areas = images.map(
      (one) => one.width * one.height * getFitScale({ image: one, stage: cell }) ** 2,
    );
    return areas.reduce((sum, area) => sum + area, 0);
  });
  return seen.lastIndexOf(Math.max(...seen)) + 1;
}

/** The view in which each image is shown whole. */
export const WHOLE_VIEW: Readonly<SyncedView> = { larger: 1, x: 0, y: 0 };

/** Convert the zoom and position of one image to a view that can be applied to all images. */
export function toSyncedView(pose: Pose, sizes: Sizes): SyncedView {
  const { image } = sizes;
  return {
    larger: pose.scale / getFitScale(sizes),
    x: pose.x / (image.width * pose.scale),
    y: pose.y / (image.height * pose.scale),
  };
}

/** Convert the shared view to a pose of one image. */
export function toPose({ larger, x, y }: SyncedView, sizes: Sizes): Pose {
  const { image } = sizes;
  const scale = larger * getFitScale(sizes);
  const pose = { scale, x: x * image.width * scale, y: y * image.height * scale };
  return larger <= 1 ? { scale, x: 0, y: 0 } : limitPose(pose, sizes);
}

/** label: shown in its corner instead of a number. */
export type ComparedImage = { view: ImageView; source?: ImageSource; label?: string };

export function makeCompareGrid(context: Context) {
  const { signal, store } = context;
  let cells: CompareCell[] = [];
  let view = WHOLE_VIEW;
  const element = el("div", { class: "compare-grid" });
  const dividers = makeDividers(context, element);
  observeSize(element, measure, signal);
  store.on(["revealed"], blurCells, context);

  /** Show these images. */
  function showImages(images: ComparedImage[]) {
    clear();
    view = WHOLE_VIEW;
    cells = images.map((image, at) => {
      const cell = new CompareCell(context, image, at, (pose, smoothly) =>
        moveAll(cell, pose, smoothly),
      );
      return cell;
    });
    element.replaceChildren(...cells.map((cell) => cell.element));
    blurCells();
    layOver(isOver());
    for (const cell of cells) cell.loadFile();
  }

  function isOver() {
    return element.hasAttribute("data-over");
  }

  /** Lay the images over each other, with dividers, or else side by side. */
  function layOver(isOver: boolean) {
    element.toggleAttribute("data-over", isOver);
    measure();
    if (!isOver) return dividers.clear();
    const shares = cells.map((cell) => cell.widthShare);
    dividers.show(cells.length, Math.max(0, ...shares));
  }

  /** Focus the first divider, so that the arrow keys move it. */
  function focusDivider() {
    dividers.focus();
  }

  /** Move the first image behind the last one; zoom and dividers stay. */
  function moveFirstToEnd() {
    const [first, ...others] = cells;
    others.at(-1)?.element.after(first.element);
    cells = [...others, first];
    dividers.draw();
    measure();
  }

  function clear() {
    for (const cell of cells) cell.remove();
    cells = [];
    dividers.clear();
    element.replaceChildren();
  }

  /** Zoom all images by a step, or switch between the whole images and their actual size. */
  function zoom(how: ZoomStep) {
    const [first] = cells;
    if (first) moveAll(first, stepZoom(first.slide.pose, how, first.slide.sizes), true);
  }

  function moveAll(moved: CompareCell, pose: Pose, smoothly: boolean) {
    view = toSyncedView(pose, moved.slide.sizes);
    for (const cell of cells) cell.showView(view, smoothly);
    moved.slide.setPose(pose, smoothly); // not limited: a finger may hold the image beyond its limits
  }

  function measure() {
    const { clientWidth: width, clientHeight: height } = element;
    if (!width || !height || !cells.length) return;
    const sizes = cells.map((cell) => cell.slide.sizes.image);
    const columns = countColumns(sizes, { width, height });
    element.style.setProperty("--cs-columns", String(columns));
    for (const cell of cells) {
      cell.measure();
      cell.showView(view, false);
    }
  }

  function blurCells() {
    const state = store.get();
    for (const { slide } of cells) slide.setBlurred(isBlurred(state, slide.view));
  }
  return { element, showImages, isOver, layOver, focusDivider, moveFirstToEnd, clear, zoom };
}

class CompareCell extends ZoomGestures implements Handlers {
  slide;
  element;
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

  /** Show the same part of the image that the other cells show. */
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
