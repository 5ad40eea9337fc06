/** What a hovered or focused tile shows: who made the image and how, and its video. */

import { el } from "../core/dom.js";
import { formatNumber } from "../core/format.js";
import { icon } from "../core/icons.js";

/** @import { Context, View } from "../types.js" */
/** @import { Tile } from "./tile.js" */

const REST = 150; // ms on a video before its file is loaded: many are only passed

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Hover {
  #context;
  #caption = el("div", { class: "tile-overlay", "aria-hidden": "true" });
  #video = el("video", { class: "clip", loop: true, playsinline: true, "aria-hidden": "true" });
  /** @type {Tile | null} */
  #tile = null;
  #clock = 0;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#video.muted = true;
    this.#video.addEventListener("playing", () => this.#video.setAttribute("data-plays", ""));
    // A video that cannot be played stays a still image here; the viewer says why.
    this.#video.addEventListener("error", () => this.#stopVideo());
    context.signal.addEventListener("abort", () => this.hide());
  }

  /** Show a tile's caption and, after a moment, play its video. A blurred tile shows neither.
   * @param {Tile} tile */
  showFor(tile) {
    if (this.#tile === tile) return;
    this.hide();
    if (tile.isBlurred) return;
    this.#tile = tile;
    this.#drawCaption(tile);
    this.#caption.style.cssText = tile.element.style.cssText;
    // Beside the tile, not in it: inside, the caption would be text that the tile's label lacks.
    tile.element.parentElement?.prepend(this.#caption);
    if (tile.view.kind === "video" && !still.matches)
      this.#clock = window.setTimeout(() => this.#playVideo(tile), REST);
  }

  /** Return whether an event happened on the caption, which is not in its tile.
   * @param {EventTarget | null} target */
  isCaption(target) {
    return target instanceof Node && this.#caption.contains(target);
  }

  hide() {
    if (!this.#tile) return;
    this.#tile = null;
    this.#caption.remove();
    window.clearTimeout(this.#clock);
    this.#stopVideo();
  }

  /** Hide the caption if it belongs to a tile that is being removed. @param {Tile} tile */
  hideFor(tile) {
    if (this.#tile === tile) this.hide();
  }

  /** @param {Tile} tile */
  #drawCaption({ view }) {
    this.#caption.replaceChildren(el("div", { class: "caption" }, ...this.#makeLines(view)));
  }

  /** Return the number of an image's reactions, with a heart that makes it a favourite. Not a button:
   * the caption is not for screen readers, and the key is B.
   * @param {View} view */
  #makeHeart({ id, reactions, favourite }) {
    const { actions, translate, store } = this.#context;
    const press = async () => {
      await actions.favourite([id]);
      if (this.#tile?.view.id === id) this.#drawCaption(this.#tile);
    };
    const language = store.get().bootstrap?.language;
    return el(
      "span",
      {
        class: "reactions",
        "data-do": "favourite",
        "data-on": favourite,
        title: translate("say_favourite"),
        // a press would focus the grid, which hides the caption
        on: { click: () => void press(), mousedown: (event) => event.preventDefault() },
      },
      icon("heart"),
      formatNumber(reactions, language, "compact"),
    );
  }

  /** Return the lines of an image's caption: author and reactions, prompt, settings. Return a false
   * value for a line about which nothing is known.
   * @param {View} view */
  #makeLines(view) {
    const { user, base_model: base, summary } = view;
    const { translate } = this.#context;
    const [prompt, steps, sampler, loras] = summary ?? ["", 0, "", 0];
    const facts = [
      steps > 0 && translate("caption_steps", { n: steps }),
      sampler,
      loras > 0 && translate("caption_loras", { n: loras }),
      base,
    ].filter(Boolean);
    return [
      el(
        "p",
        { class: "image-author" },
        el("bdi", { class: "one-line", text: user || translate("somebody") }),
        this.#makeHeart(view),
      ),
      prompt && el("p", { class: "image-prompt", dir: "auto" }, `${prompt}…`),
      facts.length > 0 &&
        el("p", { class: "image-facts one-line", dir: "auto" }, facts.join(" · ")),
    ];
  }

  /** Play a tile's video in the tile. @param {Tile} tile */
  #playVideo(tile) {
    this.#video.src = this.#context.api.getFileUrl(tile.view.id);
    tile.element.append(this.#video);
    // Rejected when the pointer leaves before the video begins, which is no error.
    this.#video.play().catch(() => undefined);
  }

  #stopVideo() {
    if (!this.#video.isConnected) return;
    this.#video.pause();
    this.#video.removeAttribute("src");
    this.#video.removeAttribute("data-plays");
    this.#video.load(); // lets go of the connection
    this.#video.remove();
  }
}
