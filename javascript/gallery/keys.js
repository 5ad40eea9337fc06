/**
 * The keyboard shortcuts: one table of what each key does and where. The help sheet is made from
 * it.
 */

import { usesKey } from "./core/native_keys.js";

/** @typedef {import("./types.js").Context} Context */
/** @typedef {import("./types.js").Actions} Actions */
/** @typedef {import("./state/state.js").State} State */
/** @typedef {"grid" | "tile" | "viewer" | "compare" | "anywhere"} KeyScope  tile: the grid, with a tile focused */
/** @typedef {Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "altKey" | "metaKey" | "repeat" | "isComposing">} KeyPress */

/**
 * @typedef {object} Key
 * @property {string[]} keys  values of `KeyboardEvent.key`
 * @property {string} [shown]  text on the help sheet, if not the keys
 * @property {KeyScope} place
 * @property {string} words  what it does
 * @property {boolean} [once]  holding the key down runs the action once
 * @property {(actions: Actions, state: State, press: KeyPress) => unknown} [act]  undefined for what the browser does itself
 */

/** Return an action that moves the focus in the grid; with Shift it marks as well.
 * @param {"left" | "right" | "up" | "down" | "home" | "end" | "pageup" | "pagedown"} where
 * @returns {NonNullable<Key["act"]>} */
const move = (where) => (actions, _, press) => actions.move(where, { extend: press.shiftKey });

/** Return an action on the focused image.
 * @param {(actions: Actions, id: number) => unknown} action
 * @returns {NonNullable<Key["act"]>} */
const onFocused = (action) => (actions, state) =>
  state.focus !== null && action(actions, state.focus);

/** Return an action on the open image.
 * @param {(actions: Actions, id: number) => unknown} action
 * @returns {NonNullable<Key["act"]>} */
const onOpen = (action) => (actions, state) => state.open !== null && action(actions, state.open);

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
    act: onFocused(({ open }, id) => open(id)),
  },
  {
    keys: [" "],
    shown: "Space",
    place: "tile",
    words: "mark_picture",
    once: true,
    act: (actions, state, press) =>
      onFocused((_, id) => (press.shiftKey ? actions.markTo(id) : actions.mark(id)))(
        actions,
        state,
        press,
      ),
  },
  { keys: [], shown: "Shift Space", place: "tile", words: "key_mark_to" },
  {
    keys: ["a"],
    place: "grid",
    words: "key_mark_all",
    once: true,
    act: ({ markAll }) => markAll(),
  },
  { keys: ["x"], place: "grid", words: "key_invert", once: true, act: ({ invert }) => invert() },
  {
    keys: ["n"],
    place: "grid",
    words: "key_mark_none",
    once: true,
    act: ({ markNone }) => markNone(),
  },
  {
    keys: ["d"],
    place: "grid",
    words: "key_download_marked",
    once: true,
    act: ({ download }, { marks }) => download([...marks]),
  },
  {
    keys: ["b"],
    place: "tile",
    words: "key_favourite",
    once: true,
    act: onFocused(({ favourite }, id) => favourite([id])),
  },
  {
    keys: ["w"],
    place: "grid",
    words: "stats_title",
    once: true,
    act: ({ panel }, { where }) => where.model !== null && panel("stats"),
  },
  { keys: ["c"], place: "grid", words: "key_compare", once: true, act: ({ compare }) => compare() },
  { keys: ["t"], place: "grid", words: "to_top", once: true, act: ({ toTop }) => toTop() },

  {
    keys: ["ArrowLeft"],
    shown: "← →",
    place: "viewer",
    words: "key_step",
    act: ({ step }) => step(-1),
  },
  { keys: ["ArrowRight"], shown: "", place: "viewer", words: "", act: ({ step }) => step(1) },
  {
    keys: ["Home"],
    shown: "Home End",
    place: "viewer",
    words: "key_first_last",
    act: ({ first }) => first(),
  },
  { keys: ["End"], shown: "", place: "viewer", words: "", act: ({ last }) => last() },
  {
    keys: [" "],
    shown: "Space",
    place: "viewer",
    words: "key_mark_or_play",
    once: true,
    act: (actions, state, press) => {
      if (press.shiftKey || !actions.togglePlay())
        onOpen(({ mark }, id) => mark(id))(actions, state, press);
    },
  },
  {
    keys: ["d"],
    place: "viewer",
    words: "key_save",
    once: true,
    act: onOpen(({ download }, id) => download([id])),
  },
  {
    keys: ["b"],
    place: "viewer",
    words: "key_favourite",
    once: true,
    act: onOpen(({ favourite }, id) => favourite([id])),
  },
  {
    keys: ["c"],
    place: "viewer",
    words: "key_copy",
    once: true,
    act: ({ copyInfotext }) => copyInfotext(),
  },
  {
    keys: ["+", "="],
    shown: "+ −",
    place: "viewer",
    words: "key_zoom",
    act: ({ zoom }) => zoom("in"),
  },
  { keys: ["-"], shown: "", place: "viewer", words: "", act: ({ zoom }) => zoom("out") },
  { keys: ["0"], place: "viewer", words: "key_fit", act: ({ zoom }) => zoom("fit") },
  { keys: ["1"], place: "viewer", words: "key_one", act: ({ zoom }) => zoom("one") },
  {
    keys: ["f"],
    place: "viewer",
    words: "key_fullscreen",
    once: true,
    act: ({ fullscreen }) => fullscreen(),
  },
  {
    keys: ["i"],
    place: "viewer",
    words: "key_details",
    once: true,
    act: ({ toggleDetails }) => toggleDetails(),
  },
  { keys: ["m"], place: "viewer", words: "key_sound", once: true, act: ({ sound }) => sound() },
  { keys: [], shown: "Esc", place: "viewer", words: "key_close" },

  {
    keys: ["+", "="],
    shown: "+ −",
    place: "compare",
    words: "key_zoom",
    act: ({ zoom }) => zoom("in"),
  },
  { keys: ["-"], place: "compare", shown: "", words: "", act: ({ zoom }) => zoom("out") },
  { keys: ["0"], place: "compare", words: "key_fit", act: ({ zoom }) => zoom("fit") },
  { keys: ["1"], place: "compare", words: "key_one", act: ({ zoom }) => zoom("one") },

  {
    keys: ["/"],
    place: "anywhere",
    words: "key_find",
    once: true,
    act: ({ focusFind }) => focusFind(),
  },
  {
    keys: ["j"],
    place: "anywhere",
    words: "open_jobs",
    once: true,
    act: ({ panel }) => panel("jobs"),
  },
  {
    keys: [","],
    place: "anywhere",
    words: "open_settings",
    once: true,
    act: ({ panel }) => panel("settings"),
  },
  {
    keys: ["?"],
    place: "anywhere",
    words: "key_help",
    once: true,
    act: ({ panel }) => panel("help"),
  },
];

/** Return the scopes whose keyboard shortcuts work now.
 * @param {State} state
 * @param {boolean} onTile
 * @returns {KeyScope[]} */
export function getKeyScopes(state, onTile) {
  if (state.panel) return state.panel === "compare" ? ["compare", "anywhere"] : ["anywhere"];
  if (state.open !== null) return ["viewer", "anywhere"];
  return onTile ? ["tile", "grid", "anywhere"] : ["grid", "anywhere"];
}

/** Return the shortcut for a key press in these scopes, null if there is none.
 * @param {KeyPress} press
 * @param {KeyScope[]} places
 * @returns {Key | null} */
export function findKey(press, places) {
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

  /** Stop a key press that the host would handle too, such as an Escape that closes a part of our
   * page.
   * @param {KeyboardEvent} event */
  #keepFromHost(event) {
    const { panel, open } = this.context.store.get();
    const closes = event.key === "Escape" && (panel || open !== null);
    const generates = event.key === "Enter" && (event.ctrlKey || event.metaKey);
    if (closes || generates) event.stopPropagation();
  }

  /** Run the action of a keyboard shortcut. @param {KeyboardEvent} event */
  #press(event) {
    const { root, store, actions } = this.context;
    if (event.defaultPrevented || !this.#isOurs()) return;
    const focused = root.activeElement;
    if (focused && usesKey(/** @type {HTMLInputElement} */ (focused), event.key)) return;
    const onTile = Boolean(focused?.closest('[role="listbox"]'));
    const state = store.get();
    const key = findKey(event, getKeyScopes(state, onTile));
    if (!key?.act) return;
    event.preventDefault();
    if (!(key.once && event.repeat)) key.act(actions, state, event);
  }

  /** Return whether our tab is visible, with the focus in it or nowhere. */
  #isOurs() {
    const host = this.context.root.host;
    const focused = document.activeElement;
    const isFree = !focused || focused === document.body || focused === host;
    return isFree && host.getClientRects().length > 0;
  }
}
