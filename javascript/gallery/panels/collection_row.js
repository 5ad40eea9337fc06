/** One named set in the panel: opened, renamed, taken out, deleted; the pictures that were added last. */

import { button, el } from "../core/dom.js";
import { icon } from "../core/icons.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {{name: string, count: number, covers: number[]}} NamedSet */
/** @typedef {{open: () => unknown, add: () => unknown, rename: (to: string) => unknown, remove: () => unknown}} Deeds */

/**
 * @param {Context} context
 * @param {NamedSet} set
 * @param {Deeds} deeds
 */
export function setRow(context, { name, count, covers }, deeds) {
  const { words, api, store } = context;
  const n = store.get().marks.size;
  const looks = { isBare: true, class: "quiet" };
  const adding = { deed: "add-to-this-set", words: words("set_add_marked_to", { n, name }) };
  const renaming = { deed: "rename-set", words: words("set_rename", { name }) };
  const removing = { deed: "delete-set", words: words("set_delete", { name }) };
  const title = { deed: "open-set", words: `${name} (${count})`, class: "quiet" };
  const open = button(title, deeds.open);
  return el(
    "div",
    { class: "set", "data-set": name },
    open,
    el(
      "div",
      { class: "deeds" },
      n ? button({ ...adding, ...looks, icon: icon("plus") }, deeds.add) : "",
      button({ ...renaming, ...looks, icon: icon("pencil") }, () =>
        typeAnew(open, naming(context, name, deeds.rename)),
      ),
      exportOf(context, name),
      button({ ...removing, ...looks, icon: icon("trash") }, deeds.remove),
    ),
    el(
      "div",
      { class: "covers" },
      ...covers.map((id) => el("img", { src: api.thumb(id, 320), alt: "" })),
    ),
  );
}

/**
 * @param {Context} context
 * @param {string} name
 */
function exportOf({ words, api }, name) {
  return el(
    "a",
    {
      class: "button icon quiet",
      href: api.address(`export?${new URLSearchParams({ set: name })}`),
      download: "",
      title: words("sets_export"),
      "aria-label": words("sets_export"),
    },
    icon("download"),
  );
}

/**
 * @param {Context} context
 * @param {string} name
 * @param {(to: string) => unknown} rename
 */
function naming({ words }, name, rename) {
  const field = el("input", {
    type: "text",
    "data-field": "set-rename",
    "aria-label": words("set_rename", { name }),
    maxlength: 100,
    required: true,
    value: name,
  });
  const save = { type: "submit", "data-do": "save-set-name" };
  const form = el("form", { class: "sets-new" }, field, el("button", save, words("set_save_name")));
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void rename(field.value.trim());
  });
  return { form, field };
}

/**
 * @param {HTMLElement} shown  where the name stands
 * @param {{form: HTMLElement, field: HTMLInputElement}} anew
 */
function typeAnew(shown, { form, field }) {
  shown.replaceWith(form);
  field.select();
  field.focus();
}
