/** The user's annotations of the open image: stars, tags, a note, collections. */

import type { ImageDetails } from "../contract";
import { openAsk } from "../core/dialogs";
import { button, el, icon, type Props } from "../core/dom";
import { makeTextField } from "../core/widgets";
import { ApiError } from "../data/api";
import type { AnnotationChange } from "../data/bookmarks";
import type { Context } from "../types";

type TextField = HTMLInputElement | HTMLTextAreaElement;
type Message = Parameters<Context["actions"]["annotate"]>[2];

/** Return the stars and the fields for an image's annotations. The fields are not redrawn after a
 * response, so that the text typed meanwhile is not lost.
 * @param signal aborted when the fields are no longer shown */
export function makeAnnotations(context: Context, record: ImageDetails, signal: AbortSignal) {
  const { root, store, translate, actions } = context;
  let now = record.annotations;
  /** what a field showed before the user typed */
  const shown = new Map<TextField, string>();
  /** whose text is being saved, or could not be */
  const unsaved = new Set<TextField>();
  const save = (change: AnnotationChange) => actions.annotate([record.id], change);
  store.on(
    ["annotated"],
    ({ annotated }) => {
      now = { ...now, ...annotated[record.id] };
      draw();
    },
    { signal },
  );
  // The star of the current rating removes the rating.
  const stars = makeStars(translate, (n) => save({ stars: now.stars === n ? 0 : n }));
  const tags = makeHintField("own-tags", translate("annotation_tags"), (typed) => {
    const [before, after] = [parseTags(shown.get(tags) ?? ""), parseTags(typed)];
    // of what another page has added meanwhile nothing is lost
    const change = { add_tags: listMissing(after, before) };
    void saveText(tags, { ...change, remove_tags: listMissing(before, after) });
  });
  const collection = makeHintField("own-set", translate("annotation_add_to"), () =>
    saveAndEmpty(collection, async (typed) => !typed || save({ add_to: typed })),
  );
  const note = makeNoteField("own-note", translate("annotation_note"), (typed) => {
    const before = shown.get(note);
    void saveText(note, { note: typed }, (previous) =>
      previous[record.id]?.note === before?.trim() ? "" : translate("annotation_note_replaced"),
    );
  });
  const collections = el(
    "div",
    { class: "annotation-collections" },
    collection,
    offerCollections(context, collection),
  );
  /** Save a field's text, which stays there if that fails. */
  const saveText = async (field: TextField, change: AnnotationChange, message?: Message) => {
    const { value: typed } = field;
    const before = shown.get(field) ?? "";
    shown.set(field, typed);
    unsaved.add(field);
    const isSaved = await actions.annotate([record.id], change, message);
    if (shown.get(field) !== typed) return; // changed again meanwhile
    if (!isSaved) return void shown.set(field, before);
    unsaved.delete(field);
    draw();
  };
  /** Show a stored text in a field, unless the user is typing there or it is still to be saved. */
  const fill = (field: TextField, text: string) => {
    if (root.activeElement === field || unsaved.has(field)) return;
    field.value = text;
    shown.set(field, text);
  };
  const retype = (field: TextField, text: string) => {
    field.value = text;
    unsaved.add(field);
  };
  for (const field of [tags, note])
    field.addEventListener("blur", () => field.value === shown.get(field) && draw());
  const draw = () => {
    stars.show(now.stars);
    fill(tags, now.tags.join(", "));
    fill(note, now.note);
    for (const chip of collections.querySelectorAll(".chip")) chip.remove();
    collection.before(...now.collections.map((name) => makeChip(context, name, save)));
  };
  draw();
  const waiting = actions.findUnsaved(record.id);
  if (typeof waiting.note === "string") retype(note, waiting.note);
  if (waiting.add_tags) {
    const kept = listMissing(now.tags, waiting.remove_tags ?? []);
    retype(tags, [...kept, ...waiting.add_tags].join(", "));
  }
  const fields = el(
    "section",
    { class: "annotations stack" },
    el("h3", {}, translate("annotations_title")),
    tags,
    collections,
    note,
  );
  return { stars: stars.element, fields };
}

/** Return the five stars of a rating as {element, show}; `show(count)` shows how many of them are
 * given.
 * @param press called with the number of the pressed star, from 1 */
export function makeStars(translate: Context["translate"], press: (n: number) => unknown) {
  const stars = [1, 2, 3, 4, 5].map((n) => {
    const label = translate("annotation_stars_n", { n });
    const how = { type: "button", class: "star", "data-do": `stars-${n}`, "aria-label": label };
    return el("button", { ...how, on: { click: () => press(n) } }, icon("star"));
  });
  const group = { class: "stars", role: "group", "aria-label": translate("annotation_stars") };
  const show = (count: number) => {
    for (const [at, one] of stars.entries()) one.setAttribute("aria-pressed", String(count > at));
  };
  return { element: el("div", group, ...stars), show };
}

/** Return a text field with its label inside; `changed` is called with what was typed. */
export function makeHintField(name: string, label: string, changed: (typed: string) => unknown) {
  const on = { change: () => void changed(field.value) };
  const field = makeTextField(name, label, { placeholder: label, on });
  return field;
}

/** Empty a field and save its text; if that fails, show the text again.
 * @param save called with the text without blanks around it; returns what is false if it fails */
export async function saveAndEmpty(field: TextField, save: (text: string) => Promise<unknown>) {
  const { value: typed } = field;
  field.value = "";
  if (!(await save(typed.trim()))) field.value ||= typed;
}

/** Return the tags in a comma-separated text, without empty ones. */
export function parseTags(typed: string) {
  const tags = typed.split(/[,，、]/).map((tag) => tag.trim());
  return tags.filter(Boolean);
}

function listMissing(tags: string[], others: string[]) {
  return tags.filter((tag) => !others.includes(tag));
}

/** Return the text field for a collection's name. */
export function makeNameField(name: string, label: string, props: Props = {}) {
  return makeTextField(name, label, { maxlength: 100, required: true, ...props });
}

/** Return the text field for the user's note. */
export function makeNoteField(name: string, label: string, changed: (typed: string) => unknown) {
  const how = { "data-field": name, rows: 2, placeholder: label, "aria-label": label };
  const on = { change: () => void changed(field.value) };
  const field = el("textarea", { ...how, maxlength: 10000, on });
  return field;
}

function makeChip(
  { translate }: Context,
  name: string,
  save: (change: AnnotationChange) => Promise<unknown>,
) {
  return button(
    {
      action: "remove-from-set",
      icon: "close",
      label: name,
      title: translate("annotation_remove_from", { name }),
      class: "chip",
    },
    () => save({ remove_from: name }),
  );
}

const ID = "set-names";

/** Let a field offer the names of collections. Return the datalist, to put into the page. */
function offerCollections({ api, signal }: Context, field: HTMLInputElement) {
  const options = el("datalist", { id: ID });
  field.setAttribute("list", ID);
  field.addEventListener("focus", async () => {
    try {
      const collections: { name: string }[] = await api.get("collections", { signal });
      options.replaceChildren(...collections.map(({ name }) => el("option", { value: name })));
    } catch (error) {
      if (!(error instanceof ApiError) && !signal.aborted) throw error; // without suggestions the user can still type
    }
  });
  return options;
}

/** Ask for the name of a new collection, and call `onName` unless the user closes that. */
export function askCollectionName(context: Context, onName: (name: string) => unknown) {
  const { translate } = context;
  const label = translate("collection_name");
  const field = makeNameField("menu-collection", label);
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    leave();
    void onName(field.value.trim());
  };
  const look = { type: "submit", "data-do": "save-name", class: "primary" };
  const cancel = button({ action: "leave-name", label: translate("do_cancel") }, () => leave());
  const save = el("button", look, translate("collection_make"));
  const row = el("div", { class: "row" }, cancel, save);
  const leave = openAsk(context, label, el("form", { on: { submit } }, field, row));
  field.focus();
}
