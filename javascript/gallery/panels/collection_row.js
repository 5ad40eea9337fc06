/** The row of one collection in the panel: open, add to, rename, export and delete it. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { makeToolbar } from "../core/toolbar.js";

/** @import { Collection } from "../contract" */
/** @import { Context } from "../types.js" */
/** @typedef {{open: () => unknown, add: () => unknown, takeOut: () => unknown, models: () => unknown, rename: (to: string) => unknown, remove: () => unknown}} RowActions */

/** Return the row of a collection, with its most recently added images. The row is one stop of Tab;
 * the key Delete deletes the collection.
 * @param {Context} context
 * @param {Collection} collection
 * @param {RowActions} actions
 * @param {AbortSignal} signal  aborted when the row is no longer shown */
export function makeCollectionRow(context, { name, count, covers }, actions, signal) {
  const { words, api, store } = context;
  const n = store.get().marks.size;
  const looks = { isBare: true, class: "quiet" };
  const adding = {
    action: "add-to-this-set",
    words: words("collection_add_marked_to", { n, name }),
  };
  const takingOut = {
    action: "take-out-of-this-set",
    words: words("collection_take_out_marked", { n, name }),
  };
  const getting = { action: "models-of-set", words: words("collection_models", { name }) };
  const renaming = { action: "rename-set", words: words("collection_rename", { name }) };
  const removing = { action: "delete-set", words: words("collection_delete", { name }) };
  const title = { action: "open-set", words: `${name} (${count})`, class: "quiet" };
  const open = button(title, actions.open);
  const remove = button({ ...removing, ...looks, icon: icon("trash") }, actions.remove);
  remove.setAttribute("aria-keyshortcuts", "Delete");
  const row = el(
    "div",
    { class: "collection", "data-set": name },
    open,
    el(
      "div",
      { class: "actions" },
      n ? button({ ...adding, ...looks, icon: icon("plus") }, actions.add) : "",
      n ? button({ ...takingOut, ...looks, icon: icon("minus") }, actions.takeOut) : "",
      count ? button({ ...getting, ...looks, icon: icon("model") }, actions.models) : "",
      button({ ...renaming, ...looks, icon: icon("pencil") }, () =>
        editName(open, makeNameForm(context, name, actions.rename)),
      ),
      makeExportLink(context, name),
      remove,
    ),
    el(
      "div",
      { class: "covers" },
      ...covers.map((id) => el("img", { src: api.thumb(id, 320), alt: "" })),
    ),
  );
  makeToolbar(row, name, signal);
  row.addEventListener("keydown", ({ key, target }) => {
    if (key === "Delete" && !(target instanceof HTMLInputElement)) remove.click();
  });
  return row;
}

/** Return the link that exports a collection as a file.
 * @param {Context} context
 * @param {string} name */
function makeExportLink({ words, api }, name) {
  return el(
    "a",
    {
      class: "button icon quiet",
      href: api.address(`export?${new URLSearchParams({ collection: name })}`),
      download: "",
      title: words("collections_export"),
      "aria-label": words("collections_export"),
    },
    icon("download"),
  );
}

/** Return the form that renames a collection, and the text field in the form.
 * @param {Context} context
 * @param {string} name
 * @param {(to: string) => unknown} rename */
function makeNameForm({ words }, name, rename) {
  const field = el("input", {
    type: "text",
    "data-field": "set-rename",
    "aria-label": words("collection_rename", { name }),
    maxlength: 100,
    required: true,
    value: name,
  });
  const save = { type: "submit", "data-do": "save-set-name" };
  const form = el(
    "form",
    { class: "collection-form row" },
    field,
    el("button", save, words("collection_save_name")),
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void rename(field.value.trim());
  });
  return { form, field };
}

/** Show the form in place of the name.
 * @param {HTMLElement} shown  the element with the name
 * @param {{form: HTMLElement, field: HTMLInputElement}} anew */
function editName(shown, { form, field }) {
  shown.replaceWith(form);
  field.select();
  field.focus();
}
