/** One image or video in the viewer, with its zoom. */

import type { ImageView } from "../contract";
import { showBlurhash } from "../core/blurhash";
import { button, el, setAttribute } from "../core/dom";
import { readPreference, savePreference } from "../core/preferences";
import { getErrorMessage, ignoreFailure, makeRetryButton } from "../data/api";
import { describeImage } from "../grid/tile";
import type { Context } from "../types";
import {
  fitPose,
  getFitScale,
  getSizeOrDefault,
  isZoomed,
  type Pose,
  refitPose,
  type Size,
  type Sizes,
} from "./zoom";

/** Return a player, and a promise that settles when the first frame is loaded or has failed. */
function makePlayer(
  { src, poster, name }: { src: string; poster: string; name: string },
  signal: AbortSignal,
): { element: HTMLVideoElement; ready: Promise<void> } {
  const element = el("video", { class: "file", controls: true, loop: true, playsinline: true });
  element.muted = !readPreference("sound", false);
  element.volume = readPreference("volume", 1);
  element.poster = poster;
  element.setAttribute("aria-label", name);
  const ready = waitForData(element, signal);
  element.src = src;
  element.addEventListener("volumechange", () => saveSound(element), { signal });
  signal.addEventListener("abort", () => {
    element.pause();
    element.removeAttribute("src"); // else it would go on loading
    element.load();
  });
  return { element, ready };
}

/** Play a video. If the browser forbids sound before a click, play it without sound. */
export async function playVideo(video: HTMLVideoElement) {
  try {
    await video.play();
  } catch (error) {
    const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
    if (!isRefused || video.muted) return;
    video.dataset.hushed = ""; // muted by the browser: the user's choice stays
    video.muted = true;
    await video.play().catch(() => {});
  }
}

/** Turn the sound on or off, for later videos too. */
export function toggleSound(video: HTMLVideoElement) {
  video.muted = !video.muted;
  savePreference("sound", !video.muted);
}

/** Store the volume and whether the sound is on, unless the browser has muted the video. */
function saveSound(video: HTMLVideoElement) {
  if ("hushed" in video.dataset) {
    delete video.dataset.hushed;
    return;
  }
  savePreference("sound", !video.muted);
  savePreference("volume", video.volume);
}

function waitForData(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", () => resolve(), { signal });
    video.addEventListener("error", () => reject(new Error("video")), { signal });
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

type SlideListeners = { changed: (slide: Slide) => void; again: (slide: Slide) => void };
/** URLs of an image that is not Civitai's. */
export type ImageSource = { thumb: string; file: string; label: string };

export const GAP = 16; // pixels between two
const GONE = ["gone", "not_known", "region", "refused"]; // another try cannot solve these problems
const NEEDS_SETTING = ["needs_key", "too_large"];

export class Slide {
  sizes;
  pose: Pose;
  thumb;
  box;
  element;
  shows: "thumb" | "file" = "thumb";
  video: HTMLVideoElement | null = null;
  #playing: AbortController | null = null;
  #error: HTMLElement | null = null;
  #cover: HTMLElement | null = null;
  #thumbLoaded: Promise<void> | null = null;

  /** @param source null for the view's own image */
  constructor(
    readonly context: Context,
    public view: ImageView,
    readonly listeners: SlideListeners,
    readonly source: ImageSource | null = null,
  ) {
    this.sizes = { image: getSizeOrDefault(view), stage: { width: 1, height: 1 } };
    this.pose = fitPose(this.sizes);
    this.thumb = el("img", { class: "thumb", alt: this.#label, draggable: "false" });
    this.box = el("div", { class: "image" }, this.thumb);
    showBlurhash(this.box, view.blurhash);
    this.element = el("div", { class: "slide" }, this.box);
  }

  get isZoomed() {
    return isZoomed(this.pose, this.sizes);
  }

  get isFailed() {
    return this.#error !== null;
  }

  /** Return why the file is not shown, "" for no error. */
  get problem() {
    return this.#error?.querySelector("p")?.textContent ?? "";
  }

  /** Return whether the image is covered because of its content rating. */
  get isCovered() {
    return this.#cover !== null;
  }

  /** Return whether the slide shows its final content: its file, an error, or a cover over it. */
  get isSettled() {
    return this.shows === "file" || this.isFailed || this.#cover !== null;
  }

  /** Lay out the image on a stage of this size. */
  setStage(stage: Size) {
    this.#setSizes({ ...this.sizes, stage });
  }

  #setSizes(sizes: Sizes) {
    const pose = refitPose(this.pose, this.sizes, sizes);
    this.sizes = sizes;
    const fit = getFitScale(this.sizes);
    // one pixel at least: an image may be 1 × 100,000
    const width = Math.max(1, this.sizes.image.width * fit);
    const height = Math.max(1, this.sizes.image.height * fit);
    Object.assign(this.box.style, { width: `${width}px`, height: `${height}px` });
    this.setPose(pose);
  }

  /** Zoom and pan the image to a pose. */
  setPose(pose: Pose, smoothly = false) {
    this.pose = pose;
    const larger = pose.scale / getFitScale(this.sizes);
    this.box.classList.toggle("smooth", smoothly);
    this.box.style.transform = `translate(-50%, -50%) translate(${pose.x}px, ${pose.y}px) scale(${larger})`;
    setAttribute(this.element, "data-zoomed", this.isZoomed);
  }

  /** Show newer data of the image, such as its size. */
  updateView(view: ImageView) {
    const before = this.view;
    this.view = view;
    if (view.width !== before.width || view.height !== before.height)
      this.#setSizes({ ...this.sizes, image: getSizeOrDefault(view) });
    if (view.kind !== before.kind) this.listeners.again(this);
  }

  /** Cover the image because of its content rating, or uncover it. */
  setBlurred(isCovered: boolean) {
    if (isCovered === (this.#cover !== null)) return;
    setAttribute(this.element, "data-blurred", isCovered);
    this.#cover?.remove();
    this.#cover = null;
    if (!isCovered) return;
    const { actions, translate } = this.context;
    const show = button({ action: "bare", label: translate("show_blurred") }, () =>
      actions.showBlurred(this.view.id),
    );
    this.#cover = el("div", { class: "rating-cover" }, show);
    this.element.append(this.#cover);
  }

  /** Load the thumbnail. On failure the promise resolves: the file shows the error. */
  loadThumb() {
    this.#thumbLoaded ??= this.#fetchThumb();
    return this.#thumbLoaded;
  }

  async #fetchThumb(): Promise<void> {
    const { api, store } = this.context;
    const settled = new Promise((resolve) => {
      this.thumb.addEventListener("load", resolve, { once: true });
      this.thumb.addEventListener("error", resolve, { once: true });
    });
    this.thumb.src = this.source?.thumb ?? api.getThumbUrl(this.view.id, store.get().thumb);
    await settled;
    const { naturalWidth: width, naturalHeight: height } = this.thumb;
    if (!width)
      this.thumb.remove(); // else the browser draws its sign of a broken image
    else if (this.view.width <= 0 && this.shows !== "file")
      this.#setSizes({ ...this.sizes, image: { width, height } });
  }

  /** Put the slide on the stage (0), or beside it (-1 and 1). */
  setPosition(by: number) {
    const { style } = this.element;
    style.transform = by ? `translateX(calc(${by * 100}% + ${by * GAP}px))` : "";
    this.element.inert = by !== 0;
    if (by && this.isZoomed) this.setPose(fitPose(this.sizes));
  }

  /** Remove the slide, and stop loading its image. */
  remove() {
    this.stopPlaying();
    stopLoading(this.thumb);
    this.element.remove();
  }

  /** Load an image's file, and show it once it is decoded. A video is played instead. */
  async loadFile(signal: AbortSignal, isAgain = false): Promise<void> {
    if (this.shows === "file" || this.view.kind !== "image") return;
    const image = el("img", { class: "file", alt: this.#label });
    const url = this.source?.file ?? this.context.api.getFileUrl(this.view.id);
    signal.addEventListener("abort", () => stopLoading(image), { once: true });
    this.clearError();
    image.src = url;
    try {
      await image.decode();
    } catch {
      if (signal.aborted) return;
      // some are too large to be decoded at once, and can be shown all the same
      if (!image.naturalWidth)
        return this.#showFailure(signal, isAgain ? null : () => this.loadFile(signal, true));
    }
    if (!signal.aborted)
      this.#show(image, { width: image.naturalWidth, height: image.naturalHeight });
  }

  /** Play the slide's video or sound. Do nothing if it is an image, covered, or has failed. */
  async startPlaying(isAgain = false): Promise<void> {
    if (!isPlayed(this.view) || this.#playing || this.#cover || this.#error) return;
    this.#playing = new AbortController();
    const { signal } = this.#playing;
    const src = this.context.api.getFileUrl(this.view.id);
    const { element, ready } = makePlayer(
      { src, poster: this.thumb.src, name: this.#label },
      signal,
    );
    this.video = element;
    this.box.append(element);
    void playVideo(element);
    try {
      await ready;
      this.#show(element, { width: element.videoWidth, height: element.videoHeight });
    } catch {
      if (signal.aborted) return;
      this.stopPlaying();
      const again = isAgain ? null : () => this.startPlaying(true);
      await this.#showFailure(this.context.signal, again);
    }
  }

  /** Stop playing and show the thumbnail. */
  stopPlaying() {
    this.#playing?.abort();
    this.#playing = null;
    this.video?.remove();
    this.video = null;
    if (!isPlayed(this.view)) return;
    this.shows = "thumb";
    if (this.thumb.naturalWidth) this.box.prepend(this.thumb);
  }

  #show(element: HTMLImageElement | HTMLVideoElement, size: Size) {
    if (element.parentNode !== this.box) this.box.append(element);
    // the others would show through a transparent image
    for (const other of [...this.box.children]) if (other !== element) other.remove();
    if (size.width > 0) this.#setSizes({ ...this.sizes, image: size });
    this.shows = "file";
    this.clearError();
    this.listeners.changed(this);
  }

  get #label() {
    const { translate } = this.context;
    if (this.source) return this.source.label;
    return this.view.kind ? describeImage(this.view, false, translate) : translate("picture");
  }

  clearError() {
    this.#error?.remove();
    this.#error = null;
  }

  /** Show why a file failed. Another request finds that out, since an `<img>` does not tell.
   * @param retry called instead if the file arrives now */
  async #showFailure(signal: AbortSignal, retry: (() => Promise<void>) | null) {
    const { api, translate, actions } = this.context;
    const url = this.source?.file ?? api.getFileUrl(this.view.id);
    const isOnServer = !url.startsWith("blob:"); // the page's policy lets no request read the others
    const failure = isOnServer ? await api.findFailure(url, { signal }).catch(ignoreFailure) : null;
    if (signal.aborted) return;
    if (isOnServer && !failure && retry) return retry();
    if (failure) this.showError(getErrorMessage(failure, translate), failure.code);
    else
      this.showError(
        translate(this.source ? "file_not_shown" : "file_not_shown_save"),
        "not_shown",
      );
    if (!this.source) actions.reportFailure(url, failure);
  }

  /** Show an error with a button; `code`: "not_shown" if the browser cannot show the file. */
  showError(message: string, code: string) {
    this.clearError();
    const ways = this.#makeErrorButtons(code);
    this.#error = el("div", { class: "slide-error", role: "alert" }, el("p", {}, message), ...ways);
    this.element.append(this.#error);
    this.listeners.changed(this);
  }

  #makeErrorButtons(code: string) {
    const { translate, actions } = this.context;
    const settings = { action: "settings", label: translate("open_settings") };
    const save = { action: "save-file", icon: "save", label: translate("menu_save") } as const;
    if (code === "not_shown" && !this.source)
      return [button(save, () => actions.download([this.view.id]))];
    if (GONE.includes(code))
      return [button({ action: "close", label: translate("do_close") }, () => actions.close())];
    const retry = makeRetryButton(code, translate, () => this.listeners.again(this));
    // a web page that came instead may also be that of a network
    if (NEEDS_SETTING.includes(code))
      return [button(settings, () => actions.panel("settings")), retry];
    return [retry];
  }
}

/** Stop loading. Without a `src`, Chromium would keep the image, and not settle `decode`. */
function stopLoading(image: HTMLImageElement) {
  image.src = "data:,";
}

function isPlayed({ kind }: ImageView) {
  return kind === "video" || kind === "audio";
}
