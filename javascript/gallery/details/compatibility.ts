/** The warnings about infotext fields that the host does not support. */

import { el } from "../core/dom";
import { ignoreFailure } from "../data/problems";
import type { Context } from "../types";

export class Compatibility {
  declare context: Context;
  declare element;
  #abort = new AbortController();
  #lines = el("ul");
  #title = el("h3");

  constructor(context: Context) {
    this.context = context;
    this.element = el(
      "section",
      { class: "compatibility", role: "status" },
      this.#title,
      this.#lines,
    );
    context.signal.addEventListener("abort", () => this.#abort.abort());
  }

  /** Return a section with these warnings; it is hidden if there are none. */
  show(incompatibilities: string[]) {
    this.#abort.abort();
    const { store, translate } = this.context;
    const { name = "" } = store.get().bootstrap?.host ?? {};
    this.#title.textContent = translate("incompatibilities", { host: name });
    this.#lines.replaceChildren(
      ...incompatibilities.map((line) => el("li", { dir: "auto" }, line)),
    );
    this.element.hidden = !incompatibilities.length;
    return this.element;
  }

  /** Fetch the warnings for an edited infotext and show them. */
  async check(text: string) {
    const { api, store } = this.context;
    if (!store.get().bootstrap?.host.in_webui) return;
    this.#abort.abort();
    this.#abort = new AbortController();
    const { signal } = this.#abort;
    try {
      const { incompatibilities } = await api.post("compatibility", { text }, { signal });
      if (!signal.aborted) this.show(incompatibilities);
    } catch (error) {
      ignoreFailure(error);
    }
  }
}
