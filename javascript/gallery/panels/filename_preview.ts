/** Shows which file names a template makes, also while the user types it. */

import { el } from "../core/dom";
import { ApiError, isAborted } from "../data/api";
import type { Context } from "../types";

export class FilenamePreview {
  declare context: Context;
  declare element;
  #abort = new AbortController();
  #list = el("ul", { class: "filename-list", "data-names": "" });
  #message = el("p", { class: "dim" });

  constructor(context: Context) {
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
   * @param showError shows what is wrong with the template, "" for nothing */
  async show(template: string, showError: (message: string) => void) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const query = new URLSearchParams({ template });
      this.#draw(await this.context.api.get(`filename_preview?${query}`, { signal }));
      showError("");
    } catch (error) {
      if (isAborted(error)) return;
      if (!(error instanceof ApiError)) throw error;
      this.element.hidden = true;
      showError(error.message);
    }
  }

  /** Show file names. */
  #draw({ filenames, fields }: import("../contract").FilenamePreview) {
    this.element.hidden = false;
    this.#message.textContent = this.context.translate("filename_fields", { fields });
    this.#list.replaceChildren(...filenames.map((name) => el("li", { dir: "auto" }, name)));
  }
}
