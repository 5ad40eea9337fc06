/** The panel of what is saved: favourites, notes, watched galleries and the collections, where the
 * marked images are collected, tagged and rated. */

import type { ActOnCollectionsBody, Collection } from "../contract";
import { button, el, type IconName, iconButton } from "../core/dom";
import { makeFileField, makeToolbar } from "../core/widgets";
import { tryOrTell } from "../data/api";
import type { AnnotationChange } from "../data/bookmarks";
import {
  makeHintField,
  makeNameField,
  makeNoteField,
  makeStars,
  parseTags,
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
  /** Return a field that adds tags to the marked images, or removes them. */
  const makeTagField = (name: "add_tags" | "remove_tags", label: string, done: string) => {
    const field = makeHintField(`marked-${name.replace("_", "-")}`, translate(label), (typed) => {
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

export class Collections {
  #list = el("div", { class: "collections-list" });
  #name;
  #links;
  #heading;
  #form;
  #files;
  #marked;
  #panel;
  #drawn = ""; // the collections and the number of marks that the rows show
  #rows = new AbortController(); // of the rows that are shown

  constructor(private readonly context: Context) {
    const { translate } = context;
    const label = translate("collection_name");
    this.#name = makeNameField("set-name", label, { placeholder: label });
    this.#links = this.#makeLinks();
    this.#heading = el("h3", {}, translate("collections"));
    this.#form = this.#makeForm();
    this.#files = this.#makeFiles();
    this.#marked = makeMarkedAnnotations(context);
    this.#panel = new Panel(context, "collections", {
      title: "place_saved",
      build: () => [this.#list, this.#marked],
      opened: () => this.#arrange(false),
      read: () => this.#fetchAll(),
    });
    const refresh = () => this.#panel.isOpen && !this.#isRenaming && void this.#fetchAll();
    context.store.on(["bookmarksRevision"], refresh, context);
    context.signal.addEventListener("abort", () => this.#rows.abort());
  }

  /** Put what can be done with the marked images first, or what is saved. */
  #arrange(isForMarked: boolean) {
    const saved = [this.#links, this.#heading, this.#form, this.#list, this.#files, this.#marked];
    const marked = [this.#marked, this.#heading, this.#list, this.#links, this.#files];
    this.#list.parentElement?.append(...(isForMarked ? marked : saved));
    if (isForMarked) this.#marked.firstElementChild?.after(this.#form);
  }

  /** Open the panel for the marked images, and focus the name of a collection for them. */
  open() {
    const { store, actions } = this.context;
    actions.panel("collections");
    const n = listMarked(store.get()).length;
    this.#arrange(n > 0);
    const hasKeyboard = matchMedia("(hover: hover)").matches; // one that does not cover the panel
    if (n && hasKeyboard) this.#name.focus();
  }

  get #isRenaming() {
    return this.#list.querySelector("form") !== null;
  }

  #makeForm() {
    const { translate, store } = this.context;
    const add = el("button", { type: "submit", "data-do": "add-to-set", class: "primary" });
    const count = () => listMarked(store.get()).length;
    const draw = () => {
      const key = count() ? "collection_add_marked" : "collection_make";
      add.textContent = translate(key, { n: count() });
    };
    store.on(["marks", "images", "panel"], draw, this.context);
    draw();
    const submit = async (event: SubmitEvent) => {
      event.preventDefault();
      const name = this.#name.value.trim();
      const make = () => this.#change({ action: "create", name });
      if (await (count() ? this.#addMarked(name) : make())) this.#name.value = "";
    };
    return el("form", { class: "collection-form row", on: { submit } }, this.#name, add);
  }

  #makeLinks() {
    const { translate, actions } = this.context;
    const link = (action: string, glyph: IconName, key: string, go: () => unknown) =>
      button({ action, icon: glyph, label: translate(key), title: "" }, go);
    return el(
      "nav",
      { class: "saved-links", "aria-label": translate("place_saved") },
      link("open-favourites", "heart", "favourites", () => this.#searchLibrary("is:favourite")),
      link("open-notes", "pencil", "saved_notes", () => this.#searchLibrary("has:note")),
      link("watched", "bell", "open_watches", () => actions.panel("watches")),
    );
  }

  #makeFiles() {
    const { translate, api } = this.context;
    const file = makeFileField("import", ".json,application/json", ([one]) => this.#import(one));
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

  #searchLibrary(words: string) {
    const { actions } = this.context;
    actions.panel("");
    actions.openLibrary(words);
  }

  async #addMarked(name: string) {
    const { store, actions, translate } = this.context;
    const ids = listMarked(store.get());
    const done = translate("collection_filled", { n: ids.length, name });
    return actions.annotate(ids, { add_to: name }, done);
  }

  /** Send a change and show the collections in its response. Return whether that succeeded. */
  async #request(request: () => Promise<Collection[]>) {
    const collections = await this.#panel.changeData(request);
    if (!collections) return false;
    this.#draw(collections);
    void this.context.actions.collectionsChanged();
    return true;
  }

  async #fetchAll() {
    const { api } = this.context;
    const collections = await this.#panel.readData(() => api.get("collections", this.context));
    if (collections) this.#draw(collections);
  }

  #draw(collections: Collection[]) {
    const { translate, store } = this.context;
    const drawn = JSON.stringify([collections, listMarked(store.get()).length]);
    if (drawn === this.#drawn && !this.#isRenaming) return;
    this.#drawn = drawn;
    this.#rows.abort();
    this.#rows = new AbortController();
    const rows = collections.length
      ? collections.map((one) => this.#makeRow(one))
      : [el("p", { class: "dim" }, translate("collections_none"))];
    this.#list.replaceChildren(...rows);
  }

  /** Return a collection's row, which is one stop of Tab. */
  #makeRow({ name, count, covers }: Collection) {
    const { translate, api, store, actions } = this.context;
    const listIds = () => listMarked(store.get());
    const n = listIds().length;
    const tool = (action: string, glyph: IconName, key: string, press: () => unknown) =>
      iconButton(action, glyph, translate(key, { n, name }), press, "quiet");
    const title = { action: "open-set", label: `${name} (${count})`, class: "quiet" };
    const open = button(title, () => this.#searchLibrary(makeCollectionSearch(name)));
    open.dataset.value = name;
    const look = (action: string, glyph: IconName, key: string) => {
      return { action, icon: glyph, label: translate(key, { n }), class: "quiet", title: "" };
    };
    const add = look("add-to-this-set", "plus", "collection_add");
    const takeOut = look("take-out-of-this-set", "minus", "collection_remove");
    const listModels = () => actions.listNeeds(makeNeedsQuery({ collection: name }));
    const rename = async (to: string) => {
      const isDone = await this.#change({ action: "rename", name, new_name: to });
      if (isDone) await actions.followRename(name, to);
    };
    const href = api.getUrl(`export?${new URLSearchParams({ collection: name })}`);
    const link = { class: "button quiet", href, download: "" };
    const remove = tool("delete-set", "trash", "collection_delete", () => this.#delete(name));
    remove.setAttribute("aria-keyshortcuts", "Delete");
    const row = el(
      "div",
      { class: "collection", "data-set": name },
      open,
      el(
        "div",
        { class: "actions" },
        n > 0 && button(add, () => this.#addMarked(name)),
        n > 0 && button(takeOut, () => actions.takeOut(listIds(), name)),
        count > 0 && tool("models-of-set", "model", "collection_models", listModels),
        tool("rename-set", "pencil", "collection_rename", () =>
          editName(this.context, open, name, rename),
        ),
        el("a", { ...link, title: translate("collections_export") }, translate("do_export")),
        remove,
      ),
      el(
        "div",
        { class: "covers" },
        ...covers.map((id) => el("img", { src: api.getThumbUrl(id, 320), alt: "" })),
      ),
    );
    makeToolbar(row, name, this.#rows.signal);
    row.addEventListener("keydown", ({ key, target }) => {
      if (key === "Delete" && !(target instanceof HTMLInputElement)) remove.click();
    });
    return row;
  }

  #change(body: ActOnCollectionsBody) {
    const { api } = this.context;
    return this.#request(async () => (await api.post("collections", body)).collections);
  }

  async #delete(name: string) {
    const { api, toast, translate } = this.context;
    await this.#request(async () => {
      const deleted = await api.post("collections", { action: "delete", name });
      toast(translate("collection_deleted", { name }), undefined, () =>
        this.#change({ action: "create", name, ids: deleted.removed_ids }),
      );
      return deleted.collections;
    });
  }

  async #import(file: File | undefined) {
    const { actions, api, toast } = this.context;
    const imported = file && (await tryOrTell(this.context, () => api.postFile("import", file)));
    if (!imported) return;
    toast(imported.text, "good");
    void actions.collectionsChanged();
    await this.#fetchAll();
  }
}
