/** The fields that annotate all marked images at once: stars, tags, a note. */

import { el, iconButton } from "../core/dom";
import type { AnnotationChange } from "../data/annotations";
import { makeNoteField, makeStars, makeTextField, parseTags } from "../details/annotations";
import type { Context, State } from "../types";

/** Return the section for annotations of the marked images, hidden while none is marked. */
export function makeMarkedAnnotations(context: Context) {
  const { store, translate, actions } = context;
  const marked = () => [...store.get().marks];
  /** Change the annotations of the marked images.
   * @param key of the message that reports the change
   * @param tags named in the message */
  const save = (key: string, change: AnnotationChange, tags: string = "") =>
    actions.annotate(marked(), change, translate(key, { n: marked().length, tags }));
  /** Return a text field that adds tags to the marked images, or removes them.
   * @param name the change
   * @param done key of the message that reports the change */
  const makeTagField = (name: "add_tags" | "remove_tags", label: string, done: string) => {
    const field = makeTextField(`marked-${name.replace("_", "-")}`, translate(label), (typed) => {
      const tags = parseTags(typed);
      field.value = "";
      if (tags.length) void save(done, { [name]: tags }, tags.join(", "));
    });
    return field;
  };
  const note = makeNoteField("marked-note", translate("marked_note"), (typed) => {
    void save("marked_note_saved", { note: typed });
    note.value = "";
  });
  const title = el("h3");
  const stars = makeStars(translate, (n) => actions.rate(marked(), n));
  const unrate = () => actions.rate(marked(), 0);
  stars.element.append(iconButton("stars-0", "none", translate("marked_unrate"), unrate, "quiet"));
  const section = el(
    "section",
    { class: "annotations" },
    title,
    stars.element,
    makeTagField("add_tags", "marked_add_tags", "marked_tags_added"),
    makeTagField("remove_tags", "marked_remove_tags", "marked_tags_removed"),
    note,
  );
  const draw = () => {
    const n = store.get().marks.size;
    section.hidden = n === 0;
    title.textContent = translate("marked_title", { n });
    if (store.get().panel === "collections") stars.show(getCommonStars(store.get()));
  };
  store.on(["marks", "images", "panel"], draw, context);
  draw();
  return section;
}

/** Return the number of stars that all marked images have, 0 if they differ or are not all loaded. */
function getCommonStars({ marks, images }: State) {
  const views = images.filter((view) => marks.has(view.id));
  const [first] = views;
  const isCommon = views.length === marks.size && views.every((one) => one.stars === first.stars);
  return isCommon ? (first?.stars ?? 0) : 0;
}
