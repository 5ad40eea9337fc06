/** The fields that annotate all marked images at once: stars, tags, a note. */

import { el, iconButton } from "../core/dom.js";
import { makeNoteField, makeStars, makeTextField, parseTags } from "../details/annotations.js";

/** @import { AnnotationChange } from "../data/annotations.js" */
/** @import { Context } from "../types.js" */

/** Return the section for annotations of the marked images, hidden while none is marked.
 * @param {Context} context */
export function makeMarkedAnnotations(context) {
  const { store, translate, actions } = context;
  const marked = () => [...store.get().marks];
  /** Change the annotations of the marked images.
   * @param {string} key  of the message that reports the change
   * @param {AnnotationChange} change
   * @param {string} [tags]  named in the message */
  const save = (key, change, tags = "") =>
    actions.annotate(marked(), change, translate(key, { n: marked().length, tags }));
  /** Return a text field that adds tags to the marked images, or removes them.
   * @param {"add_tags" | "remove_tags"} name  the change
   * @param {string} label
   * @param {string} done  key of the message that reports the change */
  const makeTagField = (name, label, done) => {
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

/** Return the number of stars that all marked images have, 0 if they differ or are not all loaded.
 * @param {import("../types.js").State} state */
function getCommonStars({ marks, images }) {
  const views = images.filter((view) => marks.has(view.id));
  const [first] = views;
  const isCommon = views.length === marks.size && views.every((one) => one.stars === first.stars);
  return isCommon ? (first?.stars ?? 0) : 0;
}
