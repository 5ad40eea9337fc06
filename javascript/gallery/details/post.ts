/** The title and the text of the open image's post, where the gallery is grouped by post. */

import type { ImageDetails, PostView } from "../contract";
import { el, fill } from "../core/dom";
import { makeLongText } from "../core/widgets";
import { ignoreFailure } from "../data/api";
import { isGrouped } from "../state/posts";
import type { Context } from "../types";
import { RestedLoad } from "./rested_load";

const SHOWN = { letters: 290, lines: 6 };

export class Post {
  element = el("section", { class: "post", hidden: true });
  readonly #rested: RestedLoad;

  constructor(private readonly context: Context) {
    this.#rested = new RestedLoad(context);
  }

  /** Show what Civitai says about the post of an image, as soon as that is known. */
  show({ post_id: post }: ImageDetails) {
    this.clear();
    if (post !== null && isGrouped(this.context.store.get()))
      this.#rested.plan((signal) => this.#load(post, signal));
    return this.element;
  }

  clear() {
    this.#rested.clear();
    this.element.hidden = true;
  }

  async #load(post: number, signal: AbortSignal) {
    try {
      const view = await this.context.records.fetchPost(post, signal);
      if (!signal.aborted) this.#draw(view);
      return true;
    } catch (error) {
      ignoreFailure(error); // as without grouping
      return false;
    }
  }

  #draw({ title, text }: PostView) {
    const { translate } = this.context;
    const heading = title && el("h3", { dir: "auto" }, title);
    fill(this.element, heading, text && makeLongText(text, translate, SHOWN));
    this.element.hidden = !title && !text;
  }
}
