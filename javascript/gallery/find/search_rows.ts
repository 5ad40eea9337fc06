/** What opens below the search field: the rows of what can be found, and completions of words. */

import type { Cover, SearchCount, Suggestion } from "../contract";
import { showBlurhash } from "../core/blurhash";
import { button, el, fill, type IconName, icon, setText } from "../core/dom";
import { formatNumber } from "../core/text";
import { getModelTypeName } from "../state/model_files";
import {
  countFound,
  findSavedPlace,
  getGalleryName,
  hasGallery,
  isList,
  type SearchScope,
} from "../state/query";
import type { Context, State, Translate, WidenedSearch } from "../types";
import { isForModels } from "./status";
import type { Found } from "./suggestions";

const SHAPES = [
  /^\d+$/, // an id
  /^\d+@\d+/, // an AIR without its beginning
  /^(urn:|air:|civitai:)\S+$/,
  /[a-z][a-z0-9+.-]{0,30}:\/\/\S/,
  /^(\/\/|www\.)\S+$/,
  /^civitai\.(com|red|green)(\W|$)/,
  /^\/?(api\/(v1|download)\/)?(models|model-versions|images|posts|collections)\/\d/,
  /^\/?user\/\w/,
  /^\d*\/?\??modelversionid=/,
  /^([\w-]+\.)+[a-z]{2,}(:\d+)?\/\S*$/, // on another site, of which the server says so
];

/** Return whether a text looks like a URL or an id, which the server can look up. */
export function isAddress(text: string) {
  const folded = text.trim().toLowerCase();
  return SHAPES.some((shape) => shape.test(folded));
}

/** Return what says where was searched instead, with a button that continues the search. */
export function makeSearchMessage(context: Context) {
  const { store, translate, actions } = context;
  const sentence = el("p", { role: "status", dir: "auto" });
  const look = { action: "search-on", label: translate("search_on"), class: "chip" };
  const on = button(look, () => void actions.searchOn());
  const element = el("div", { class: "search-message row" }, sentence, on);
  const draw = ({ widened, notes, results }: State) => {
    const ignored = notes.find(({ code }) => code === "search")?.message ?? "";
    const wider = widened ? describeWidened(widened, translate) : "";
    const text = results ? "" : [wider, ignored].filter(Boolean).join(" ");
    setText(sentence, text);
    on.hidden = widened?.from !== "loaded";
    element.hidden = !text;
  };
  store.on(["widened", "notes", "results", "where"], draw, context);
  draw(store.get());
  return element;
}

function describeWidened(
  { from, scope, loaded: count, found }: WidenedSearch,
  translate: Translate,
) {
  const loaded = formatNumber(count);
  if (!found.count) return translate("widened_on", { loaded });
  const fromLoaded = scope === "gallery" ? "widened_gallery" : "widened_all";
  const n = formatCount(found);
  return translate(from === "loaded" ? fromLoaded : "widened_from_gallery", { loaded, n });
}

export interface SearchRow {
  key: string; // identifies the row when the list is drawn again
  // correct: replaces the typed text; message: says what is wrong with it, and cannot be chosen
  kind: "open" | SearchScope | "models" | "model" | "author" | "complete" | "correct" | "message";
  icon: IconName | null;
  text: string;
  detail: string; // at the end of the row, or ""
  value: string; // the typed text, an id, a name or a completion
  isEmpty?: boolean; // whether the search is known to find nothing
  group?: string; // the heading above rows of the empty field
  cover?: Cover | null; // of a model
  pictures?: readonly number[]; // ids of some images that the search finds
}

const MOST_RECENT = 6; // models below the empty field
const MOST_HINTS = 5; // keys where no word has been begun
const MOST_MODELS = 3; // models of Civitai, and recent ones that fit
const KEY_AT_END = /[:<>=]$/; // a value is yet to come

/** Return the rows below the search field. Enter runs the row that `getFirstChoice` returns. */
export function listRows(
  state: State,
  typed: string,
  found: Found,
  translate: Translate,
): SearchRow[] {
  const text = typed.trim();
  if (!text) return listStartRows(state, found, translate);
  if (isList(text)) return [makeRow("open", "library", translate("row_open_list"), "", text)];
  if (isAddress(text)) {
    const open = makeRow("open", "link", translate("row_open", { text }), "", text);
    const scopes = sortRows(listScopeRows(state, text, found, translate), text);
    return /^\d+$/.test(text) ? [open, ...scopes] : [open];
  }
  const usual = isForModels(text) ? "words" : "keys";
  const guess = KEY_AT_END.test(text) ? "nothing" : usual;
  const kind = found.preview?.kind ?? guess;
  const completions = /\s$/.test(typed)
    ? listKeyRows(found, translate)
    : found.suggestions.map(makeCompletionRow);
  const remarks = listRemarks(found, translate);
  if (kind === "nothing") return [...remarks, ...completions];
  const scopes = listScopeRows(state, text, found, translate);
  if (kind === "keys")
    return [...remarks, ...insertAfterFirst(sortRows(scopes, text), completions)];
  const models = listModelRows(state, text, found, translate);
  const all = listAuthorRows(found, translate);
  // One of the library whose name was typed; one of Civitai comes later and would move other rows.
  const named = all.filter(({ value }) => isSame(value, text) && value !== found.author);
  const authors = all.filter((one) => !named.includes(one));
  // What is open comes first: a gallery or the library, else the models.
  const { where, results } = state;
  const hasImages = !results && (hasGallery(where) || where.search !== null);
  const places = hasImages
    ? insertAfterFirst(sortRows([...scopes, ...models, ...authors], text), [
        ...completions,
        ...named,
      ])
    : sortRows([...insertAfterFirst(models, completions), ...named, ...authors, ...scopes], text);
  return [...remarks, ...places];
}

/** Return the rows with the models of exactly this name first, and what finds nothing last. */
function sortRows(rows: readonly SearchRow[], name: string) {
  const rank = ({ kind, text, isEmpty }: SearchRow) =>
    kind === "model" && isSame(text, name) ? 0 : isEmpty ? 2 : 1;
  return [...rows].sort((one, other) => rank(one) - rank(other));
}

function listRemarks({ preview }: Found, translate: Translate): SearchRow[] {
  if (!preview) return [];
  const { kind, loaded, gallery, library, message, correction } = preview;
  const meant = translate("row_correct", { text: correction });
  // What finds something is searched for as it stands.
  const isEmpty = kind !== "nothing" && loaded.count + (gallery?.count ?? 0) + library.count > 0;
  return [
    ...(correction ? [{ ...makeRow("correct", "search", meant, "", correction), isEmpty }] : []),
    ...(message ? [makeRow("message", "warning", message, "", "")] : []),
  ];
}

function isSame(one: string, other: string) {
  return one.toLowerCase() === other.toLowerCase();
}

/** Return the row that Enter runs: the first that may find something, null for none. */
export function getFirstChoice(rows: readonly SearchRow[]) {
  const choices = rows.filter(
    ({ kind, group }) => kind !== "complete" && kind !== "message" && !group,
  );
  return choices.find(({ isEmpty }) => !isEmpty) ?? choices[0] ?? null;
}

function listStartRows(state: State, found: Found, translate: Translate) {
  const { bootstrap, where } = state;
  const recent = (bootstrap?.recent ?? []).filter(({ id }) => id !== where.model);
  const models = recent
    .slice(0, MOST_RECENT)
    .map(({ id, name }) => ({ ...makeModelRow(id, name), group: translate("recent_models") }));
  return [...models, ...listKeyRows(found, translate)];
}

function listKeyRows({ suggestions }: Found, translate: Translate): SearchRow[] {
  const group = translate("row_keys");
  return suggestions.slice(0, MOST_HINTS).map((one) => ({ ...makeCompletionRow(one), group }));
}

const UNKNOWN = [0]; // keeps the place of pictures to come

function listScopeRows(state: State, text: string, { preview }: Found, translate: Translate) {
  const { where, images } = state;
  const detail = (scope: SearchScope) => {
    if (!preview) return "";
    const n = formatCount(countFound(scope, preview));
    const isOfAll = scope === "loaded" && n !== "…";
    return isOfAll ? translate("row_of_loaded", { n, all: images.length }) : n;
  };
  const name = getGalleryName(state, translate);
  const title = name === "…" ? translate("chip_loaded") : translate("row_in", { title: name });
  const isEmpty = (scope: SearchScope) => {
    if (!preview) return false;
    const { count, is_more: isMore } = countFound(scope, preview);
    return !count && !isMore;
  };
  const rows: SearchRow[] = [];
  const add = (scope: SearchScope, glyph: IconName, name: string) =>
    rows.push({ ...makeRow(scope, glyph, name, detail(scope), text), isEmpty: isEmpty(scope) });
  if (hasGallery(where)) {
    const isLoaded = where.search === null;
    if (isLoaded) add("loaded", "search", title);
    add("gallery", "search", isLoaded ? translate("row_gallery") : title);
  }
  if (!state.results && findSavedPlace(where)) {
    // what was counted is the whole library
    return [{ ...makeRow("all", "search", title, "", text), isEmpty: isEmpty("all") }];
  }
  add("all", "library", translate("row_library"));
  const last = rows[rows.length - 1];
  return [...rows.slice(0, -1), { ...last, pictures: preview?.pictures ?? UNKNOWN }];
}

function listModelRows(
  { bootstrap }: State,
  text: string,
  { models }: Found,
  translate: Translate,
) {
  const folded = text.toLowerCase();
  const recent = (bootstrap?.recent ?? [])
    .filter(({ name }) => name.toLowerCase().includes(folded))
    .slice(0, MOST_MODELS);
  const known = new Set(recent.map(({ id }) => id));
  const covers = new Map((models?.models ?? []).map(({ id, cover }) => [id, cover]));
  const others = (models?.models ?? []).filter(({ id }) => !known.has(id));
  const rows = [
    ...recent.map(({ id, name }) => ({
      ...makeModelRow(id, name, translate("recent_models")),
      cover: covers.get(id),
    })),
    ...others.slice(0, MOST_MODELS).map(({ id, name, type, base_models: bases, cover }) => {
      const about = [getModelTypeName(type, translate), bases[0]].filter(Boolean).join(" · ");
      return { ...makeModelRow(id, name, about), cover };
    }),
  ];
  const isNamed = ({ text: name }: SearchRow) => name.toLowerCase().startsWith(folded);
  const count = models?.models.length ?? 0;
  const detail = models ? `${formatNumber(count)}${models.cursor ? "+" : ""}` : "";
  const isEmpty = models !== null && !count && !models.cursor;
  return [
    ...rows.filter(isNamed),
    { ...makeRow("models", "model", translate("row_models"), detail, text), isEmpty },
    ...rows.filter((row) => !isNamed(row)),
  ];
}

function listAuthorRows({ preview, author }: Found, translate: Translate) {
  const known = preview?.authors ?? [];
  const isNew = author && !known.some(({ text }) => isSame(text, author));
  const all = [...(isNew ? [{ text: author, found: null }] : []), ...known];
  return all.map(({ text: user, found }) => ({
    ...makeRow("author", "user", translate("pictures_by", { user }), formatCount(found), user),
    key: `author ${user}`,
  }));
}

function makeCompletionRow({ text, found }: Suggestion): SearchRow {
  const row = makeRow("complete", "filter", text, formatCount(found), text);
  return { ...row, key: `complete ${text}` };
}

/** Return how many images a search finds, "" if that was not counted. */
function formatCount(found: SearchCount | null) {
  if (!found) return "";
  const { count, is_more: isMore } = found;
  return isMore && !count ? "…" : `${formatNumber(count)}${isMore ? "+" : ""}`;
}

function makeModelRow(id: number, name: string, detail = ""): SearchRow {
  return { ...makeRow("model", "model", name, detail, String(id)), key: `model ${id}` };
}

function makeRow(
  kind: SearchRow["kind"],
  icon: IconName,
  text: string,
  detail: string,
  value: string,
): SearchRow {
  return { key: kind, kind, icon, text, detail, value };
}

function insertAfterFirst([first, ...rest]: SearchRow[], others: SearchRow[]) {
  return first ? [first, ...others, ...rest] : others;
}

/** what an option shows */
const drawnRows = new WeakMap<HTMLElement, string>();

/** @param label for screen readers
 * @param choose called with the row that the user clicks, and with the id of the clicked image
 * @param getThumbUrl returns the URL of an image's thumbnail */
export function makeSearchRows(
  field: HTMLInputElement,
  label: string,
  choose: (row: SearchRow, image: number | null) => void,
  getThumbUrl: (id: number) => string,
) {
  let shownRows: readonly SearchRow[] = [];
  /** The key of the row that Enter chooses, "" for none. */
  let chosenKey = "";
  let isByUser = false; // chose it
  /** by the key of their row */
  let optionByKey = new Map<string, HTMLElement>();
  let isPressed = false; // rows that are drawn under a press would lose it
  /** shows the rows that came during a press */
  let showLater: (() => void) | null = null;
  const element = el("div", {
    id: "search-rows",
    class: "search-rows surface",
    role: "listbox",
    "aria-label": label,
    hidden: true,
  });
  const props = { role: "combobox", "aria-autocomplete": "list", "aria-controls": "search-rows" };
  for (const [name, value] of Object.entries(props)) field.setAttribute(name, value);
  field.setAttribute("aria-expanded", "false");
  // The field keeps the focus, without which the list closes; and only at the click, else that
  // would fall on what lies below a list that has closed.
  element.addEventListener("mousedown", (event) => event.preventDefault());
  element.addEventListener("click", onClick);
  element.addEventListener("pointerdown", holdRows);

  function isOpen() {
    return !element.hidden;
  }

  /** Return the row that Enter chooses, null for none. */
  function getChosen() {
    return isOpen() ? (shownRows.find(({ key }) => key === chosenKey) ?? null) : null;
  }

  /** Show these rows; close the list if there are none.
   * @param first the row to choose, unless the row that the user chose is still in the list */
  function show(rows: readonly SearchRow[], first: SearchRow | null) {
    const isHeld = isPressed && rows.length > 0;
    showLater = isHeld ? () => show(rows, first) : null;
    if (isHeld) return;
    isByUser &&= rows.some(({ key }) => key === chosenKey);
    if (!isByUser) chosenKey = first?.key ?? "";
    shownRows = rows;
    draw();
  }

  function close() {
    show([], null);
  }

  /** Show no other rows until the pointer is released, and its click has come. */
  function holdRows() {
    const released = new AbortController();
    const release = () => {
      released.abort();
      requestAnimationFrame(() => {
        isPressed = false;
        showLater?.();
      });
    };
    isPressed = true;
    for (const type of ["pointerup", "pointercancel"])
      window.addEventListener(type, release, { capture: true, signal: released.signal });
  }

  /** Choose the next or previous row; the first row follows the last one. */
  function step(by: 1 | -1) {
    const rows = shownRows.filter(({ kind }) => kind !== "message");
    const count = rows.length;
    const at = rows.findIndex(({ key }) => key === chosenKey);
    const next = at < 0 && by < 0 ? count - 1 : (at + by + count) % count;
    chosenKey = rows[next]?.key ?? "";
    isByUser = true;
    draw();
    optionByKey.get(chosenKey)?.scrollIntoView({ block: "nearest" });
  }

  function draw() {
    const before = optionByKey;
    optionByKey = new Map();
    const shown: HTMLElement[] = [];
    for (const [at, row] of shownRows.entries()) {
      const option = before.get(row.key) ?? el("div", { role: "option" });
      optionByKey.set(row.key, option);
      option.id = `search-row-${at}`;
      option.setAttribute("aria-selected", String(row.key === chosenKey));
      drawOption(option, row, getThumbUrl);
      shown.push(option);
    }
    const nodes = groupOptions(shown);
    const isSame =
      nodes.length === element.children.length &&
      nodes.every((one, at) => one === element.children[at]);
    if (!isSame) element.replaceChildren(...nodes);
    element.hidden = !shownRows.length;
    field.setAttribute("aria-expanded", String(isOpen()));
    const id = optionByKey.get(chosenKey)?.id;
    if (id) field.setAttribute("aria-activedescendant", id);
    else field.removeAttribute("aria-activedescendant");
  }

  function groupOptions(options: HTMLElement[]) {
    const nodes: HTMLElement[] = [];
    for (const [at, option] of options.entries()) {
      const { group, kind } = shownRows[at];
      if (!group) nodes.push(option);
      else {
        const isNew = group !== shownRows[at - 1]?.group;
        if (isNew) {
          const heading = el("p", {
            class: "dim one-line small",
            "aria-hidden": "true",
            text: group,
          });
          const props = { role: "group", "aria-label": group, "data-kind": kind };
          nodes.push(el("div", props, heading));
        }
        nodes[nodes.length - 1].append(option);
      }
    }
    return nodes;
  }

  function onClick(event: MouseEvent) {
    const { target } = event;
    const option = target instanceof Element ? target.closest("[role=option]") : null;
    const row = shownRows.find(({ key }) => optionByKey.get(key) === option);
    const image = target instanceof HTMLImageElement ? Number(target.dataset.id) : 0;
    if (row) choose(row, image || null);
  }
  return { element, isOpen, getChosen, show, close, step };
}

function drawOption(
  option: HTMLElement,
  { kind, icon: glyph, text, detail, value, cover, pictures = [] }: SearchRow,
  getThumbUrl: (id: number) => string,
) {
  const drawn = JSON.stringify([text, detail, value, cover, pictures]);
  if (drawnRows.get(option) === drawn) return;
  drawnRows.set(option, drawn);
  option.dataset.row = kind;
  option.ariaDisabled = kind === "message" ? "true" : null;
  const makeThumb = (id: number) => {
    if (!id) return el("span");
    const thumb = el("img", { alt: "", src: getThumbUrl(id), "data-id": id, draggable: "false" });
    thumb.addEventListener("error", () => thumb.remove());
    return thumb;
  };
  const sign = glyph && el("span", { class: "row-sign" }, icon(glyph));
  if (cover && sign) {
    showBlurhash(sign, cover.blurhash);
    sign.append(makeThumb(cover.id));
  }
  fill(
    option,
    sign,
    el("bdi", { class: "one-line", text, title: text }),
    detail && el("span", { class: "dim one-line small", text: detail, title: detail }),
    pictures.length > 0 && el("span", { class: "row-pictures" }, ...pictures.map(makeThumb)),
  );
}
