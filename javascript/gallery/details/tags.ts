/** Civitai's tags of the open image, each of which leads to more images. */

import type { ImageDetails, Tag } from "../contract";
import { button, el, redraw } from "../core/dom";
import { isAborted, makeProblem, makeRetryButton } from "../data/api";
import type { Context } from "../types";
import { RestedLoad } from "./rested_load";

export class Tags {
  element = el("section", { class: "site-tags", hidden: true });
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
    if (chips.length) this.#fill(el("div", { class: "row" }, ...chips));
    else this.#fill(el("p", { class: "dim" }, translate("tags_none")));
  }

  #fill(...parts: HTMLElement[]) {
    const title = el("h3", {}, this.context.translate("stats_tag"));
    this.element.hidden = false;
    const draw = () => this.element.replaceChildren(title, ...parts);
    if (redraw(this.context.root, this.element, draw)) return;
    (this.element.querySelector("button") ?? this.element.closest("aside"))?.focus();
  }
}
