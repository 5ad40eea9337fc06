/** The panel of what is saved: favourites, notes, watched galleries and the collections, where the
 * marked images are collected, tagged and rated. */

import type { ActOnCollectionsBody, Collection } from "../contract";
import { button, el, type IconName, iconButton, runWhileBusy } from "../core/dom";
import { makeItem, makeMenuButton } from "../core/menu";
import { makeFileField, makeToolbar } from "../core/widgets";
import { tryOrTell } from "../data/api";
import type { AnnotationChange } from "../data/bookmarks";
import {
  makeHintField,
  makeNameField,
  makeNoteField,
  makeStars,
  parseTags,
  saveAndEmpty,
} from "../details/annotations";
import { makeNeedsQuery } from "../state/model_files";
import { makeCollectionSearch } from "../state/query";
import { listMarked } from "../state/state";
import type { Context } from "../types";
import { Panel } from "./panel";

function makeMarkedAnnotations(context: Context) {
  const { store, translate, actions } = context;
  const marked = () => listMarked(store.get());
  /** Change the marked images; `key` and `tags` are of the message that reports it. */
  const save = (key: string, change: AnnotationChange, tags = "") =>
    actions.annotate(marked(), change, translate(key, { n: marked().length, tags }));
  const makeTagField = (name: "add_tags" | "remove_tags", label: string, done: string) => {
    const saveTags = async (typed: string) => {
      const tags = parseTags(typed);
      return !tags.length || save(done, { [name]: tags }, tags.join(", "));
    };
    const field = makeHintField(`marked-${name.replace("_", "-")}`, translate(label), () =>
      saveAndEmpty(field, saveTags),
    );
    return field;
  };
  const note = makeNoteField("marked-note", translate("marked_note"), () =>
    saveAndEmpty(note, (typed) => save("marked_note_saved", { note: typed })),
  );
  const title = el("h3");
  const stars = makeStars(translate, (n) => actions.rate(marked(), n));
  const unrate = () => actions.rate(marked(), 0);
  stars.element.append(iconButton("stars-0", "none", translate("marked_unrate"), unrate, "quiet"));
  const section = el(
    "section",
    { class: "annotations stack" },
    title,
    stars.element,
    makeTagField("add_tags", "marked_add_tags", "marked_tags_added"),
    makeTagField("remove_tags", "marked_remove_tags", "marked_tags_removed"),
    note,
  );
  const draw = () => {
    const { panel, images } = store.get();
    const ids = new Set(marked());
    section.hidden = !ids.size;
    title.textContent = translate("marked_title", { n: ids.size });
    if (panel !== "collections") return;
    const given = new Set(images.filter(({ id }) => ids.has(id)).map((one) => one.stars));
    stars.show(given.size === 1 ? [...given][0] : 0);
  };
  store.on(["marks", "images", "panel"], draw, context);
  draw();
  return section;
}

function editName(
  { translate }: Context,
  shown: HTMLElement,
  name: string,
  rename: (newName: string) => unknown,
) {
  const label = translate("collection_rename", { name });
  const field = makeNameField("set-rename", label, { value: name });
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void rename(field.value.trim());
  };
  const props = { type: "submit", "data-do": "save-set-name" };
  const save = el("button", props, translate("collection_save_name"));
  const keydown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || event.isComposing) return;
    event.preventDefault(); // it would close the panel
    form.replaceWith(shown);
    shown.focus();
  };
  const form = el("form", { class: "collection-form row", on: { submit, keydown } }, field, save);
  shown.replaceWith(form);
  field.select();
  field.focus();
}

export function makeCollections(context: Context) {
  const { actions, api, signal, store, toast, translate } = context;
  const list = el("div", { class: "collections-list" });
  let drawnBefore = ""; // the collections and the number of marks that the rows show
  let rowsAbort = new AbortController(); // of the rows that are shown
  const label = translate("collection_name");
  const nameField = makeNameField("set-name", label, { placeholder: label });
  const links = makeLinks();
  const heading = el("h3", {}, translate("collections"));
  const form = makeForm();
  const files = makeFiles();
  const markedSection = makeMarkedAnnotations(context);
  const panel = new Panel(context, "collections", {
    title: "place_saved",
    build: () => [list, markedSection],
    opened: () => arrange(false),
    read: fetchAll,
  });
  const refresh = () => panel.isOpen && !isRenaming() && void fetchAll();
  store.on(["bookmarksRevision"], refresh, context);
  signal.addEventListener("abort", () => rowsAbort.abort());

  /** Put what can be done with the marked images first, or what is saved. */
  function arrange(isForMarked: boolean) {
    const saved = [links, heading, form, list, files, markedSection];
    const marked = [markedSection, heading, list, links, files];
    list.parentElement?.append(...(isForMarked ? marked : saved));
    if (isForMarked) markedSection.firstElementChild?.after(form);
  }

  /** Open the panel for the marked images, and focus the name of a collection for them. */
  function open() {
    actions.panel("collections");
    const n = listMarked(store.get()).length;
    arrange(n > 0);
    const hasKeyboard = matchMedia("(hover: hover)").matches; // one that does not cover the panel
    if (n && hasKeyboard) nameField.focus();
  }

  function isRenaming() {
    return list.querySelector("form") !== null;
  }

  function makeForm() {
    const add = el("button", { type: "submit", "data-do": "add-to-set", class: "primary" });
    const count = () => listMarked(store.get()).length;
    const draw = () => {
      const key = count() ? "collection_add_marked" : "collection_make";
      add.textContent = translate(key, { n: count() });
    };
    store.on(["marks", "images", "panel"], draw, context);
    draw();
    const submit = async (event: SubmitEvent) => {
      event.preventDefault();
      const name = nameField.value.trim();
      const make = () => change({ action: "create", name });
      if (await (count() ? addMarked(name) : make())) nameField.value = "";
    };
    return el("form", { class: "collection-form row", on: { submit } }, nameField, add);
  }

  function makeLinks() {
    const link = (action: string, glyph: IconName, key: string, go: () => unknown) =>
      button({ action, icon: glyph, label: translate(key), title: "" }, go);
    return el(
      "nav",
      { class: "saved-links", "aria-label": translate("place_saved") },
      link("open-favourites", "heart", "favourites", () => searchLibrary("is:favourite")),
      link("open-notes", "pencil", "saved_notes", () => searchLibrary("has:note")),
      link("watched", "bell", "open_watches", () => actions.panel("watches")),
    );
  }

  function makeFiles() {
    const file = makeFileField("import", ".json,application/json", ([one]) => importFile(one));
    return el(
      "div",
      { class: "row" },
      el(
        "a",
        { class: "button", "data-do": "export", href: api.getUrl("export"), download: "" },
        translate("collections_export"),
      ),
      button({ action: "import", label: translate("collections_import") }, () => file.click()),
      file,
    );
  }

  function searchLibrary(words: string) {
    actions.panel("");
    actions.openLibrary(words);
  }

  async function addMarked(name: string) {
    const ids = listMarked(store.get());
    const done = translate("collection_filled", { n: ids.length, name });
    return actions.annotate(ids, { add_to: name }, done);
  }

  /** Send a change and show the collections in its response. Return whether that succeeded. */
  async function request(send: () => Promise<Collection[]>) {
    const collections = await panel.changeData(send);
    if (!collections) return false;
    draw(collections);
    void actions.collectionsChanged();
    return true;
  }

  async function fetchAll() {
    const collections = await panel.readData(() => api.get("collections", context));
    if (collections) draw(collections);
  }

  function draw(collections: Collection[]) {
    const drawn = JSON.stringify([collections, listMarked(store.get()).length]);
    if (drawn === drawnBefore && !isRenaming()) return;
    drawnBefore = drawn;
    rowsAbort.abort();
    rowsAbort = new AbortController();
    const rows = collections.length
      ? collections.map(makeRow)
      : [el("p", { class: "dim" }, translate("collections_none"))];
    list.replaceChildren(...rows);
  }

  /** Return a collection's row, which is one stop of Tab. */
  function makeRow({ name, count, covers }: Collection) {
    const listIds = () => listMarked(store.get());
    const n = listIds().length;
    const title = { action: "open-set", label: name, class: "quiet" };
    const open = button(title, () => searchLibrary(makeCollectionSearch(name)));
    open.append(el("span", { class: "dim" }, ` (${count})`));
    open.dataset.value = name;
    const look = (action: string, glyph: IconName, key: string) => {
      return { action, icon: glyph, label: translate(key, { n }), class: "quiet", title: "" };
    };
    const add = look("add-to-this-set", "plus", "collection_add");
    const takeOut = look("take-out-of-this-set", "minus", "collection_remove");
    const rename = async (to: string) => {
      const isDone = await change({ action: "rename", name, new_name: to });
      if (isDone) await actions.followRename(name, to);
    };
    const href = api.getUrl(`export?${new URLSearchParams({ collection: name })}`);
    const remove = () => deleteOne(name);
    const listModels = () => actions.listNeeds(makeNeedsQuery({ collection: name }));
    const listMore = () => [
      makeItem("models-of-set", translate("model_files_title"), listModels, { isDisabled: !count }),
      makeItem("rename-set", translate("collection_save_name"), () =>
        editName(context, open, name, rename),
      ),
      makeItem("export-set", translate("collections_export"), () =>
        el("a", { href, download: "" }).click(),
      ),
      makeItem("delete-set", translate("collection_delete"), remove),
    ];
    const row = el(
      "div",
      { class: "collection", "data-set": name },
      open,
      el(
        "div",
        { class: "actions" },
        n > 0 && button(add, () => addMarked(name)),
        n > 0 && button(takeOut, () => actions.takeOut(listIds(), name)),
        makeMenuButton(context, "more-of-set", "open_more", listMore),
      ),
      el(
        "div",
        { class: "covers" },
        ...covers.map((id) => el("img", { src: api.getThumbUrl(id, 320), alt: "" })),
      ),
    );
    makeToolbar(row, name, rowsAbort.signal);
    row.addEventListener("keydown", ({ key, target }) => {
      if (key === "Delete" && !(target instanceof HTMLInputElement))
        void runWhileBusy(open, remove);
    });
    return row;
  }

  function change(body: ActOnCollectionsBody) {
    return request(async () => (await api.post("collections", body)).collections);
  }

  async function deleteOne(name: string) {
    await request(async () => {
      const deleted = await api.post("collections", { action: "delete", name });
      toast(translate("collection_deleted", { name }), undefined, () =>
        change({ action: "create", name, ids: deleted.removed_ids }),
      );
      return deleted.collections;
    });
  }

  async function importFile(file: File | undefined) {
    const imported = file && (await tryOrTell(context, () => api.postFile("import", file)));
    if (!imported) return;
    toast(imported, "good");
    void actions.collectionsChanged();
    await fetchAll();
  }
  return { open };
}

export type Collections = ReturnType<typeof makeCollections>;
