/** The keys: one table of what each does and where; the help sheet is made from it. */

import { isItsOwn } from "./core/native_keys.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Acts} Acts */
/** @typedef {import("./types.js").State} State */
/** @typedef {"grid" | "tile" | "viewer" | "compare" | "anywhere"} Place  tile: the grid, with a tile focused */
/** @typedef {Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "repeat" | "isComposing">} Press */

/**
 * @typedef {object} Key
 * @property {string[]} keys  as `KeyboardEvent.key` tells them
 * @property {string} [shown]  on the help sheet, if not the keys
 * @property {Place} place
 * @property {string} words  what it does
 * @property {boolean} [once]  holding it down does it once
 * @property {(acts: Acts, state: State, press: Press) => unknown} [act]  none: the browser's own
 */

/**
 * @param {"left" | "right" | "up" | "down" | "home" | "end" | "pageup" | "pagedown"} where
 * @returns {NonNullable<Key["act"]>}
 */
const move = (where) => (acts, _, press) => acts.move(where, { extend: press.shiftKey });

/**
 * @param {(acts: Acts, id: number) => unknown} deed
 * @returns {NonNullable<Key["act"]>}
 */
const onFocused = (deed) => (acts, state) => state.focus !== null && deed(acts, state.focus);

/**
 * @param {(acts: Acts, id: number) => unknown} deed
 * @returns {NonNullable<Key["act"]>}
 */
const onOpen = (deed) => (acts, state) => state.open !== null && deed(acts, state.open);

/** @type {readonly Key[]} */
export const KEYS = [
  { keys: ["ArrowLeft"], shown: "← → ↑ ↓", place: "grid", words: "key_move", act: move("left") },
  { keys: ["ArrowRight"], shown: "", place: "grid", words: "", act: move("right") },
  { keys: ["ArrowUp"], shown: "", place: "grid", words: "", act: move("up") },
  { keys: ["ArrowDown"], shown: "", place: "grid", words: "", act: move("down") },
  { keys: [], shown: "Shift ← → ↑ ↓", place: "grid", words: "key_extend" },
  { keys: ["Home"], shown: "Home End", place: "tile", words: "key_ends", act: move("home") },
  { keys: ["End"], shown: "", place: "tile", words: "", act: move("end") },
  { keys: ["PageUp"], shown: "", place: "tile", words: "", act: move("pageup") },
  { keys: ["PageDown"], shown: "", place: "tile", words: "", act: move("pagedown") },
  {
    keys: ["Enter"],
    place: "tile",
    words: "key_open",
    once: true,
    act: onFocused((acts, id) => acts.open(id)),
  },
  {
    keys: [" "],
    shown: "Space",
    place: "tile",
    words: "mark_picture",
    once: true,
    act: (acts, state, press) =>
      onFocused((_, id) => (press.shiftKey ? acts.markTo(id) : acts.mark(id)))(acts, state, press),
  },
  { keys: [], shown: "Shift Space", place: "tile", words: "key_mark_to" },
  { keys: ["a"], place: "grid", words: "key_mark_all", once: true, act: (acts) => acts.markAll() },
  { keys: ["x"], place: "grid", words: "key_invert", once: true, act: (acts) => acts.invert() },
  {
    keys: ["n"],
    place: "grid",
    words: "key_mark_none",
    once: true,
    act: (acts) => acts.markNone(),
  },
  {
    keys: ["d"],
    place: "grid",
    words: "key_download_marked",
    once: true,
    act: (acts, { marks }) => acts.download([...marks]),
  },
  {
    keys: ["b"],
    place: "tile",
    words: "key_favourite",
    once: true,
    act: onFocused((acts, id) => acts.favourite([id])),
  },
  {
    keys: ["w"],
    place: "grid",
    words: "figures_title",
    once: true,
    act: (acts, { where }) => where.model !== null && acts.panel("figures"),
  },
  { keys: ["c"], place: "grid", words: "key_compare", once: true, act: (acts) => acts.compare() },
  { keys: ["t"], place: "grid", words: "to_top", once: true, act: (acts) => acts.toTop() },

  {
    keys: ["ArrowLeft"],
    shown: "← →",
    place: "viewer",
    words: "key_step",
    act: (acts) => acts.step(-1),
  },
  { keys: ["ArrowRight"], shown: "", place: "viewer", words: "", act: (acts) => acts.step(1) },
  {
    keys: ["Home"],
    shown: "Home End",
    place: "viewer",
    words: "key_first_last",
    act: (acts) => acts.first(),
  },
  { keys: ["End"], shown: "", place: "viewer", words: "", act: (acts) => acts.last() },
  {
    keys: [" "],
    shown: "Space",
    place: "viewer",
    words: "mark_picture",
    once: true,
    act: onOpen((acts, id) => acts.mark(id)),
  },
  {
    keys: ["d"],
    place: "viewer",
    words: "key_save",
    once: true,
    act: onOpen((acts, id) => acts.download([id])),
  },
  {
    keys: ["b"],
    place: "viewer",
    words: "key_favourite",
    once: true,
    act: onOpen((acts, id) => acts.favourite([id])),
  },
  {
    keys: ["c"],
    place: "viewer",
    words: "key_copy",
    once: true,
    act: (acts) => acts.copyInfotext(),
  },
  {
    keys: ["+", "="],
    shown: "+ −",
    place: "viewer",
    words: "key_zoom",
    act: (acts) => acts.zoom("in"),
  },
  { keys: ["-"], shown: "", place: "viewer", words: "", act: (acts) => acts.zoom("out") },
  { keys: ["0"], place: "viewer", words: "key_fit", act: (acts) => acts.zoom("fit") },
  { keys: ["1"], place: "viewer", words: "key_one", act: (acts) => acts.zoom("one") },
  {
    keys: ["f"],
    place: "viewer",
    words: "key_fullscreen",
    once: true,
    act: (acts) => acts.fullscreen(),
  },
  {
    keys: ["i"],
    place: "viewer",
    words: "key_details",
    once: true,
    act: (acts) => acts.toggleDetails(),
  },
  { keys: ["m"], place: "viewer", words: "key_sound", once: true, act: (acts) => acts.sound() },
  { keys: [], shown: "Esc", place: "viewer", words: "key_close" },

  {
    keys: ["+", "="],
    shown: "+ −",
    place: "compare",
    words: "key_zoom",
    act: (acts) => acts.zoom("in"),
  },
  { keys: ["-"], place: "compare", shown: "", words: "", act: (acts) => acts.zoom("out") },
  { keys: ["0"], place: "compare", words: "key_fit", act: (acts) => acts.zoom("fit") },
  { keys: ["1"], place: "compare", words: "key_one", act: (acts) => acts.zoom("one") },

  {
    keys: ["/"],
    place: "anywhere",
    words: "key_find",
    once: true,
    act: (acts) => acts.focusFind(),
  },
  {
    keys: ["j"],
    place: "anywhere",
    words: "open_jobs",
    once: true,
    act: (acts) => acts.panel("jobs"),
  },
  {
    keys: [","],
    place: "anywhere",
    words: "open_settings",
    once: true,
    act: (acts) => acts.panel("settings"),
  },
  {
    keys: ["?"],
    place: "anywhere",
    words: "key_help",
    once: true,
    act: (acts) => acts.panel("help"),
  },
];

/**
 * Where the keys hold now.
 * @param {State} state
 * @param {boolean} onTile
 * @returns {Place[]}
 */
export function placesNow(state, onTile) {
  if (state.panel) return state.panel === "compare" ? ["compare", "anywhere"] : ["anywhere"];
  if (state.open !== null) return ["viewer", "anywhere"];
  return onTile ? ["tile", "grid", "anywhere"] : ["grid", "anywhere"];
}

/**
 * The table's entry for a press, or null.
 * @param {Press} press
 * @param {Place[]} places
 * @returns {Key | null}
 */
export function keyFor(press, places) {
  if (press.ctrlKey || press.altKey || press.metaKey || press.isComposing) return null;
  // with Caps Lock letters come large
  const pressed = press.shiftKey ? press.key : press.key.toLowerCase();
  const fits = (/** @type {string} */ key) => key === press.key || key === pressed;
  return KEYS.find((key) => places.includes(key.place) && key.act && key.keys.some(fits)) ?? null;
}

/** Listens for the keys, but only where they are ours. */
export class Keys {
  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { signal } = context;
    document.addEventListener("keydown", (event) => this.#press(event), { signal });
    context.root.addEventListener(
      "keydown",
      (event) => this.#keepFromHost(/** @type {KeyboardEvent} */ (event)),
      { signal },
    );
  }

  /**
   * Stops what a host would take for its own: Escape that closes something of ours, Ctrl+Enter in
   * a field of ours.
   *
   * @param {KeyboardEvent} event
   */
  #keepFromHost(event) {
    const { panel, open } = this.context.store.get();
    const closes = event.key === "Escape" && (panel || open !== null);
    const generates = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (closes || generates) event.stopPropagation();
  }

  /** @param {KeyboardEvent} event */
  #press(event) {
    const { root, store, acts } = this.context;
    if (event.defaultPrevented || !this.#isOurs()) return;
    const focused = root.activeElement;
    if (focused && isItsOwn(/** @type {HTMLInputElement} */ (focused), event.key)) return;
    const onTile = Boolean(focused?.closest('[role="listbox"]'));
    const state = store.get();
    const key = keyFor(event, placesNow(state, onTile));
    if (!key?.act) return;
    event.preventDefault();
    if (!(key.once && event.repeat)) key.act(acts, state, event);
  }

  /** Our tab is seen, and the focus is in it or nowhere. */
  #isOurs() {
    const host = this.context.root.host;
    const focused = document.activeElement;
    const isFree = !focused || focused === document.body || focused === host;
    return isFree && host.getClientRects().length > 0;
  }
}
