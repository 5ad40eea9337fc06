/** The title and the text of the open image's post, where the gallery is grouped by post. */

import type { ImageDetails, PostView } from "../contract";
import { el } from "../core/dom";
import { makeLongText } from "../core/widgets";
import { ignoreFailure } from "../data/api";
import { isGrouped } from "../state/state";
import type { Context } from "../types";

const REST = 400; // ms; an image that the user only passes costs Civitai no request
const SHOWN = { letters: 290, lines: 6 };

export class Post {
  element = el("section", { class: "post", hidden: true });
  #abort = new AbortController();
  #timer = 0;
  /** of the open image, null if nothing is to be requested */
  #post: number | null = null;

  constructor(private readonly context: Context) {
    context.store.on(["details", "slideshow"], () => this.#loadSoon(), context);
    context.signal.addEventListener("abort", () => this.clear());
  }

  /** Show what Civitai says about the post of an image, as soon as that is known. */
  show({ post_id: post }: ImageDetails) {
    this.clear();
    this.#post = isGrouped(this.context.store.get()) ? post : null;
    this.#loadSoon();
    return this.element;
  }

  clear() {
    this.#abort.abort();
    window.clearTimeout(this.#timer);
    this.#post = null;
    this.element.hidden = true;
  }

  #loadSoon() {
    const { details, slideshow } = this.context.store.get();
    window.clearTimeout(this.#timer);
    const post = this.#post;
    if (post !== null && details && !slideshow)
      this.#timer = window.setTimeout(() => void this.#load(post), REST);
  }

  async #load(post: number) {
    const { records } = this.context;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const view = await records.fetchPost(post, signal);
      if (signal.aborted) return;
      this.#post = null;
      this.#draw(view);
    } catch (error) {
      ignoreFailure(error); // as without grouping
    }
  }

  #draw({ title, text }: PostView) {
    const { translate } = this.context;
    const parts = [
      title && el("h3", { dir: "auto" }, title),
      text && makeLongText(text, translate, SHOWN),
    ];
    this.element.replaceChildren(...parts.filter((part) => part instanceof HTMLElement));
    this.element.hidden = !title && !text;
  }
}
