/** The search field, beside the places. */

import { addLayer, removeLayer } from "../core/dialogs";
import { el, icon, iconButton, observeSize } from "../core/dom";
import { setProblem } from "../data/api";
import { SearchPreviews } from "../data/search";
import {
  findSavedPlace,
  getSearchedWords,
  getSource,
  getWordAt,
  isList,
  replaceWord,
} from "../state/query";
import { getPost, NOWHERE } from "../state/state";
import type { Context, State } from "../types";
import { getGalleryName } from "./chips";
import { addPlaces } from "./places";
import {
  getFirstChoice,
  listRows,
  makeSearchMessage,
  SearchPopup,
  type SearchRow,
} from "./search_popup";
import { getLookupStatus, Status } from "./status";

const THUMB = 320; // pixels, a width that thumbnails come in

export class Finder {
  /** sticks to the window's upper edge */
  header;
  #field;
  #form;
  #clear;
  #popup;
  #previews;
  #status;
  #searched = ""; // the text of the search that is shown
  #where: State["where"] | null = null;
  #isWanted = false; // rows are to be shown when there are any
  #isEntered = false; // has the focus, and nothing was clicked or typed since
  #ran = ""; // the text when a row was run last

  constructor(private readonly context: Context) {
    const { page, translate, store, signal } = context;
    this.#field = this.#makeField();
    this.#previews = new SearchPreviews(context, () => this.#drawRows());
    this.#popup = new SearchPopup(
      this.#field,
      translate("search_suggestions"),
      (row, image) => this.#run(row, image),
      (id) => context.api.getThumbUrl(id, THUMB),
    );
    this.#clear = iconButton(
      "clear-search",
      "close",
      translate("clear_search"),
      () => this.#clearSearch(),
      "quiet",
    );
    this.#form = el(
      "form",
      { class: "finder", role: "search", on: { submit: (event) => this.#submit(event) } },
      icon("search"),
      this.#field,
      this.#clear,
      this.#popup.element,
    );
    this.#status = new Status(context, "lookup", getLookupStatus);
    const line = el("div", { class: "top-line" }, this.#form);
    addPlaces(context, line);
    this.header = el("header", { class: "top" }, line, this.#status.element);
    page.append(this.header, makeSearchMessage(context));
    const measure = () => context.actions.setView({ headerHeight: this.header.offsetHeight });
    observeSize(this.header, measure, signal);
    store.on(
      [
        ...(["bootstrap", "where", "model", "title", "total"] as const),
        ...(["results", "lookupText", "loadedWords"] as const),
        getPost,
      ],
      (now) => this.#draw(now),
      { signal },
    );
    const showLookup = ({ lookupText }: State) => {
      // of a lookup that did not begin in the field; the text stays if the lookup fails
      if (!lookupText || this.#field.matches(":focus")) return;
      this.#ran = this.#field.value = lookupText;
      this.#drawClear();
    };
    store.on(["lookupText"], showLookup, { signal });
    this.#draw(store.get());
  }

  focus() {
    this.#field.focus();
    this.#field.select();
  }

  /** Focus what the error of a search is about: the text in the field, else the button beside the
   * error. Return whether there is either. */
  focusProblem() {
    if (!this.#field.value) return this.#status.focusFirst();
    this.#field.focus({ preventScroll: true });
    return true;
  }

  #makeField() {
    const { translate } = this.context;
    return el("input", {
      type: "search",
      "data-field": "find",
      "aria-label": translate("field_find"),
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      enterkeyhint: "search",
      on: {
        input: ({ isComposing }) => isComposing || this.#onInput(), // else half a word is asked for
        compositionend: () => this.#onInput(),
        focus: () => {
          this.#isEntered = true;
          // the rows would cover why nothing was found
          if (!this.context.store.get().problems.lookup) this.#lookUp();
        },
        click: () => this.#onClick(),
        blur: () => this.#close(),
        keydown: (event) => this.#onKey(event),
        paste: (event) => this.#onPaste(event),
      },
    });
  }

  /** Select the text at the click that gives the focus, unless a part was dragged over. */
  #onClick() {
    const { selectionStart, selectionEnd } = this.#field;
    if (this.#isEntered && selectionStart === selectionEnd) this.#field.select();
    this.#isEntered = false;
    if (!this.#popup.isOpen) this.#lookUp();
  }

  /** Open a pasted list of images at once: the field would lose its line breaks. */
  #onPaste(event: ClipboardEvent) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!isList(text)) return;
    event.preventDefault();
    this.#close();
    this.#field.blur();
    void this.context.actions.find(text);
    this.context.actions.leadToFound();
  }

  #onInput() {
    this.#isEntered = false;
    const { store } = this.context;
    if (store.get().problems.lookup) setProblem(store, "lookup", null); // of the text before
    this.#drawClear();
    this.#lookUp();
  }

  #lookUp() {
    this.#isWanted = true;
    const { value, selectionStart } = this.#field;
    this.#previews.update(value.trim(), getWordAt(value, selectionStart ?? 0));
    this.#drawRows();
  }

  #close() {
    this.#isWanted = false;
    this.#previews.cancel();
    this.#popup.close();
    this.#followPopup();
  }

  /** Let Back close the list on a narrow page, where the list covers what is open. */
  #followPopup() {
    const { root } = this.context;
    const { element, isOpen } = this.#popup;
    if (isOpen && root.host.hasAttribute("data-narrow"))
      addLayer(root, element, () => this.#close());
    else removeLayer(root, element);
  }

  #listRows() {
    const { store, translate } = this.context;
    return listRows(store.get(), this.#field.value, this.#previews.found, translate);
  }

  #drawRows() {
    if (!this.#isWanted || !this.#field.matches(":focus")) return;
    const rows = this.#listRows();
    this.#popup.show(rows, getFirstChoice(rows));
    this.#followPopup();
  }

  #onKey(event: KeyboardEvent) {
    if (event.isComposing) return;
    const { key } = event;
    if (this.#popup.isOpen && (key === "ArrowDown" || key === "ArrowUp")) {
      this.#popup.step(key === "ArrowDown" ? 1 : -1);
    } else if (key === "ArrowDown") this.#lookUp();
    else if (key === "Escape") {
      if (!this.#popup.isOpen) this.#reset();
      this.#close(); // its rows may yet be on their way
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  #submit(event: SubmitEvent) {
    event.preventDefault();
    const row = this.#popup.chosen ?? getFirstChoice(this.#listRows());
    if (row) this.#run(row);
    else if (!this.#field.value.trim()) this.#clearSearch();
    else {
      this.#close();
      void this.context.actions.search(this.#field.value, "loaded"); // says why it cannot be
    }
  }

  /** @param image id of an image of the row to open, null for the row itself */
  #run({ kind, value }: SearchRow, image: number | null = null) {
    const { actions } = this.context;
    if (kind === "message") return;
    if (kind === "complete") return this.#complete(value);
    if (kind === "correct") {
      this.#field.value = value;
      return this.#onInput();
    }
    const { found } = this.#previews;
    this.#ran = this.#field.value;
    this.#close();
    this.#field.blur(); // so that the keys are the grid's
    if (image !== null && kind === "all") {
      actions.openLibrary(value);
      actions.open(image);
    } else if (kind === "all") void actions.search(this.#addPlace(value), kind);
    else if (kind === "open") void actions.find(value);
    else if (kind === "models") {
      void actions.searchModels(value, found.text === value ? found.models : null);
    } else if (kind === "model") void actions.openModel(Number(value));
    else if (kind === "author") void actions.openUser(value);
    else void actions.search(value, kind);
    actions.leadToFound();
  }

  #addPlace(words: string) {
    const { where, results } = this.context.store.get();
    const place = results ? null : findSavedPlace(where);
    if (!place || findSavedPlace({ ...NOWHERE, search: words })) return words;
    return `${place.word} ${words}`;
  }

  #complete(word: string) {
    const field = this.#field;
    const { text, caret } = replaceWord(field.value, field.selectionStart ?? 0, word);
    field.value = text;
    field.setSelectionRange(caret, caret);
    this.#onInput();
  }

  #clearSearch() {
    this.#field.value = "";
    this.context.actions.clearSearch();
    this.#reset();
  }

  #reset() {
    this.#field.value = this.#searched;
    this.#drawClear();
  }

  #draw(now: State) {
    const { translate } = this.context;
    const { where, results, lookupText, problems } = now;
    this.#form.toggleAttribute("data-busy", Boolean(lookupText));
    const title = getGalleryName(now, translate);
    this.#field.placeholder =
      getSource(where) && title !== "…"
        ? translate("find_in", { title })
        : translate("find_anything");
    const searched = results?.query ?? getSearchedWords(now);
    const isElsewhere = searched !== this.#searched || where !== this.#where;
    const isTyped = ![this.#ran, this.#searched].includes(this.#field.value);
    this.#searched = searched;
    this.#where = where;
    const isTyping = isTyped && this.#field.matches(":focus");
    const hasFailed = problems.lookup !== null && this.#field.value === this.#ran;
    if (isElsewhere && !isTyping && !hasFailed) this.#reset();
    this.#drawRows();
  }

  #drawClear() {
    this.#clear.hidden = !this.#field.value;
  }
}
