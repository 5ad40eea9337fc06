/** The buttons that send an image to the host's tabs, and the infotext, which can be edited
 * first. */

import type { ImageDetails } from "../contract";
import { button, el, icon } from "../core/dom";
import { getTabName } from "../host/host_page";
import type { Context } from "../types";
import { makeCopyIcon } from "./sections";

const EDITABLE = 200_000; // letters; a longer one would freeze a text field

/** Return the tabs to which an image can be sent. Of a video, only the infotext can be sent.
 * @param tabs all tabs of the host that take an image */
export function listTabs(
  tabs: readonly string[],
  kind: ImageDetails["kind"],
  hasInfotext: boolean,
) {
  if (kind === "image") return tabs;
  return hasInfotext ? tabs.slice(0, 1) : [];
}

export class SendTo {
  /** what was edited, by image */
  #edited = new Map<number, string>();
  #isOpen = false;

  /** @param edited called when an edit is finished */
  constructor(
    readonly context: Context,
    readonly edited: (text: string) => void,
  ) {}

  /** Return an image's infotext with the user's edits. */
  getText(record: ImageDetails) {
    return this.#edited.get(record.id) ?? record.infotext;
  }

  /** Return a button for each tab that the image can be sent to. If there is none, return one that
   * copies the infotext, null without an infotext. */
  makeButtons(record: ImageDetails) {
    const { translate, actions, store } = this.context;
    const all = store.get().bootstrap?.host.send_to ?? [];
    const tabs = listTabs(all, record.kind, record.infotext !== "");
    if (!tabs.length) return record.infotext ? this.#makeCopyButton(record) : null;
    const made = tabs.map((tab, at) =>
      button({ action: `send-${tab}`, label: getTabName(tab), class: at ? "" : "primary" }, () =>
        actions.send(tab, record.id, this.#edited.get(record.id) ?? null),
      ),
    );
    const group = { class: "send-to row", role: "group", "aria-label": translate("send_to") };
    return el("section", {}, el("h3", {}, translate("send_to")), el("div", group, ...made));
  }

  #makeCopyButton(record: ImageDetails) {
    const label = this.context.translate("menu_copy_infotext");
    const look = { action: "copy-whole", icon: "copy", label, class: "primary" } as const;
    return el(
      "section",
      {},
      button(look, () => this.context.actions.copy(this.getText(record))),
    );
  }

  /** Return the infotext in a section that can be collapsed, null if there is none. */
  makeInfotextField(record: ImageDetails) {
    if (!record.infotext) return null;
    const { translate } = this.context;
    const body = el("div", { class: "whole" });
    const fold = el(
      "details",
      { class: "infotext" },
      el("summary", {}, icon("fold"), el("h3", {}, translate("infotext"))),
      body,
    );
    const getText = () => this.getText(record);
    const copy = makeCopyIcon(this.context, translate("infotext"), "copy-infotext", getText);
    // built when opened, which few users do
    fold.addEventListener("toggle", () => {
      this.#isOpen = fold.open;
      if (fold.open && !body.firstChild) body.append(...this.#makeField(record));
    });
    fold.open = this.#isOpen;
    return el("section", { class: "with-copy" }, fold, copy);
  }

  /** Return the text area with the infotext, and a button that discards the user's edits. Return a
   * sentence instead if the infotext is too long to be edited. */
  #makeField(record: ImageDetails) {
    const { translate } = this.context;
    const text = this.getText(record);
    if (text.length > EDITABLE) return [el("p", { class: "dim" }, translate("infotext_too_long"))];
    const field = el("textarea", {
      "data-field": "infotext",
      "aria-label": translate("infotext"),
      spellcheck: "false",
      dir: "auto",
      rows: 8,
    });
    field.value = text;
    const back = button(
      { action: "undo-edit", icon: "again", label: translate("undo_edit") },
      () => {
        field.value = record.infotext;
        this.#storeEdit(record, field, back);
        this.edited(record.infotext);
        field.focus();
      },
    );
    back.hidden = text === record.infotext;
    field.addEventListener("input", () => this.#storeEdit(record, field, back));
    field.addEventListener("change", () => this.edited(field.value));
    return [field, back];
  }

  /** Store the edited text, or delete it if it equals the original.
   * @param undo discards the edit; hidden if there is none */
  #storeEdit(record: ImageDetails, field: HTMLTextAreaElement, undo: HTMLButtonElement) {
    this.#edited.delete(record.id);
    // a textarea changes all line ends to \n
    const isEdited = field.value !== record.infotext.replace(/\r\n?/g, "\n");
    if (isEdited) this.#edited.set(record.id, field.value);
    undo.hidden = !isEdited;
  }
}
