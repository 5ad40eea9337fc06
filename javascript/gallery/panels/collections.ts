/** The panel of the user's collections: open, fill, create, import and export them. */

import type { Collection, CollectionBody } from "../contract";
import { button, el } from "../core/dom";
import { icon } from "../core/icons";
import { redraw } from "../core/redraw";
import { showError } from "../data/problems";
import { makeNeedsQuery } from "../state/model_files";
import type { Context } from "../types";
import { makeCollectionRow, type RowActions } from "./collection_row";
import { makeMarkedAnnotations } from "./marked_annotations";
import { Panel } from "./panel";

export class Collections {
  #context;
  #list = el("div", { class: "collections-list" });
  #name;
  #marked;
  #panel;
  #drawn = ""; // the collections and the number of marks that the rows show
  #rows = new AbortController(); // of the rows that are shown

  constructor(context: Context) {
    this.#context = context;
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
    this.#marked = makeMarkedAnnotations(context);
    this.#panel = new Panel(context, "collections", {
      title: "open_collections",
      build: () => [this.#marked, this.#form(), this.#favourites(), this.#list, this.#files()],
      read: () => this.#fetchAll(),
    });
    const refresh = () => this.#panel.isOpen && !this.#isRenaming && void this.#fetchAll();
    context.store.on(["bookmarksRevision"], refresh, context);
    context.signal.addEventListener("abort", () => this.#rows.abort());
  }

  /** Open the panel, and focus the field for the tags of the marked images. */
  open() {
    const { store, actions } = this.#context;
    actions.panel("collections");
    const hasKeyboard = matchMedia("(hover: hover)").matches; // one that does not cover the panel
    if (store.get().marks.size && hasKeyboard) this.#marked.querySelector("input")?.focus();
  }

  get #isRenaming() {
    return this.#list.querySelector("form") !== null;
  }

  #form() {
    const { translate } = this.#context;
    const add = el("button", { type: "submit", "data-do": "add-to-set", class: "primary" });
    const draw = () => {
      const n = this.#context.store.get().marks.size;
      add.textContent = n
        ? translate("collection_add_marked", { n })
        : translate("collection_make");
    };
    this.#context.store.on(["marks"], draw, this.#context);
    draw();
    return el(
      "form",
      { class: "collection-form row", on: { submit: (event) => void this.#onSubmit(event) } },
      this.#name,
      add,
    );
  }

  #favourites() {
    const { translate } = this.#context;
    return button(
      { action: "open-favourites", icon: "heart", label: translate("favourites") },
      () => this.#searchLibrary("is:favourite"),
    );
  }

  #files() {
    const { translate, api } = this.#context;
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
        icon("download"),
        translate("collections_export"),
      ),
      button({ action: "import", icon: "folder", label: translate("collections_import") }, () =>
        file.click(),
      ),
      file,
    );
  }

  /** Close the panel and search the library. */
  #searchLibrary(words: string) {
    const { actions } = this.#context;
    actions.panel("");
    actions.openLibrary(words);
  }

  /** Create the collection whose name was typed, with the marked images if there are any. */
  async #onSubmit(event: SubmitEvent) {
    event.preventDefault();
    const { store } = this.#context;
    const name = this.#name.value.trim();
    const make = () => this.#change({ action: "create", name });
    const isDone = await (store.get().marks.size ? this.#addMarked(name) : make());
    if (isDone) this.#name.value = "";
  }

  /** Add the marked images to a collection, which is created if it does not exist. Return whether
   * that succeeded. */
  async #addMarked(name: string) {
    const { store, actions, toast, translate } = this.#context;
    const ids = [...store.get().marks];
    if (!(await actions.annotate(ids, { add_to: name }))) return false;
    toast(translate("collection_filled", { n: ids.length, name }), "good");
    return true;
  }

  /** Remove the marked images from a collection. */
  async #takeOutMarked(name: string) {
    const { store, actions, translate } = this.#context;
    const ids = [...store.get().marks];
    const message = translate("collection_taken_out", { n: ids.length, name });
    await actions.annotate(ids, { remove_from: name }, message);
  }

  /** Send a change and show the collections in its response. Return whether that succeeded. */
  async #request(request: () => Promise<Collection[]>) {
    const collections = await this.#panel.changeData(request);
    if (!collections) return false;
    this.#draw(collections);
    void this.#context.actions.collectionsChanged();
    return true;
  }

  /** Fetch the collections and show them. */
  async #fetchAll() {
    const { api } = this.#context;
    const collections = await this.#panel.readData(() => api.get("collections", this.#context));
    if (collections) this.#draw(collections);
  }

  /** Show the collections. */
  #draw(collections: Collection[]) {
    const { root, translate, store } = this.#context;
    const drawn = JSON.stringify([collections, store.get().marks.size]);
    if (drawn === this.#drawn && !this.#isRenaming) return;
    this.#drawn = drawn;
    this.#rows.abort();
    this.#rows = new AbortController();
    const rows = collections.length
      ? collections.map((collection) => this.#makeRow(collection))
      : [el("p", { class: "dim" }, translate("collections_none"))];
    if (!redraw(root, this.#list, () => this.#list.replaceChildren(...rows))) this.#panel.focus();
  }

  /** Return the row of a collection. */
  #makeRow(collection: Collection) {
    const { name } = collection;
    const actions: RowActions = {
      open: () => this.#searchLibrary(`set="${name.replaceAll('"', " ")}"`),
      add: () => this.#addMarked(name),
      takeOut: () => this.#takeOutMarked(name),
      models: () => this.#context.actions.listNeeds(makeNeedsQuery({ collection: name })),
      rename: (to) => this.#change({ action: "rename", name, new_name: to }),
      remove: () => this.#delete(name),
    };
    return makeCollectionRow(this.#context, collection, actions, this.#rows.signal);
  }

  /** Change a collection and show all collections. Return whether that succeeded. */
  #change(body: CollectionBody) {
    const { api } = this.#context;
    return this.#request(async () => (await api.post("collections", body)).collections);
  }

  /** Delete a collection, and show a message whose button creates it again. */
  async #delete(name: string) {
    const { api, toast, translate } = this.#context;
    await this.#request(async () => {
      const deleted = await api.post("collections", { action: "delete", name });
      toast(translate("collection_deleted", { name }), undefined, () =>
        this.#change({ action: "create", name, ids: deleted.removed_ids }),
      );
      return deleted.collections;
    });
  }

  /** Import a file of collections. */
  async #import(field: HTMLInputElement) {
    const { actions, api, toast } = this.#context;
    const [file] = field.files ?? [];
    if (!file) return;
    try {
      const imported = await api.postFile("import", file);
      toast(imported.message, "good");
      void actions.collectionsChanged();
      await this.#fetchAll();
    } catch (error) {
      showError(error, this.#context);
    }
    field.value = "";
  }
}
