/** What Civitai adds to the open image, requested once the user rests on it: the title and the text
 * of its post, where the gallery is grouped by post, and its tags, each of which leads to more
 * images. */

import type { ImageDetails, Post as PostRecord, Tag } from "../contract";
import { button, el, fill } from "../core/dom";
import { makeLongText } from "../core/widgets";
import { ignoreFailure, isAborted, LatestRequest, makeProblem, makeRetryButton } from "../data/api";
import { isGrouped } from "../state/posts";
import type { Context } from "../types";

const REST = 400; // ms; an image that the user only passes costs Civitai no request

/** Tells whether what was requested is known now. */
type Load = (signal: AbortSignal) => Promise<boolean>;

class RestedLoad {
  #request;
  #timer = 0;
  /** null if nothing is to be requested */
  #load: Load | null = null;

  constructor(private readonly context: Context) {
    this.#request = new LatestRequest(context);
    context.store.on(["details", "slideshow"], () => this.#startSoon(), context);
    context.signal.addEventListener("abort", () => this.clear());
  }

  /** Load after a rest, and again when the details are shown anew, until it is known. */
  plan(load: Load) {
    this.#load = load;
    this.#startSoon();
  }

  clear() {
    this.#request.abort();
    window.clearTimeout(this.#timer);
    this.#load = null;
  }

  #startSoon() {
    const { details, slideshow } = this.context.store.get();
    window.clearTimeout(this.#timer);
    if (this.#load && details && !slideshow)
      this.#timer = window.setTimeout(() => void this.start(), REST);
  }

  async start() {
    const load = this.#load;
    const signal = this.#request.begin();
    if (load && (await load(signal)) && !signal.aborted) this.#load = null;
  }
}

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

  #draw({ title, text }: PostRecord) {
    const { translate } = this.context;
    const heading = title && el("h3", { dir: "auto" }, title);
    fill(this.element, heading, text && makeLongText(text, translate, SHOWN));
    this.element.hidden = !title && !text;
  }
}

export class Tags {
  element = el("section", { class: "site-tags stack", hidden: true });
  readonly #rested: RestedLoad;

  constructor(private readonly context: Context) {
    this.#rested = new RestedLoad(context);
  }

  /** Show an image's tags; those that the library does not have are requested from Civitai. */
  show(record: ImageDetails) {
    this.clear();
    if (record.tags) this.#draw(record.tags);
    else if (!record.last_seen) {
      this.#fill(el("p", { class: "dim" }, this.context.translate("reading")));
      this.#rested.plan((signal) => this.#load(record.id, signal));
    }
    return this.element;
  }

  clear() {
    this.#rested.clear();
    this.element.hidden = true;
  }

  async #load(id: number, signal: AbortSignal) {
    const { api, records, translate } = this.context;
    try {
      const tags = await api.get(`images/${id}/tags`, { signal });
      records.addTags(id, tags);
      if (!signal.aborted) this.#draw(tags);
      return true;
    } catch (error) {
      if (isAborted(error)) return false;
      const { code, message } = makeProblem(error, translate);
      const again = makeRetryButton(code, translate, () => this.#rested.start());
      this.#fill(el("p", { class: "dim", role: "status" }, message), again);
      return false;
    }
  }

  #draw(tags: Tag[]) {
    const { translate, actions } = this.context;
    const chips = tags.map((tag) => {
      const title = translate("pictures_tagged", { tag: tag.name });
      const chip = button({ action: "open-tag", label: tag.name, title, class: "chip" }, () => {
        actions.close();
        void actions.openTag(tag);
      });
      chip.dataset.value = tag.name;
      return chip;
    });
    chips[0]?.setAttribute("data-takes-focus", "");
    if (chips.length) this.#fill(el("div", { class: "row" }, ...chips));
    else this.#fill(el("p", { class: "dim" }, translate("tags_none")));
  }

  #fill(...parts: HTMLElement[]) {
    const title = el("h3", {}, this.context.translate("stats_tag"));
    this.element.hidden = false;
    this.element.replaceChildren(title, ...parts);
  }
}
