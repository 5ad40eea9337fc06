/** The dialog that asks for the name of a new collection. */

import { button, el } from "../core/dom.js";
import { closeModal, makeModal, openModal } from "../core/modal.js";

/** @import { Context } from "../types.js" */

export class CollectionName {
  #context;
  /** @type {{dialog: HTMLDialogElement, field: HTMLInputElement} | null} made at its first use */
  #parts = null;
  /** @type {(name: string) => unknown} */
  #onName = () => {};

  /** @param {Context} context */
  constructor(context) {
    this.#context = context;
  }

  /** Ask the user for a name. `onName` is not called if the user closes the dialog.
   * @param {(name: string) => unknown} onName */
  ask(onName) {
    this.#parts ??= this.#build();
    this.#onName = onName;
    const { dialog, field } = this.#parts;
    field.value = "";
    openModal(dialog);
    field.focus();
  }

  #build() {
    const { words, root, signal } = this.#context;
    const label = words("collection_name");
    const field = el("input", {
      type: "text",
      "data-field": "menu-collection",
      "aria-label": label,
      maxlength: 100,
      required: true,
    });
    /** @type {() => void} */
    const leave = () => closeModal(dialog);
    const submit = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      leave();
      void this.#onName(field.value.trim());
    };
    const form = el(
      "form",
      { on: { submit } },
      el("h2", {}, label),
      field,
      el(
        "div",
        { class: "row" },
        button({ action: "leave-name", words: words("do_cancel") }, leave),
        el(
          "button",
          { type: "submit", "data-do": "save-name", class: "primary" },
          words("collection_make"),
        ),
      ),
    );
    const dialog = el("dialog", { class: "ask surface", "aria-label": label, tabindex: -1 }, form);
    makeModal(dialog, leave, signal);
    root.append(dialog);
    return { dialog, field };
  }
}
