/** Shows which file names a template makes, also while the user types it. */

import { el } from "../core/dom.js";
import { ApiError, isAborted } from "../data/api.js";

/** @import { Context } from "../types.js" */

export class FilenamePreview {
  #abort = new AbortController();
  #list = el("ul", { class: "filename-list", "data-names": "" });
  #message = el("p", { class: "dim" });

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.element = el(
      "div",
      { class: "filename-preview", "aria-live": "polite" },
      this.#message,
      this.#list,
    );
    this.element.hidden = true;
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** Show the file names that a template gives to the images loaded last.
   * @param {string} template */
  async show(template) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const query = new URLSearchParams({ template });
      this.#draw(await this.context.api.get(`filename_preview?${query}`, { signal }));
    } catch (error) {
      if (isAborted(error)) return;
      if (!(error instanceof ApiError)) throw error;
      this.#draw({ filenames: [], fields: "" }, error.message);
    }
  }

  /** Show file names, or what is wrong with the template.
   * @param {import("../contract").FilenamePreview} answer
   * @param {string} [wrong]  the error message */
  #draw({ filenames, fields }, wrong = "") {
    const { words } = this.context;
    this.element.hidden = false;
    this.#message.textContent = wrong || words("filename_fields", { fields });
    this.#message.classList.toggle("wrong", wrong !== "");
    this.#list.replaceChildren(...filenames.map((name) => el("li", { dir: "auto" }, name)));
  }
}
