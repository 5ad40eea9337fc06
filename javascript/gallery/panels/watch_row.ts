/** The row of one watched gallery in the panel: created once, then updated in place. */

import { button, el, iconButton } from "../core/dom";
import { formatDate } from "../core/format";
import type { Context, WatchedGallery } from "../types";

export class WatchRow {
  declare element;
  #context;
  #news = el("p", { class: "dim" });

  /** @param actions called by the buttons of the row */
  constructor(
    context: Context,
    one: WatchedGallery,
    { open, unwatch }: { open: () => unknown; unwatch: () => unknown },
  ) {
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

  /** Show how many new images the gallery has. */
  draw(one: WatchedGallery) {
    this.element.toggleAttribute("data-news", one.new_count > 0);
    const summary = one.checked_at || !one.problem ? this.#summarize(one) : "";
    this.#news.textContent = [summary, one.problem].filter(Boolean).join(" · ");
  }

  /** Return a text with the number of new images and the time of the check. */
  #summarize({ new_count, has_more, checked_at }: WatchedGallery) {
    const { translate, store } = this.#context;
    if (!checked_at) return translate("watches_never");
    const date = formatDate(checked_at, store.get().bootstrap?.language);
    const some = translate(has_more ? "watches_more" : "watches_n", { n: new_count });
    return translate("watches_at", { news: new_count ? some : translate("watches_nothing"), date });
  }
}
