/** What the user has made of the open picture: stars, tags, a note, sets. */

import { button, el, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { ApiError } from "../data/api.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").PictureRecord} PictureRecord */
/** @typedef {(change: import("../data/annotations.js").Change) => Promise<void>} Save */

const STARS = [1, 2, 3, 4, 5];

/**
 * Its fields stay while an answer is drawn: what is typed meanwhile is not lost.
 *
 * @param {Context} context
 * @param {PictureRecord} record
 * @param {(record: PictureRecord) => void} changed  what it is then
 */
export function own(context, record, changed) {
  const { root, words, acts } = context;
  let now = record;
  /** @type {Save} */
  const save = async (change) => {
    const told = await acts.setOwn([record.id], change);
    const marks = told?.[record.id];
    if (!marks) return;
    now = { ...now, own: marks };
    changed(now);
    draw();
  };
  // The one that is the rating takes it off again.
  const stars = STARS.map((n) =>
    star(n, words("own_stars_n", { n }), () => save({ stars: now.own.stars === n ? 0 : n })),
  );
  const tags = textField("own-tags", words("own_tags"), (typed) => {
    const given = typed.split(/[,，、]/).map((tag) => tag.trim());
    void save({ tags: given.filter(Boolean) });
  });
  const set = textField("own-set", words("own_add_to"), (typed) => {
    set.value = "";
    if (typed.trim()) void save({ add_to: typed.trim() });
  });
  const note = noteField(words("own_note"), (typed) => void save({ note: typed }));
  const sets = el("div", { class: "own-sets" }, set, offerSets(context, set));
  /** @param {HTMLInputElement | HTMLTextAreaElement} field @param {string} text */
  const fill = (field, text) => {
    if (root.activeElement !== field) field.value = text;
  };
  const draw = () => {
    for (const [at, one] of stars.entries()) {
      setAttribute(one, "aria-pressed", String(now.own.stars > at));
    }
    fill(tags, now.own.tags.join(", "));
    fill(note, now.own.note);
    for (const chip of sets.querySelectorAll(".chip")) chip.remove();
    set.before(...now.own.sets.map((name) => chip(context, name, save)));
  };
  draw();
  const group = { class: "stars", role: "group", "aria-label": words("own_stars") };
  return el(
    "section",
    { class: "own" },
    el("h3", {}, words("own_marks")),
    el("div", group, ...stars),
    tags,
    sets,
    note,
  );
}

/**
 * @param {number} n
 * @param {string} label
 * @param {() => void} press
 */
function star(n, label, press) {
  const how = { type: "button", class: "star", "data-do": `stars-${n}`, "aria-label": label };
  return el("button", { ...how, on: { click: press } }, icon("star"));
}

/**
 * @param {string} name
 * @param {string} label
 * @param {(typed: string) => void} changed
 */
function textField(name, label, changed) {
  const how = { type: "text", "data-field": name, placeholder: label, "aria-label": label };
  const field = el("input", how);
  field.addEventListener("change", () => changed(field.value));
  return field;
}

/**
 * @param {string} label
 * @param {(typed: string) => void} changed
 */
function noteField(label, changed) {
  const how = { "data-field": "own-note", rows: 2, placeholder: label, "aria-label": label };
  const field = el("textarea", { ...how, maxlength: 10000 });
  field.addEventListener("change", () => changed(field.value));
  return field;
}

/**
 * @param {Context} context
 * @param {string} name  of a set
 * @param {Save} save
 */
function chip({ words }, name, save) {
  return button(
    {
      deed: "remove-from-set",
      icon: icon("close"),
      words: name,
      title: words("own_remove_from", { name }),
      class: "chip",
    },
    () => save({ remove_from: name }),
  );
}

const ID = "set-names";

/**
 * @param {import("../types.js").Context} context
 * @param {HTMLInputElement} field
 */
export function offerSets({ api, signal }, field) {
  const names = el("datalist", { id: ID });
  field.setAttribute("list", ID);
  field.addEventListener("focus", async () => {
    try {
      /** @type {{name: string}[]} */
      const sets = await api.get("sets", { signal });
      names.replaceChildren(...sets.map(({ name }) => el("option", { value: name })));
    } catch (error) {
      if (!(error instanceof ApiError) && !signal.aborted) throw error; // one can type all the same
    }
  });
  return names;
}
