/**
 * A panel that slides in when the state names it: from the side, or from below on a narrow page.
 */

import { el, iconButton } from "../core/dom.js";
import { closeModal, makeModal, openModal } from "../core/modal.js";

/** @import { Context } from "../types.js" */

export class Panel {
  /** @type {HTMLDialogElement | null} */
  #dialog = null;
  #body = el("div", { class: "panel-body", tabindex: 0 });

  /** @param {Context} context
   * @param {import("../types.js").Panel} name
   * @param {{title: string, build: () => Node[], opened?: () => void}} how  title: the key of a
   *     text; build: returns the contents when the panel is first opened; opened: called whenever
   *     it is opened */
  constructor(context, name, how) {
    this.context = context;
    this.name = name;
    this.how = how;
    context.store.on(["panel"], () => this.#follow(), context);
    this.#follow();
  }

  get isOpen() {
    return this.context.store.get().panel === this.name;
  }

  /** Focus the panel's body, so that the keys scroll it. */
  focus() {
    this.#body.focus();
  }

  #follow() {
    if (!this.isOpen) {
      if (this.#dialog) closeModal(this.#dialog);
      return;
    }
    this.#dialog ??= this.#build();
    openModal(this.#dialog);
    this.focus();
    this.how.opened?.();
  }

  #build() {
    const { root, words, actions, signal } = this.context;
    const leave = () => this.isOpen && actions.panel("");
    const title = words(this.how.title);
    const close = iconButton("close-panel", "close", words("say_close"), leave, "quiet");
    this.#body.append(...this.how.build());
    const dialog = el(
      "dialog",
      {
        class: `panel ${this.name}`,
        "aria-label": title,
        "data-panel": this.name,
        tabindex: -1,
      },
      el("header", {}, el("h2", {}, title), close),
      this.#body,
    );
    makeModal(dialog, leave, signal);
    dialog.addEventListener("keydown", clearSearch);
    root.append(dialog);
    return dialog;
  }
}

/** Clear a search field on Escape; the next Escape closes the panel. Some browsers do only one of
 * these by themselves.
 * @param {KeyboardEvent} event */
function clearSearch(event) {
  const { key, target, isComposing } = event;
  if (key !== "Escape" || isComposing) return;
  if (!(target instanceof HTMLInputElement) || target.type !== "search" || !target.value) return;
  event.preventDefault();
  target.value = "";
  target.dispatchEvent(new InputEvent("input", { bubbles: true }));
}
