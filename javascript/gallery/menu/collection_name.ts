/** The dialog that asks for the name of a new collection. */

import { button, el } from "../core/dom";
import { closeModal, makeModal, openModal } from "../core/modal";
import type { Context } from "../types";

/** Ask the user for the name of a new collection. `onName` is not called if the user closes the
 * dialog. */
export function askCollectionName(
  { translate, root, signal }: Context,
  onName: (name: string) => unknown,
) {
  const label = translate("collection_name");
  const field = el("input", {
    type: "text",
    "data-field": "menu-collection",
    "aria-label": label,
    maxlength: 100,
    required: true,
  });
  const closed = new AbortController();
  const leave = () => {
    closeModal(dialog);
    dialog.remove();
    closed.abort();
  };
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    leave();
    void onName(field.value.trim());
  };
  const look = { type: "submit", "data-do": "save-name", class: "primary" };
  const form = el(
    "form",
    { on: { submit } },
    el("h2", {}, label),
    field,
    el(
      "div",
      { class: "row" },
      button({ action: "leave-name", label: translate("do_cancel") }, leave),
      el("button", look, translate("collection_make")),
    ),
  );
  const dialog = el("dialog", { class: "ask surface", "aria-label": label, tabindex: -1 }, form);
  makeModal(dialog, leave, closed.signal);
  signal.addEventListener("abort", leave, { signal: closed.signal });
  root.append(dialog);
  openModal(dialog);
  field.focus();
}
