/** What of an infotext the host will not take as it is, told before it is sent. */

import { el } from "../core/dom.js";
import { isAborted } from "../data/api.js";
import { tellLoss } from "../data/problems.js";

export class Arriving {
  #abort = new AbortController();
  #lines = el("ul");
  #title = el("h3");

  /** @param {import("../types.js").Context} context */
  constructor(context) {
    this.context = context;
    this.element = el("section", { class: "losses", role: "status" }, this.#title, this.#lines);
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /**
   * The section, as the record has it.
   *
   * @param {string[]} losses
   */
  show(losses) {
    this.#abort.abort();
    const { store, words } = this.context;
    const { name = "" } = store.get().hello?.host ?? {};
    this.#title.textContent = words("losses", { host: name });
    this.#lines.replaceChildren(...losses.map((loss) => el("li", { dir: "auto" }, loss)));
    this.element.hidden = !losses.length;
    return this.element;
  }

  /**
   * Asks anew for a text that was edited.
   *
   * @param {string} text
   */
  async check(text) {
    const { api, store } = this.context;
    if (!store.get().hello?.host.in_webui) return;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const { losses } = await api.post("arriving", { text }, { signal });
      if (!signal.aborted) this.show(losses);
    } catch (error) {
      if (!isAborted(error)) tellLoss(error, store);
    }
  }
}
