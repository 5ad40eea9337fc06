/** The keyboard shortcuts: one table of what each key does and where, from which the help is made;
 * and the keys that elements handle themselves. */

import type { Actions } from "../actions";
import type { Context, Panel, State, Step } from "../types";
import { listLayers } from "./dialogs";

const PRESS = ["Enter", " "];
const TICK = [" "];
const SLIDE = [
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
  "PageUp",
  "PageDown",
];
/** By the name of an element, or the type of an input. */
const NATIVE_KEYS: Record<string, string[]> = {
  a: PRESS,
  button: PRESS,
  submit: PRESS,
  summary: PRESS,
  audio: TICK,
  video: TICK,
  checkbox: TICK,
  radio: [...TICK, ...SLIDE],
  range: SLIDE,
};

/** Return whether a focused element handles a key itself, such as an arrow key in a text field. */
export function usesKey(
  {
    localName,
    type = "text",
    isContentEditable,
  }: { localName: string; type?: string; isContentEditable?: boolean },
  key: string,
) {
  const keys = NATIVE_KEYS[localName === "input" ? type : localName];
  if (keys && !isContentEditable) return keys.includes(key);
  return isContentEditable || ["input", "textarea", "select"].includes(localName);
}

/** tile: the grid, with a tile focused. */
export type KeyScope = "grid" | "tile" | "viewer" | "compare" | "anywhere";

type KeyPress = Pick<
  KeyboardEvent,
  "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "repeat" | "isComposing"
>;

/** What a shortcut acts on. */
interface Target {
  // of the open image in the viewer, else of the focused one, else of the first marked one; 0 for
  // none
  id: number;
  ids: number[]; // of the marked images, else of the focused one
  marked: number[]; // those that are shown
  state: State;
  press: KeyPress;
}

export interface Key {
  keys: string[]; // values of `KeyboardEvent.key`, "Shift F10" with Shift, "Ctrl c" with Ctrl or ⌘
  shown?: string; // text on the help sheet, if not the keys
  place: KeyScope;
  label: string; // what it does
  once?: boolean; // holding the key down runs the action once
  isGlobal?: boolean; // works in text fields too
  forImages?: boolean; // without a marked or focused image, the user is asked to choose one
  // returns false to leave the key to the browser; undefined for what the browser does itself
  act?: (actions: Actions, target: Target) => unknown;
}

/** Return an action that moves the focus in the grid; with Shift, it marks on the way. */
const move =
  (to: Step): NonNullable<Key["act"]> =>
  (actions, { press }) =>
    actions.move(to, { extend: press.shiftKey });

/** Return an action that opens a panel, or closes it if it is open. */
const toggle =
  (name: Panel): NonNullable<Key["act"]> =>
  ({ panel }, { state }) =>
    panel(state.panel === name ? "" : name);

/** Return a shortcut for some keys; `label` is the key of the text that explains them. */
const key: (
  place: KeyScope,
  keys: string | string[],
  label: string,
  act: Key["act"],
  more?: Partial<Key>,
) => Key = (place, keys, label, act, more) => ({
  place,
  keys: [keys].flat(),
  label,
  act,
  ...more,
});

const once: typeof key = (place, keys, label, act, more) =>
  key(place, keys, label, act, { once: true, ...more });

/** Return a shortcut that the help sheet explains together with the shortcut before it. */
const also: (place: KeyScope, keys: string, act: Key["act"]) => Key = (place, keys, act) =>
  key(place, keys, "", act, { shown: "" });

/** Return a row of the help sheet for keys that another shortcut or the browser handles. */
const makeHelpRow: (place: KeyScope, shown: string, label: string) => Key = (place, shown, label) =>
  key(place, [], label, undefined, { shown });

const listZoomKeys: (place: KeyScope) => Key[] = (place) => [
  key(place, ["+", "="], "key_zoom", ({ zoom }) => zoom("in"), { shown: "+ −" }),
  also(place, "-", ({ zoom }) => zoom("out")),
  key(place, "z", "key_zoom_toggle", ({ zoom }) => zoom("toggle")),
];

/** Copy the infotext of an image, unless the user has selected a text. */
const copyInfotext: Key["act"] = ({ copyText }, { id }) =>
  !String(document.getSelection() ?? "") && copyText(id, "infotext");

const makeMenuKey = (place: "tile" | "viewer") =>
  once(
    place,
    ["ContextMenu", "Shift F10"],
    "key_image_menu",
    ({ openImageMenu }, { id }) => openImageMenu(id),
    { shown: "Shift F10" },
  );

/** Return a shortcut that runs once and needs an image: else the user is asked to choose one. */
const forImages: typeof key = (place, keys, label, act, more) =>
  once(place, keys, label, act, { forImages: true, ...more });

const listImageKeys = (place: "grid" | "viewer"): Key[] => [
  forImages(place, "r", "make_it", ({ makeAgain }, { id, marked }) =>
    makeAgain(place === "grid" ? (marked[0] ?? id) : id),
  ),
  forImages(place, "p", "menu_copy_prompt", ({ copyText }, { id }) => copyText(id, "prompt")),
  forImages(place, "h", "menu_hide", ({ openHideMenu }, { id }) => openHideMenu(id)),
];

const STARS = ["0", "1", "2", "3", "4", "5"];

export const KEYS: readonly Key[] = [
  key("grid", "ArrowLeft", "key_move", move("left"), { shown: "← → ↑ ↓" }),
  also("grid", "ArrowRight", move("right")),
  also("grid", "ArrowUp", move("up")),
  also("grid", "ArrowDown", move("down")),
  makeHelpRow("grid", "Shift ← → ↑ ↓", "key_extend"),
  key("tile", "Home", "key_ends", move("home"), { shown: "Home End" }),
  also("tile", "End", move("end")),
  key("tile", "PageUp", "key_page", move("pageup"), { shown: "PageUp PageDown" }),
  also("tile", "PageDown", move("pagedown")),
  once("tile", "Enter", "key_open", ({ open }, { id }) => open(id)),
  once(
    "tile",
    " ",
    "mark_picture",
    ({ mark, markTo }, { id, press }) => (press.shiftKey ? markTo(id) : mark(id)),
    { shown: "Space" },
  ),
  makeHelpRow("tile", "Shift Space", "key_mark_to"),
  makeMenuKey("tile"),
  ...listImageKeys("grid"),
  once("tile", "Ctrl c", "menu_copy_infotext", copyInfotext, { shown: "Ctrl C" }),
  once("grid", ["a", "Ctrl a"], "key_mark_all", ({ markAll }) => markAll(), { shown: "A" }),
  once("grid", "x", "key_invert", ({ invert }) => invert()),
  once("grid", "n", "key_mark_none", ({ markNone }) => markNone(), { shown: "N Esc" }),
  also(
    "grid",
    "Escape",
    ({ markNone }, { state }) => (state.selecting || state.marks.size > 0) && markNone(),
  ),
  forImages("grid", "d", "key_download", ({ download }, { ids }) => download(ids)),
  forImages("grid", "l", "do_add_to_collection", ({ collect, tag }, { id, marked }) =>
    marked.length ? collect() : tag(id),
  ),
  forImages("grid", "g", "do_get_models", ({ listNeeds }, { ids }) => listNeeds(ids)),
  once("grid", "f", "do_filters", ({ openFilters }) => openFilters()),
  forImages("grid", "b", "key_favourite", ({ favourite }, { ids }) => favourite(ids)),
  forImages(
    "grid",
    STARS,
    "key_stars",
    ({ rate }, { ids, press }) => rate(ids, Number(press.key)),
    { shown: "0 – 5" },
  ),
  once("grid", "w", "stats_title", ({ panel }) => panel("stats")),
  once("grid", "c", "key_compare", ({ compare }) => compare()),
  once("grid", "s", "key_slideshow", ({ startSlideshow }) => startSlideshow()),
  once("grid", "t", "to_top", ({ toTop }) => toTop()),

  key("viewer", "ArrowLeft", "key_step", ({ step }) => step(-1), { shown: "← →" }),
  also("viewer", "ArrowRight", ({ step }) => step(1)),
  key("viewer", "Home", "key_first_last", ({ first }) => first(), { shown: "Home End" }),
  also("viewer", "End", ({ last }) => last()),
  once(
    "viewer",
    " ",
    "key_mark_or_play",
    ({ mark, togglePlay }, { id, press }) => {
      if (press.shiftKey || !togglePlay()) mark(id);
    },
    { shown: "Space" },
  ),
  once("viewer", "d", "key_save", ({ download }, { id }) => download([id])),
  once("viewer", "g", "do_get_models", ({ listNeeds }, { id }) => listNeeds([id])),
  once("viewer", "l", "do_add_to_collection", ({ tag }, { id }) => tag(id)),
  once("viewer", "b", "key_favourite", ({ favourite }, { id }) => favourite([id])),
  once("viewer", STARS, "key_stars", ({ rate }, { id, press }) => rate([id], Number(press.key)), {
    shown: "0 – 5",
  }),
  makeMenuKey("viewer"),
  ...listImageKeys("viewer"),
  once("viewer", "c", "key_compare_this", ({ compareWith }, { id }) => compareWith(id)),
  once("viewer", "Ctrl c", "menu_copy_infotext", copyInfotext, { shown: "Ctrl C" }),
  ...listZoomKeys("viewer"),
  once("viewer", "f", "key_fullscreen", ({ fullscreen }) => fullscreen()),
  once("viewer", "s", "key_slideshow", ({ setSlideshow }) => setSlideshow(true)),
  once("viewer", "i", "key_details", ({ toggleDetails }) => toggleDetails()),
  once("viewer", "m", "key_sound", ({ sound }) => sound()),
  makeHelpRow("viewer", "Esc", "key_close"),

  ...listZoomKeys("compare"),
  once("compare", "o", "compare_over", ({ toggleCompareOver }) => toggleCompareOver()),
  once("compare", "s", "compare_swap", ({ swapCompared }) => swapCompared()),
  makeHelpRow("compare", "← →", "key_divider"),

  makeHelpRow("anywhere", "Tab ← →", "key_toolbar"),
  makeHelpRow("anywhere", "Delete", "key_delete_collection"),
  once("anywhere", "Ctrl z", "do_undo", ({ undo }) => undo(), { shown: "Ctrl Z" }),
  once("anywhere", "/", "key_find", ({ focusFind }) => focusFind(), { shown: "/ Ctrl K" }),
  { ...also("anywhere", "Ctrl k", ({ focusFind }) => focusFind()), isGlobal: true },
  once("anywhere", "j", "open_jobs", toggle("jobs")),
  once("anywhere", ",", "open_settings", toggle("settings")),
  once("anywhere", "?", "key_help", toggle("help")),
];

/** Return the text that shows the keys of a shortcut. */
export function describeKey({ keys: [first], shown }: Key) {
  // a letter is printed large on a keyboard
  return shown ?? (first.length === 1 ? first.toUpperCase() : first);
}

/** Return the text for the keys of the shortcut with one of these labels, "" if none applies now. */
export function findShortcut(labels: string[], state: State) {
  const places = getKeyScopes(state, true);
  const key = KEYS.find(({ place, label }) => places.includes(place) && labels.includes(label));
  return key ? describeKey(key) : "";
}

/** Return the scopes whose keyboard shortcuts apply now. */
export function getKeyScopes(state: State, onTile: boolean): KeyScope[] {
  if (state.panel) return state.panel === "compare" ? ["compare", "anywhere"] : ["anywhere"];
  if (state.open !== null) return ["viewer", "anywhere"];
  return onTile ? ["tile", "grid", "anywhere"] : ["grid", "anywhere"];
}

/** Return the shortcut for a pressed key in these scopes, null if there is none. */
export function findKey(press: KeyPress, places: KeyScope[]): Key | null {
  const names = listNames(press);
  const fits = (key: string) => names.includes(key);
  return KEYS.find((key) => places.includes(key.place) && key.act && key.keys.some(fits)) ?? null;
}

/** Return the names that a press may have in the table: [] with Alt, or Ctrl and Shift. */
function listNames({ key, shiftKey, ctrlKey, altKey, metaKey, isComposing }: KeyPress) {
  if (altKey || isComposing || (ctrlKey && metaKey)) return [];
  const small = key.toLowerCase(); // with Caps Lock letters come large
  if (ctrlKey || metaKey) return shiftKey ? [] : [`Ctrl ${small}`];
  return shiftKey ? [key, `Shift ${key}`] : [key, small];
}

/** Run the action of a shortcut. Return false to leave the key to the browser: if the shortcut is
 * for a tile and none has the focus, or if the action returns false. */
export function runKey(
  { place, act, forImages }: Key,
  actions: Actions,
  state: State,
  press: KeyPress,
  marked: number[],
) {
  const { focus, open } = state;
  if (place === "tile" && focus === null) return false;
  const ids = marked.length ? marked : focus === null ? [] : [focus];
  const id = (place === "viewer" ? open : (focus ?? ids[0])) ?? 0;
  if (forImages && !id) return actions.askToChoose();
  return act?.(actions, { id, ids, marked, state, press });
}

/** Run the shortcuts of pressed keys, unless a control outside of our page has the focus.
 * @param listMarked returns the ids of the marked images that are shown */
export function listenToKeys(
  { root, store, actions, signal }: Context,
  listMarked: (state: State) => number[],
) {
  const press = (event: KeyboardEvent) => {
    if (event.defaultPrevented || !receivesKeys(root.host)) return;
    const focused = root.activeElement as HTMLInputElement | null;
    const onTile = Boolean(focused?.closest('[role="listbox"]'));
    const state = store.get();
    const key = findKey(event, getKeyScopes(state, onTile));
    if (!key) return;
    // A tile is a link and yet has no keys of its own: Space marks it. Escape may close what is
    // around a control, but around a bar's button is only the page.
    const isOwn = focused && !onTile && !key.isGlobal;
    const isBar = focused?.matches('[role="toolbar"] button') && !listLayers(root).length;
    if (isOwn && (usesKey(focused, event.key) || (event.key === "Escape" && !isBar))) return;
    const isRepeated = key.once && event.repeat;
    if (isRepeated || runKey(key, actions, state, event, listMarked(state)) !== false)
      event.preventDefault();
  };
  /** Prevent Escape from stopping a generation of the host, and Ctrl or Alt with a key from what
   * they do in its own tabs: generate, skip, save, delete. */
  const keepFromHost = (event: Event) => {
    const { key, ctrlKey, metaKey, altKey } = event as KeyboardEvent;
    if (key !== "Escape" && !ctrlKey && !metaKey && !altKey) return;
    event.stopPropagation();
    press(event as KeyboardEvent);
  };
  document.addEventListener("keydown", press, { signal });
  root.addEventListener("keydown", keepFromHost, { signal });
}

/** Return whether our tab is visible and no control outside of it has the focus. */
export function receivesKeys(host: Element) {
  const focused = document.activeElement;
  const isFree = !focused || focused === document.body || focused === host;
  return isFree && host.getClientRects().length > 0;
}
