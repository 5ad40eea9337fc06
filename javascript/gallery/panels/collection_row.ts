/** The row of one collection in the panel: open, add to, rename, export and delete it. */

import type { Collection } from "../contract";
import { button, el, iconButton } from "../core/dom";
import { type IconName, icon } from "../core/icons";
import { makeToolbar } from "../core/toolbar";
import type { Context } from "../types";

export type RowActions = {
  open: () => unknown;
  add: () => unknown;
  takeOut: () => unknown;
  models: () => unknown;
  rename: (to: string) => unknown;
  remove: () => unknown;
};

/** Return the row of a collection, with its most recently added images. The row is one stop of Tab;
 * the key Delete deletes the collection.
 * @param signal aborted when the row is no longer shown */
export function makeCollectionRow(
  context: Context,
  { name, count, covers }: Collection,
  actions: RowActions,
  signal: AbortSignal,
) {
  const { translate, api, store } = context;
  const n = store.get().marks.size;
  /** Return a button with an icon. */
  const tool: (
    action: string,
    glyph: IconName,
    key: string,
    press: () => unknown,
  ) => HTMLButtonElement = (action, glyph, key, press) =>
    iconButton(action, glyph, translate(key, { n, name }), press, "quiet");
  const title = { action: "open-set", label: `${name} (${count})`, class: "quiet" };
  const open = button(title, actions.open);
  open.dataset.value = name;
  const remove = tool("delete-set", "trash", "collection_delete", actions.remove);
  remove.setAttribute("aria-keyshortcuts", "Delete");
  const row = el(
    "div",
    { class: "collection", "data-set": name },
    open,
    el(
      "div",
      { class: "actions" },
      n > 0 && tool("add-to-this-set", "plus", "collection_add_marked_to", actions.add),
      n > 0 && tool("take-out-of-this-set", "minus", "collection_take_out_marked", actions.takeOut),
      count > 0 && tool("models-of-set", "model", "collection_models", actions.models),
      tool("rename-set", "pencil", "collection_rename", () =>
        editName(context, open, name, actions.rename),
      ),
      makeExportLink(context, name),
      remove,
    ),
    el(
      "div",
      { class: "covers" },
      ...covers.map((id) => el("img", { src: api.getThumbUrl(id, 320), alt: "" })),
    ),
  );
  makeToolbar(row, name, signal);
  row.addEventListener("keydown", ({ key, target }) => {
    if (key === "Delete" && !(target instanceof HTMLInputElement)) remove.click();
  });
  return row;
}

/** Return the link that exports a collection as a file. */
function makeExportLink({ translate, api }: Context, name: string) {
  return el(
    "a",
    {
      class: "button icon quiet",
      href: api.getUrl(`export?${new URLSearchParams({ collection: name })}`),
      download: "",
      title: translate("collections_export"),
      "aria-label": translate("collections_export"),
    },
    icon("download"),
  );
}

/** Put a form that renames a collection in place of the name.
 * @param shown the element with the name */
function editName(
  { translate }: Context,
  shown: HTMLElement,
  name: string,
  rename: (newName: string) => unknown,
) {
  const field = el("input", {
    type: "text",
    "data-field": "set-rename",
    "aria-label": translate("collection_rename", { name }),
    maxlength: 100,
    required: true,
    value: name,
  });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void rename(field.value.trim());
  };
  const props = { type: "submit", "data-do": "save-set-name" };
  const save = el("button", props, translate("collection_save_name"));
  shown.replaceWith(el("form", { class: "collection-form row", on: { submit } }, field, save));
  field.select();
  field.focus();
}
