/** One picture of the viewer: its thumbnail at once, its file in the same place, its pose. */

import { button, el, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { isAborted } from "../data/api.js";
import { errorWords, tellLoss } from "../data/problems.js";
import { nameOf, placeholder } from "../grid/tile.js";
import { play, player } from "./video.js";
import { bounded, fitScale, fitted, isZoomed, known } from "./zoom.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").View} View */
/** @typedef {import("./zoom.js").Pose} Pose */
/** @typedef {import("./zoom.js").Size} Size */
/** @typedef {{changed: (slide: Slide) => void, again: (slide: Slide) => void}} Ties */

const GAP = 16; // pixels between two

export class Slide {
  /** @type {"thumb" | "file"} */
  shows = "thumb";
  /** @type {Size} */
  #stage = { width: 1, height: 1 };
  /** @type {HTMLVideoElement | null} */
  video = null;
  /** @type {AbortController | null} */
  #playing = null;
  /** @type {HTMLElement | null} */
  #trouble = null;
  /** @type {HTMLElement | null} */
  #veil = null;
  /** @type {Promise<void> | null} */
  #preview = null;

  /**
   * @param {Context} context
   * @param {View} view
   * @param {Ties} ties
   */
  constructor(context, view, ties) {
    this.context = context;
    this.view = view;
    this.ties = ties;
    this.size = known(view);
    /** @type {Pose} */
    this.pose = fitted(this.size, this.#stage);
    this.thumb = el("img", { class: "thumb", alt: this.#name, draggable: "false" });
    this.box = el("div", { class: "picture" }, placeholder(view), this.thumb);
    this.element = el("div", { class: "slide" }, this.box);
  }

  get isZoomed() {
    return isZoomed(this.pose, this.size, this.#stage);
  }

  get isFailed() {
    return this.#trouble !== null;
  }

  /** @param {Size} stage */
  lay(stage) {
    const wasZoomed = this.isZoomed;
    this.#stage = stage;
    const fit = fitScale(this.size, stage);
    // one pixel at least: a picture may be 1 × 100,000
    const width = Math.max(1, this.size.width * fit);
    const height = Math.max(1, this.size.height * fit);
    Object.assign(this.box.style, { width: `${width}px`, height: `${height}px` });
    this.put(wasZoomed ? bounded(this.pose, this.size, stage) : fitted(this.size, stage));
  }

  /**
   * @param {Pose} pose
   * @param {boolean} [smoothly]
   */
  put(pose, smoothly = false) {
    this.pose = pose;
    const larger = pose.scale / fitScale(this.size, this.#stage);
    this.box.classList.toggle("smooth", smoothly);
    this.box.style.transform = `translate(-50%, -50%) translate(${pose.x}px, ${pose.y}px) scale(${larger})`;
    setAttribute(this.element, "data-zoomed", this.isZoomed);
  }

  /** A record told later. @param {View} view */
  learn(view) {
    const before = this.view;
    this.view = view;
    if (view.width !== before.width || view.height !== before.height) this.#reshape(known(view));
    if (view.kind !== before.kind) this.ties.again(this);
  }

  /** Above the rating that one chose to see; until asked for. @param {boolean} isVeiled */
  veil(isVeiled) {
    if (isVeiled === (this.#veil !== null)) return;
    setAttribute(this.element, "data-blurred", isVeiled);
    this.#veil?.remove();
    this.#veil = isVeiled ? this.#shade() : null;
    if (this.#veil) this.element.append(this.#veil);
  }

  #shade() {
    const { acts, words } = this.context;
    const show = button({ deed: "bare", words: words("show_blurred") }, () =>
      acts.bare(this.view.id),
    );
    return el("div", { class: "veil" }, show);
  }

  /** Its thumbnail; settles also on failure, for the file says what is wrong. */
  preview() {
    this.#preview ??= this.#loadThumb();
    return this.#preview;
  }

  /** @returns {Promise<void>} */
  async #loadThumb() {
    const { api, store } = this.context;
    const settled = new Promise((resolve) => {
      this.thumb.addEventListener("load", resolve, { once: true });
      this.thumb.addEventListener("error", resolve, { once: true });
    });
    this.thumb.src = api.thumb(this.view.id, store.get().thumb);
    await settled;
    const { naturalWidth: width, naturalHeight: height } = this.thumb;
    if (!width)
      this.thumb.remove(); // else the browser draws its sign of a broken picture
    else if (this.view.width <= 0 && this.shows !== "file") this.#reshape({ width, height });
  }

  /** @param {number} by  0 the open one; -1 and 1 wait at its sides */
  place(by) {
    const { style } = this.element;
    style.transform = by ? `translateX(calc(${by * 100}% + ${by * GAP}px))` : "";
    this.element.inert = by !== 0;
    if (by && this.isZoomed) this.put(fitted(this.size, this.#stage));
  }

  /** Takes it out; what is still on its way is cancelled. */
  drop() {
    this.stop();
    this.thumb.removeAttribute("src");
    this.element.remove();
  }

  /** As large on the screen as before, whatever the record said. @param {Size} size */
  #reshape(size) {
    if (size.width === this.size.width && size.height === this.size.height) return;
    this.pose = { ...this.pose, scale: (this.pose.scale * this.size.width) / size.width };
    this.size = size;
    this.lay(this.#stage);
  }

  /**
   * The file in the thumbnail's place, once it can be painted in one go.
   *
   * @param {AbortSignal} signal
   */
  async load(signal) {
    if (this.shows === "file" || this.view.kind !== "image") return;
    const image = el("img", { class: "file", alt: this.#name, draggable: "false" });
    const url = this.context.api.file(this.view.id);
    signal.addEventListener("abort", () => image.removeAttribute("src"), { once: true });
    this.forgive();
    image.src = url;
    try {
      await image.decode();
    } catch {
      if (signal.aborted) return;
      // some are too large to be decoded at once, and can be shown all the same
      if (!image.naturalWidth) return this.#failed(signal);
    }
    if (!signal.aborted)
      this.#show(image, { width: image.naturalWidth, height: image.naturalHeight });
  }

  /** A video plays only while it is the open one. */
  async start() {
    if (!isPlayed(this.view) || this.#playing || this.#veil || this.#trouble) return;
    this.#playing = new AbortController();
    const { signal } = this.#playing;
    const src = this.context.api.file(this.view.id);
    const { element, ready } = player({ src, poster: this.thumb.src, name: this.#name }, signal);
    this.video = element;
    this.box.append(element);
    void play(element);
    try {
      await ready;
      this.#show(element, { width: element.videoWidth, height: element.videoHeight });
    } catch {
      if (signal.aborted) return;
      this.stop();
      await this.#failed(this.context.signal);
    }
  }

  /** Ends what plays; the thumbnail stays. */
  stop() {
    this.#playing?.abort();
    this.#playing = null;
    this.video?.remove();
    this.video = null;
    if (!isPlayed(this.view)) return;
    this.shows = "thumb";
    if (this.thumb.naturalWidth) this.box.prepend(this.thumb);
  }

  /**
   * @param {HTMLImageElement | HTMLVideoElement} element
   * @param {Size} size
   */
  #show(element, size) {
    if (element.parentNode !== this.box) this.box.append(element);
    // the others would show through a transparent picture
    for (const other of [...this.box.children]) if (other !== element) other.remove();
    if (size.width > 0) this.#reshape(size);
    this.shows = "file";
    this.ties.changed(this);
  }

  get #name() {
    const { words } = this.context;
    return this.view.kind ? nameOf(this.view, false, words) : words("picture");
  }

  forgive() {
    this.#trouble?.remove();
    this.#trouble = null;
  }

  /**
   * An `<img>` does not say why; asking once more does.
   *
   * @param {AbortSignal} signal
   */
  async #failed(signal) {
    const { api, words, store } = this.context;
    try {
      await api.get(`file/${this.view.id}`, { signal });
    } catch (error) {
      if (isAborted(error)) return;
      tellLoss(error, store);
      this.tell(isUnshowable(error) ? words("file_not_shown") : errorWords(error, words));
    }
  }

  /** @param {string} message */
  tell(message) {
    const { words } = this.context;
    const again = button({ deed: "again", icon: icon("again"), words: words("do_retry") }, () =>
      this.ties.again(this),
    );
    this.forgive();
    this.#trouble = el("div", { class: "trouble", role: "alert" }, el("p", {}, message), again);
    this.element.append(this.#trouble);
    this.ties.changed(this);
  }
}

/** @param {View} view */
function isPlayed({ kind }) {
  return kind === "video" || kind === "audio";
}

/** The bytes came, but are no picture to this browser. @param {unknown} error */
function isUnshowable(error) {
  return error instanceof Error && "code" in error && error.code === "bad_answer";
}
