/** One watched gallery in the panel: drawn once, then kept up to date in its place. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").WatchedGallery} WatchedGallery */

export class WatchedRow {
  #context;
  #news = el("p", { class: "dim" });

  /**
   * @param {Context} context
   * @param {WatchedGallery} one
   * @param {{open: () => unknown, leave: () => unknown}} deeds
   */
  constructor(context, one, { open, leave }) {
    const { words } = context;
    this.#context = context;
    const looks = { isBare: true, class: "quiet" };
    const leaving = { deed: "watch-leave", words: words("watch_leave", { name: one.name }) };
    const title = button({ deed: "open-watched", words: one.name, class: "quiet" }, open);
    title.dir = "auto";
    this.element = el(
      "li",
      { "data-gallery": one.gallery },
      title,
      button({ ...leaving, ...looks, icon: icon("trash") }, leave),
      this.#news,
      one.by_upload && el("small", { class: "dim" }, words("watched_by_upload")),
    );
  }

  /** @param {WatchedGallery} one */
  draw(one) {
    this.element.toggleAttribute("data-news", one.fresh > 0);
    const said = one.checked || !one.problem ? this.#said(one) : "";
    this.#news.textContent = [said, one.problem].filter(Boolean).join(" · ");
  }

  /** @param {WatchedGallery} one */
  #said({ fresh, more, checked }) {
    const { words, store } = this.#context;
    if (!checked) return words("watched_never");
    const date = new Date(checked).toLocaleString(store.get().hello?.language, {
      dateStyle: "medium",
      timeStyle: "short",
    });
    const some = words(more ? "watched_more" : "watched_n", { n: fresh });
    return words("watched_at", { news: fresh ? some : words("watched_nothing"), date });
  }
}
