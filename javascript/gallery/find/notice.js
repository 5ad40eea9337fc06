/** Above the pictures: that they are not fresh, and what Civitai left out. */

import { el } from "../core/dom.js";
import { momentOf } from "../core/format.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").State} State */

const ELSEWHERE = ["sort_dropped", "empty_end", "no_author", "search"]; // said where they belong

export class Notice {
  #context;
  #section = el("div", { class: "notices", role: "status" });
  #said = "";

  /** @param {Context} context */
  constructor(context) {
    const { root, store, signal } = context;
    this.#context = context;
    root.append(this.#section);
    store.on(["kept", "notes", "found"], (now) => this.#draw(now), { signal });
  }

  /** @param {State} now */
  #draw({ kept, notes, found, hello }) {
    const texts = notes
      .filter(({ code }) => !ELSEWHERE.includes(code))
      .map(({ message }) => message);
    if (kept)
      texts.unshift(this.#context.words("kept_since", { date: momentOf(kept, hello?.language) }));
    const said = found ? "" : texts.join("\n");
    if (said === this.#said) return;
    this.#said = said;
    this.#section.replaceChildren(
      ...said
        .split("\n")
        .filter(Boolean)
        .map((text) => el("p", { text })),
    );
  }
}
