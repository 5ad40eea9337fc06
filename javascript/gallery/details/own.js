/** What the user has made of the open picture: stars, tags, a note, sets. */

import { button, el } from "../ground/dom.js";
import { icon } from "../ground/icons.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").PictureRecord} PictureRecord */
/** @typedef {(change: import("../asking/own.js").Change) => Promise<void>} Save */

const STARS = [1, 2, 3, 4, 5];

/**
 * @param {Context} context
 * @param {PictureRecord} record
 * @param {(record: PictureRecord) => void} changed  what it is then
 */
export function own(context, record, changed) {
  const section = el("section", { class: "own" });
  let now = record;
  /** @type {Save} */
  const save = async (change) => {
    const told = await context.acts.setOwn([record.id], change);
    const marks = told?.[record.id];
    if (!marks) return;
    now = { ...now, own: marks };
    changed(now);
    const focused = context.root.activeElement?.getAttribute("data-field");
    draw();
    if (focused)
      /** @type {HTMLElement | null} */ (
        section.querySelector(`[data-field="${focused}"]`)
      )?.focus();
  };
  const draw = () =>
    section.replaceChildren(
      el("h3", {}, context.words("own_marks")),
      stars(context, now, save),
      tags(context, now, save),
      sets(context, now, save),
      note(context, now, save),
    );
  draw();
  return section;
}

/**
 * @param {Context} context
 * @param {PictureRecord} record
 * @param {Save} save
 */
function stars({ words }, { own: marks }, save) {
  const buttons = STARS.map((n) =>
    el(
      "button",
      {
        type: "button",
        class: "star",
        "data-do": `stars-${n}`,
        "data-field": `stars-${n}`,
        "aria-pressed": String(marks.stars >= n),
        "aria-label": words("own_stars_n", { n }),
        // The one that is the rating takes it off again.
        on: { click: () => void save({ stars: marks.stars === n ? 0 : n }) },
      },
      icon("star"),
    ),
  );
  return el("div", { class: "stars", role: "group", "aria-label": words("own_stars") }, ...buttons);
}

/**
 * @param {Context} context
 * @param {PictureRecord} record
 * @param {Save} save
 */
function tags({ words }, { own: marks }, save) {
  const label = words("own_tags");
  const field = el("input", {
    type: "text",
    "data-field": "own-tags",
    placeholder: label,
    "aria-label": label,
    value: marks.tags.join(", "),
  });
  field.addEventListener("change", () => {
    const given = field.value.split(/[,，、]/).map((tag) => tag.trim());
    void save({ tags: given.filter(Boolean) });
  });
  return field;
}

/**
 * @param {Context} context
 * @param {PictureRecord} record
 * @param {Save} save
 */
function sets({ words }, { own: marks }, save) {
  const label = words("own_add_to");
  const field = el("input", {
    type: "text",
    "data-field": "own-set",
    placeholder: label,
    "aria-label": label,
  });
  field.addEventListener("change", () => {
    if (field.value.trim()) void save({ add_to: field.value.trim() });
  });
  const chips = marks.sets.map((name) =>
    button(
      {
        deed: "remove-from-set",
        icon: icon("close"),
        words: name,
        title: words("own_remove_from", { name }),
        class: "chip",
      },
      () => save({ remove_from: name }),
    ),
  );
  return el("div", { class: "own-sets" }, ...chips, field);
}

/**
 * @param {Context} context
 * @param {PictureRecord} record
 * @param {Save} save
 */
function note({ words }, { own: marks }, save) {
  const label = words("own_note");
  const field = el("textarea", {
    "data-field": "own-note",
    rows: 2,
    placeholder: label,
    "aria-label": label,
    maxlength: 10000,
  });
  field.value = marks.note;
  field.addEventListener("change", () => void save({ note: field.value }));
  return field;
}
