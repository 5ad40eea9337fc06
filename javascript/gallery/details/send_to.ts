/** What an image is used for: sent to the host's tabs, or its infotext copied, which can be edited
 * first. */

import type { ImageDetails } from "../contract";
import { button, el, icon } from "../core/dom";
import { type MenuItem, makeItem, makeSplitButton } from "../core/menu";
import { getTabName } from "../host/webui_fields";
import type { Context } from "../types";
import { listMakers, listVariants } from "./make_it";
import { makeCopyIcon } from "./sections";

const EDITABLE = 200_000; // letters; a longer one would freeze a text field

/** Return the items that send an image to a tab of the host, the most useful first. Of a video, only
 * the infotext can be sent.
 * @param edited the infotext as the user has changed it, null if it is unchanged */
export function listUses(
  { store, translate, actions }: Context,
  { id, kind, hasInfotext }: { id: number; kind: ImageDetails["kind"]; hasInfotext: boolean },
  edited: () => string | null,
): MenuItem[] {
  const all = store.get().bootstrap?.host.send_to ?? [];
  const tabs = kind === "image" ? all : all.slice(0, hasInfotext ? 1 : 0);
  return tabs.map((tab) => {
    const text = translate("send_to_tab", { tab: getTabName(tab) });
    return makeItem(`send-${tab}`, text, () => actions.send(tab, id, edited()), { icon: "send" });
  });
}

export class SendTo {
  /** what was edited, by image */
  #edited = new Map<number, string>();
  #isOpen = false;
  #record: ImageDetails | null = null;
  #buttons = el("section", { class: "uses" });

  /** @param edited called when an edit is finished */
  constructor(
    readonly context: Context,
    readonly edited: (text: string) => void,
  ) {
    context.store.on(["engines"], () => this.#draw(), context);
  }

  /** Return an image's infotext with the user's edits. */
  getText(record: ImageDetails) {
    return this.#edited.get(record.id) ?? record.infotext;
  }

  /** Return the buttons that make an image again and use it, each with a menu of others. */
  makeButtons(record: ImageDetails) {
    this.#record = record;
    this.#draw();
    void this.context.actions.findEngines();
    return this.#buttons;
  }

  #draw() {
    if (!this.#record) return;
    const { id, kind, infotext } = this.#record;
    const record = this.#record;
    const { actions, translate } = this.context;
    const edited = () => this.#edited.get(id) ?? null;
    const copy = makeItem(
      "copy-whole",
      translate("menu_copy_infotext"),
      () => actions.copy(this.getText(record)),
      { icon: "copy", isDisabled: !infotext },
    );
    const uses = listUses(this.context, { id, kind, hasInfotext: infotext !== "" }, edited);
    const ids = kind === "image" && infotext ? [id] : [];
    const makers = listMakers(this.context, ids, edited);
    if (makers.length) makers.push(...listVariants(this.context, record));
    const look = makers.length ? "" : "primary";
    const made =
      makers.length > 0 && makeSplitButton(this.context, makers, { more: "more-makers" });
    const setUp: MenuItem = {
      key: "set-up-engine",
      text: translate("make_set_up"),
      icon: "settings",
      do: () => actions.openEngines(),
    };
    const hints = ids.length && !makers.length && !uses.length ? [setUp] : [];
    const sent = makeSplitButton(this.context, [...uses, copy, ...hints], { look });
    const buttons = made ? [made, sent] : [sent];
    this.#buttons.replaceChildren(...buttons);
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

  /** Return the infotext's field with *Undo*; a sentence if it is too long to be edited. */
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

  /** Store the edited text, or delete it if it equals the original. */
  #storeEdit(record: ImageDetails, field: HTMLTextAreaElement, undo: HTMLButtonElement) {
    this.#edited.delete(record.id);
    // a textarea changes all line ends to \n
    const isEdited = field.value !== record.infotext.replace(/\r\n?/g, "\n");
    if (isEdited) this.#edited.set(record.id, field.value);
    undo.hidden = !isEdited;
  }
}
