/** The row of one watched gallery in the panel: created once, then updated in place. */

import { button, el, iconButton } from "../core/dom.js";
import { formatDate } from "../core/format.js";

/** @import { Context, WatchedGallery } from "../types.js" */

export class WatchRow {
  #context;
  #news = el("p", { class: "dim" });

  /** @param {Context} context
   * @param {WatchedGallery} one
   * @param {{open: () => unknown, unwatch: () => unknown}} actions  called by the buttons of the
   *     row */
  constructor(context, one, { open, unwatch }) {
    const { translate } = context;
    this.#context = context;
    const leave = translate("watch_stop", { name: one.name });
    const title = button({ action: "open-watched", label: one.name, class: "quiet" }, open);
    title.dir = "auto";
    this.element = el(
      "li",
      { "data-gallery": one.gallery },
      title,
      iconButton("watch-leave", "trash", leave, unwatch, "quiet"),
      this.#news,
      one.by_upload && el("small", { class: "dim" }, translate("watches_by_upload")),
    );
  }

  /** Show how many new images the gallery has. @param {WatchedGallery} one */
  draw(one) {
    this.element.toggleAttribute("data-news", one.new_count > 0);
    const summary = one.checked_at || !one.problem ? this.#summarize(one) : "";
    this.#news.textContent = [summary, one.problem].filter(Boolean).join(" · ");
  }

  /** Return a text with the number of new images and the time of the check.
   * @param {WatchedGallery} one */
  #summarize({ new_count, has_more, checked_at }) {
    const { translate, store } = this.#context;
    if (!checked_at) return translate("watches_never");
    const date = formatDate(checked_at, store.get().bootstrap?.language);
    const some = translate(has_more ? "watches_more" : "watches_n", { n: new_count });
    return translate("watches_at", { news: new_count ? some : translate("watches_nothing"), date });
  }
}
