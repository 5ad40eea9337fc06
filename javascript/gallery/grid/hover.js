/** What a tile shows under the pointer or the focus: who made the image, and a video's preview. */

import { el } from "../core/dom.js";
import { formatNumber } from "../core/format.js";
import { icon } from "../core/icons.js";

/** @import { Context, View } from "../types.js" */
/** @import { Tile } from "./tile.js" */

const still = window.matchMedia("(prefers-reduced-motion: reduce)");

export class Hover {
  #context;
  #caption = el("div", { class: "tile-overlay", "aria-hidden": "true" });
  #video = el("video", { class: "clip", loop: true, playsinline: true, "aria-hidden": "true" });
  /** @type {Tile | null} */
  #tile = null;

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
    this.#video.muted = true;
    this.#video.addEventListener("playing", () => this.#video.setAttribute("data-plays", ""));
    // A video that cannot be played stays a still image here; the viewer says why.
    this.#video.addEventListener("error", () => this.#stopVideo());
    context.signal.addEventListener("abort", () => this.hide());
  }

  /** Show the caption of a tile.
   * @param {Tile} tile
   * @param {{plays: boolean}} how  plays: play the tile's video too */
  showFor(tile, { plays }) {
    if (this.#tile === tile) return;
    this.hide();
    if (tile.isBlurred) return;
    this.#tile = tile;
    this.#caption.replaceChildren(el("div", { class: "caption" }, ...this.#makeLines(tile.view)));
    this.#caption.style.cssText = tile.element.style.cssText;
    // Beside the tile, not in it: inside, the caption would be text that the tile's label lacks.
    tile.element.parentElement?.prepend(this.#caption);
    if (plays && tile.view.kind === "video" && !still.matches) this.#playVideo(tile);
  }

  hide() {
    if (!this.#tile) return;
    this.#tile = null;
    this.#caption.remove();
    this.#stopVideo();
  }

  /** Hide the caption if it belongs to a tile that is being removed. @param {Tile} tile */
  hideFor(tile) {
    if (this.#tile === tile) this.hide();
  }

  /** Return the lines of a caption. @param {View} view */
  #makeLines(view) {
    const { words, store } = this.#context;
    const language = store.get().bootstrap?.language;
    return [
      el("span", { class: "image-author", text: view.user || words("somebody") }),
      el(
        "span",
        { class: "image-facts" },
        el(
          "span",
          { class: "reactions" },
          icon("heart"),
          formatNumber(view.reactions, language, "compact"),
        ),
        view.base_model && el("span", { class: "base", text: view.base_model }),
        view.has_data && el("span", { class: "data", text: words("has_data") }),
      ),
    ];
  }

  /** Play a tile's video in the tile. @param {Tile} tile */
  #playVideo(tile) {
    this.#video.src = this.#context.api.file(tile.view.id);
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
