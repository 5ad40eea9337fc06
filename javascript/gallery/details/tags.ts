/** Civitai's tags of the open image, each of which leads to more images. */

import type { ImageDetails, TagView } from "../contract";
import { button, el } from "../core/dom";
import { isAborted, makeProblem, makeRetryButton } from "../data/api";
import type { Context } from "../types";

const REST = 400; // ms; an image that the user only passes costs Civitai no request

export class Tags {
  element = el("section", { class: "site-tags", hidden: true });
  #abort = new AbortController();
  #timer = 0;
  /** of the open image, null if its tags are known */
  #record: ImageDetails | null = null;

  constructor(private readonly context: Context) {
    context.store.on(["details", "slideshow"], () => this.#loadSoon(), context);
    context.signal.addEventListener("abort", () => this.clear());
  }

  /** Show an image's tags; those that the library does not have are requested from Civitai. */
  show(record: ImageDetails) {
    this.clear();
    if (record.tags) this.#draw(record.tags);
    else if (!record.last_seen) {
      this.#record = record;
      this.#fill(el("p", { class: "dim" }, this.context.translate("reading")));
      this.#loadSoon();
    }
    return this.element;
  }

  clear() {
    this.#abort.abort();
    window.clearTimeout(this.#timer);
    this.#record = null;
    this.element.hidden = true;
  }

  #loadSoon() {
    const { details, slideshow } = this.context.store.get();
    window.clearTimeout(this.#timer);
    if (this.#record && details && !slideshow)
      this.#timer = window.setTimeout(() => void this.#load(), REST);
  }

  async #load() {
    const { api, records, translate } = this.context;
    const id = this.#record?.id;
    if (id === undefined) return;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const tags = await api.get(`images/${id}/tags`, { signal });
      records.addTags(id, tags);
      if (signal.aborted) return;
      this.#record = null;
      this.#draw(tags);
    } catch (error) {
      if (isAborted(error)) return;
      const { code, message } = makeProblem(error, translate);
      const again = makeRetryButton(code, translate, () => this.#load());
      this.#fill(el("p", { class: "dim", role: "status" }, message), again);
    }
  }

  #draw(tags: TagView[]) {
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
    if (chips.length) this.#fill(el("div", { class: "row" }, ...chips));
    else this.#fill(el("p", { class: "dim" }, translate("tags_none")));
  }

  #fill(...parts: HTMLElement[]) {
    const title = el("h3", {}, this.context.translate("stats_tag"));
    this.element.replaceChildren(title, ...parts);
    this.element.hidden = false;
  }
}
