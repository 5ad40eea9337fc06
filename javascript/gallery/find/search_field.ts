/** The search field, beside the places. */

import { addLayer, removeLayer } from "../core/dialogs";
import { el, icon, iconButton, observeSize } from "../core/dom";
import { setProblem } from "../data/api";
import {
  findSavedPlace,
  getGalleryName,
  getSearchedWords,
  getSource,
  getWordAt,
  isList,
  replaceWord,
} from "../state/query";
import { getPost, NOWHERE } from "../state/state";
import type { Context, State } from "../types";
import { addPlaces } from "./places";
import {
  getFirstChoice,
  listRows,
  makeSearchMessage,
  makeSearchRows,
  type SearchRow,
} from "./search_rows";
import { getLookupStatus, makeStatus } from "./status";
import { SearchSuggestions } from "./suggestions";

const THUMB = 320; // pixels, a width that thumbnails come in

export function makeSearchField(context: Context) {
  const { actions, api, page, root, signal, store, translate } = context;
  let shown = ""; // the text of the search that is shown
  let shownWhere: State["where"] | null = null;
  let isWanted = false; // rows are to be shown when there are any
  let isEntered = false; // has the focus, and nothing was clicked or typed since
  let ran = ""; // the text when a row was run last
  const input = makeField();
  const previews = new SearchSuggestions(context, drawRows);
  const popup = makeSearchRows(input, translate("search_suggestions"), run, (id) =>
    api.getThumbUrl(id, THUMB),
  );
  const clear = iconButton(
    "clear-search",
    "close",
    translate("clear_search"),
    clearSearch,
    "quiet",
  );
  const form = el(
    "form",
    { class: "search-field", role: "search", on: { submit: submit } },
    icon("search"),
    input,
    clear,
    popup.element,
  );
  const status = makeStatus(context, "lookup", getLookupStatus);
  const line = el("div", { class: "top-line" }, form);
  addPlaces(context, line);
  /** sticks to the window's upper edge */
  const header = el("header", { class: "top" }, line, status.element);
  page.append(header, makeSearchMessage(context));
  const measure = () => actions.setView({ headerHeight: header.offsetHeight });
  observeSize(header, measure, signal);
  store.on(
    [
      ...(["bootstrap", "where", "model", "title", "total"] as const),
      ...(["results", "lookupText", "loadedWords"] as const),
      getPost,
    ],
    draw,
    { signal },
  );
  const showLookup = ({ lookupText }: State) => {
    // of a lookup that did not begin in the field; the text stays if the lookup fails
    if (!lookupText || input.matches(":focus")) return;
    ran = input.value = lookupText;
    drawClear();
  };
  store.on(["lookupText"], showLookup, { signal });
  draw(store.get());

  function focus() {
    input.focus();
    input.select();
  }

  /** Focus the text that failed, else a button beside the error. Return whether there is one. */
  function focusProblem() {
    if (!input.value) return status.focusFirst();
    input.focus({ preventScroll: true });
    return true;
  }

  function makeField() {
    return el("input", {
      type: "search",
      "data-field": "find",
      "aria-label": translate("field_find"),
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      enterkeyhint: "search",
      on: {
        input: ({ isComposing }) => isComposing || onInput(), // else half a word is asked for
        compositionend: onInput,
        focus: () => {
          isEntered = true;
          // the rows would cover why nothing was found
          if (!store.get().problems.lookup) lookUp();
        },
        click: onClick,
        blur: close,
        keydown: onKey,
        paste: onPaste,
      },
    });
  }

  /** Select the text at the click that gives the focus, unless a part was dragged over. */
  function onClick() {
    const { selectionStart, selectionEnd } = input;
    if (isEntered && selectionStart === selectionEnd) input.select();
    isEntered = false;
    if (!popup.isOpen()) lookUp();
  }

  /** Open a pasted list of images at once: the field would lose its line breaks. */
  function onPaste(event: ClipboardEvent) {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!isList(text)) return;
    event.preventDefault();
    close();
    input.blur();
    void actions.find(text);
    actions.leadToFound();
  }

  function onInput() {
    isEntered = false;
    if (store.get().problems.lookup) setProblem(store, "lookup", null); // of the text before
    drawClear();
    lookUp();
  }

  function lookUp() {
    isWanted = true;
    const { value, selectionStart } = input;
    previews.update(value.trim(), getWordAt(value, selectionStart ?? 0));
    drawRows();
  }

  function close() {
    isWanted = false;
    previews.cancel();
    popup.close();
    followPopup();
  }

  /** Let Back close the list on a narrow page, where the list covers what is open. */
  function followPopup() {
    const { element, isOpen } = popup;
    if (isOpen() && root.host.hasAttribute("data-narrow")) addLayer(root, element, close);
    else removeLayer(root, element);
  }

  function listFound() {
    return listRows(store.get(), input.value, previews.found, translate);
  }

  function drawRows() {
    if (!isWanted || !input.matches(":focus")) return;
    const rows = listFound();
    popup.show(rows, getFirstChoice(rows));
    followPopup();
  }

  function onKey(event: KeyboardEvent) {
    if (event.isComposing) return;
    const { key } = event;
    if (popup.isOpen() && (key === "ArrowDown" || key === "ArrowUp")) {
      popup.step(key === "ArrowDown" ? 1 : -1);
    } else if (key === "ArrowDown") lookUp();
    else if (key === "Escape") {
      if (popup.isOpen()) close();
      else leave();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  function submit(event: SubmitEvent) {
    event.preventDefault();
    const row = popup.getChosen() ?? getFirstChoice(listFound());
    if (row) run(row);
    else if (!input.value.trim()) clearSearch();
    else {
      close();
      void actions.search(input.value, "loaded"); // says why it cannot be
    }
  }

  /** @param image id of an image of the row to open, null for the row itself */
  function run({ kind, value }: SearchRow, image: number | null = null) {
    if (kind === "message") return;
    if (kind === "complete") return complete(value);
    if (kind === "correct") {
      input.value = value;
      return onInput();
    }
    const { found } = previews;
    ran = input.value;
    close();
    input.blur(); // so that the keys are the grid's
    if (image !== null && kind === "all") {
      actions.openLibrary(value);
      actions.open(image);
    } else if (kind === "all") void actions.search(addPlace(value), kind);
    else if (kind === "open") void actions.find(value);
    else if (kind === "models") {
      void actions.searchModels(value, found.text === value ? found.models : null);
    } else if (kind === "model") void actions.openModel(Number(value));
    else if (kind === "author") void actions.openUser(value);
    else void actions.search(value, kind);
    actions.leadToFound();
  }

  function addPlace(words: string) {
    const { where, results } = store.get();
    const place = results ? null : findSavedPlace(where);
    if (!place || findSavedPlace({ ...NOWHERE, search: words })) return words;
    return `${place.word} ${words}`;
  }

  function complete(word: string) {
    const { text, caret } = replaceWord(input.value, input.selectionStart ?? 0, word);
    input.value = text;
    input.setSelectionRange(caret, caret);
    onInput();
  }

  function clearSearch() {
    input.value = "";
    actions.clearSearch();
    reset();
  }

  function reset() {
    input.value = shown;
    drawClear();
  }

  /** Give up what was typed, and move the focus to what is open. */
  function leave() {
    reset();
    input.blur(); // its rows may yet be on their way
    actions.leadToFound();
  }

  function draw(now: State) {
    const { where, results, lookupText, problems } = now;
    form.toggleAttribute("data-busy", Boolean(lookupText));
    const title = getGalleryName(now, translate);
    input.placeholder =
      getSource(where) && title !== "…"
        ? translate("find_in", { title })
        : translate("find_anything");
    const searched = results?.query ?? getSearchedWords(now);
    const isElsewhere = searched !== shown || where !== shownWhere;
    const isTyped = ![ran, shown].includes(input.value);
    shown = searched;
    shownWhere = where;
    const isTyping = isTyped && input.matches(":focus");
    const hasFailed = problems.lookup !== null && input.value === ran;
    if (isElsewhere && !isTyping && !hasFailed) reset();
    drawRows();
  }

  function drawClear() {
    clear.hidden = !input.value;
  }
  return { header, focus, focusProblem };
}

export type SearchField = ReturnType<typeof makeSearchField>;
