/** What the pictures read last would be called by a template, also while it is being typed. */

import { el } from "../core/dom.js";
import { ApiError, isAborted } from "../data/api.js";

/** @typedef {import("../types.js").Context} Context */

export class Names {
  #abort = new AbortController();
  #list = el("ul", { class: "names-list", "data-names": "" });
  #told = el("p", { class: "dim" });

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    this.element = el("div", { class: "names", "aria-live": "polite" }, this.#told, this.#list);
    this.element.hidden = true;
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** The last one that is asked for is the one that is shown. @param {string} template */
  async show(template) {
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const query = new URLSearchParams({ template });
      this.#draw(await this.context.api.get(`names?${query}`, { signal }));
    } catch (error) {
      if (isAborted(error)) return;
      if (!(error instanceof ApiError)) throw error;
      this.#draw({ names: [], fields: "" }, error.message);
    }
  }

  /**
   * @param {{names: string[], fields: string}} answer
   * @param {string} [wrong]  why the template is none
   */
  #draw({ names, fields }, wrong = "") {
    const { words } = this.context;
    this.element.hidden = false;
    this.#told.textContent = wrong || words("names_fields", { fields });
    this.#told.classList.toggle("wrong", wrong !== "");
    this.#list.replaceChildren(...names.map((name) => el("li", { dir: "auto" }, name)));
  }
}
