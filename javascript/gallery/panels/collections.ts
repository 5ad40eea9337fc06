/** The panel of what is saved: favourites, notes, watched galleries and the collections, where the
 * marked images are collected, tagged and rated. */

import type { ActOnCollectionsBody, Collection } from "../contract";
import { button, el, type IconName, iconButton, redraw } from "../core/dom";
import { makeToolbar } from "../core/widgets";
import { showError } from "../data/api";
import type { AnnotationChange } from "../data/bookmarks";
import { makeNoteField, makeStars, makeTextField, parseTags } from "../details/annotations";
import { makeNeedsQuery } from "../state/model_files";
import { makeCollectionSearch } from "../state/query";
import { listMarked } from "../state/state";
import type { Context, State } from "../types";
import { Panel } from "./panel";

function makeMarkedAnnotations(context: Context) {
  const { store, translate, actions } = context;
  const marked = () => listMarked(store.get());
  /** Change the annotations of the marked images.
   * @param key of the message that reports the change
   * @param tags named in the message */
  const save = (key: string, change: AnnotationChange, tags = "") =>
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
    const n = listMarked(store.get()).length;
    section.hidden = n === 0;
    title.textContent = translate("marked_title", { n });
    if (store.get().panel === "collections") stars.show(getCommonStars(store.get()));
  };
  store.on(["marks", "images", "panel"], draw, context);
  draw();
  return section;
}

/** Return the number of stars that all marked images have, 0 if they differ. */
function getCommonStars(state: State) {
  const marked = new Set(listMarked(state));
  const stars = new Set(state.images.filter(({ id }) => marked.has(id)).map((one) => one.stars));
  return stars.size === 1 ? [...stars][0] : 0;
}

type RowActions = {
  open: () => unknown;
  add: () => unknown;
  takeOut: () => unknown;
  models: () => unknown;
  rename: (to: string) => unknown;
  remove: () => unknown;
};

/** Return the row of a collection, with its most recently added images. The row is one stop of Tab;
 * the key Delete deletes the collection. */
function makeCollectionRow(
  context: Context,
  { name, count, covers }: Collection,
  actions: RowActions,
  signal: AbortSignal,
) {
  const { translate, api, store } = context;
  const n = listMarked(store.get()).length;
  const tool: (
    action: string,
    glyph: IconName,
    key: string,
    press: () => unknown,
  ) => HTMLButtonElement = (action, glyph, key, press) =>
    iconButton(action, glyph, translate(key, { n, name }), press, "quiet");
  const quiet = { class: "quiet", title: "" };
  const add = translate("collection_add", { n });
  const takeOut = translate("collection_remove", { n });
  const title = { action: "open-set", label: `${name} (${count})`, class: "quiet" };
  const open = button(title, actions.open);
  open.dataset.value = name;
  const href = api.getUrl(`export?${new URLSearchParams({ collection: name })}`);
  const link = { class: "button quiet", href, download: "" };
  const remove = tool("delete-set", "trash", "collection_delete", actions.remove);
  remove.setAttribute("aria-keyshortcuts", "Delete");
  const row = el(
    "div",
    { class: "collection", "data-set": name },
    open,
    el(
      "div",
      { class: "actions" },
      n > 0 &&
        button({ ...quiet, action: "add-to-this-set", icon: "plus", label: add }, actions.add),
      n > 0 &&
        button(
          { ...quiet, action: "take-out-of-this-set", icon: "minus", label: takeOut },
          actions.takeOut,
        ),
      count > 0 && tool("models-of-set", "model", "collection_models", actions.models),
      tool("rename-set", "pencil", "collection_rename", () =>
        editName(context, open, name, actions.rename),
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
  makeToolbar(row, name, signal);
  row.addEventListener("keydown", ({ key, target }) => {
    if (key === "Delete" && !(target instanceof HTMLInputElement)) remove.click();
  });
  return row;
}

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
    this.#name = el("input", {
      type: "text",
      "data-field": "set-name",
      placeholder: label,
      "aria-label": label,
      maxlength: 100,
      required: true,
    });
    this.#links = this.#makeLinks();
    this.#heading = el("h3", {}, translate("collections"));
    this.#form = this.#makeForm();
    this.#files = this.#makeFiles();
    this.#marked = makeMarkedAnnotations(context);
    this.#panel = new Panel(context, "collections", {
      title: "place_saved",
      build: () => [this.#links, this.#heading, this.#form, this.#list, this.#files, this.#marked],
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

  /** Open the panel with what can be done with the marked images first, and focus the name of a
   * collection for them. */
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
    const { translate } = this.context;
    const add = el("button", { type: "submit", "data-do": "add-to-set", class: "primary" });
    const draw = () => {
      const n = listMarked(this.context.store.get()).length;
      add.textContent = n
        ? translate("collection_add_marked", { n })
        : translate("collection_make");
    };
    this.context.store.on(["marks", "images", "panel"], draw, this.context);
    draw();
    return el(
      "form",
      { class: "collection-form row", on: { submit: (event) => void this.#onSubmit(event) } },
      this.#name,
      add,
    );
  }

  #makeLinks() {
    const { translate, actions } = this.context;
    const link: (action: string, glyph: IconName, key: string, go: () => unknown) => HTMLElement = (
      action,
      glyph,
      key,
      go,
    ) => button({ action, icon: glyph, label: translate(key), title: "" }, go);
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
    const file = el("input", {
      type: "file",
      accept: ".json,application/json",
      hidden: true,
      "data-field": "import",
      on: { change: () => void this.#import(file) },
    });
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

  async #onSubmit(event: SubmitEvent) {
    event.preventDefault();
    const { store } = this.context;
    const name = this.#name.value.trim();
    const make = () => this.#change({ action: "create", name });
    const isDone = await (listMarked(store.get()).length ? this.#addMarked(name) : make());
    if (isDone) this.#name.value = "";
  }

  async #addMarked(name: string) {
    const { store, actions, toast, translate } = this.context;
    const ids = listMarked(store.get());
    if (!(await actions.annotate(ids, { add_to: name }))) return false;
    toast(translate("collection_filled", { n: ids.length, name }), "good");
    return true;
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
    const { root, translate, store } = this.context;
    const drawn = JSON.stringify([collections, listMarked(store.get()).length]);
    if (drawn === this.#drawn && !this.#isRenaming) return;
    this.#drawn = drawn;
    this.#rows.abort();
    this.#rows = new AbortController();
    const rows = collections.length
      ? collections.map((collection) => this.#makeRow(collection))
      : [el("p", { class: "dim" }, translate("collections_none"))];
    if (!redraw(root, this.#list, () => this.#list.replaceChildren(...rows))) this.#panel.focus();
  }

  #makeRow(collection: Collection) {
    const { name } = collection;
    const actions: RowActions = {
      open: () => this.#searchLibrary(makeCollectionSearch(name)),
      add: () => this.#addMarked(name),
      takeOut: () => this.context.actions.takeOut(listMarked(this.context.store.get()), name),
      models: () => this.context.actions.listNeeds(makeNeedsQuery({ collection: name })),
      rename: (to) => this.#change({ action: "rename", name, new_name: to }),
      remove: () => this.#delete(name),
    };
    return makeCollectionRow(this.context, collection, actions, this.#rows.signal);
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

  async #import(field: HTMLInputElement) {
    const { actions, api, toast } = this.context;
    const [file] = field.files ?? [];
    if (!file) return;
    try {
      const imported = await api.postFile("import", file);
      toast(imported.text, "good");
      void actions.collectionsChanged();
      await this.#fetchAll();
    } catch (error) {
      showError(error, this.context);
    }
    field.value = "";
  }
}
