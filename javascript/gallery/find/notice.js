/**
 * The notices above the images: that the images are from the library, and what Civitai left out.
 */

import { button, el } from "../core/dom.js";
import { formatDate } from "../core/format.js";
import { getMissing } from "../state/state.js";

/** @import { Context, State } from "../types.js" */

const ELSEWHERE = ["sort_dropped", "empty_end", "no_author", "search"]; // said where they belong

export class Notice {
  #context;
  #section = el("div", { class: "notices", role: "status" });
  #message = "";

  /** @param {Context} context */
  constructor(context) {
    const { page, store, signal } = context;
    this.#context = context;
    page.append(this.#section);
    store.on(["libraryDate", "notes", "results"], (now) => this.#draw(now), { signal });
    const markMissing = (/** @type {State} */ now) => (page.dataset.missing = getMissing(now));
    store.on([getMissing], markMissing, { signal }); // hides what cannot work then
  }

  /** Show the notices of the gallery. @param {State} now */
  #draw({ libraryDate, notes, results, bootstrap }) {
    const texts = notes
      .filter(({ code }) => !ELSEWHERE.includes(code))
      .map(({ message }) => message);
    if (libraryDate)
      texts.unshift(
        this.#context.words("library_since", {
          date: formatDate(libraryDate, bootstrap?.language),
        }),
      );
    const message = results ? "" : texts.join("\n");
    if (message === this.#message) return;
    this.#message = message;
    const isOld = libraryDate !== "";
    this.#section.replaceChildren(
      ...message
        .split("\n")
        .filter(Boolean)
        .map((text, at) =>
          el("div", { class: "notice row" }, el("p", { text }), isOld && !at && this.#makeRetry()),
        ),
    );
  }

  /** Return the button that asks Civitai again for what is shown from the library. */
  #makeRetry() {
    const { words, actions } = this.#context;
    return button(
      { action: "read-anew", icon: "again", words: words("do_retry"), class: "quiet" },
      () => actions.reloadGallery(),
    );
  }
}
