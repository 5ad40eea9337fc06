/** Moves the focus to the dialog, or to the new images, models or chips, when the focused control
 * has disappeared or was disabled. Without a focus, the keys for images would not work. */

import { getTop } from "../core/dialogs";
import { el } from "../core/dom";
import { getShown, getTiles, isHome, type Key } from "../state/state";
import type { Context, State } from "../types";

export class FoundFocus {
  /** what had the focus last, unless the user has taken the focus away */
  #focused: Element | null = null;
  #isByKey = false; // the last press was a key's: a pointer needs no focus
  #isGiven = false; // what has the focus was given it here, so what replaces it gets it too
  #leads = false;
  #frame = 0;

  /** @param focusFound focuses the first image or model; returns false while none is shown */
  constructor(
    private readonly context: Context,
    private readonly focusFound: (state: State) => boolean,
  ) {
    const { root, store, signal } = context;
    // the user has chosen it, so the focus is no longer moved
    const onFocus = ({ target }: Event) => {
      this.#focused = target instanceof Element ? target : null;
      this.#leads = false;
    };
    root.addEventListener("focusin", onFocus, { signal });
    root.addEventListener("focusout", ({ target }) => this.#onLeave(target), { signal });
    const notePress = ({ type }: Event) => {
      this.#isByKey = type === "keydown";
      this.#isGiven = false; // not by a focus: a control that is drawn again gets it back
    };
    window.addEventListener("keydown", notePress, { signal, capture: true });
    window.addEventListener("pointerdown", notePress, { signal, capture: true });
    // what one comes back to takes the focus that nothing else has
    const onBack = () => {
      this.focusNextFound();
      this.#checkSoon();
    };
    window.addEventListener("popstate", onBack, { signal });
    const keys: Key[] = [
      "where",
      "results",
      "loadedWords",
      "stale",
      "lookupText",
      "loading",
      "ended",
      "home",
      "problems",
      "searchReading",
    ];
    store.on([getTiles, isHome, ...keys, "hiddenCount"], () => this.#checkSoon(), context);
    signal.addEventListener("abort", () => cancelAnimationFrame(this.#frame));
  }

  /** Focus the first image or model that is shown next, unless something else has the focus by
   * then. */
  focusNextFound() {
    this.#leads = true;
  }

  /** Forget an element that has lost the focus, unless it is being removed: browsers dispatch
   * `focusout` just before that. */
  #onLeave(target: EventTarget | null) {
    this.#checkSoon();
    queueMicrotask(() => {
      if (this.#focused === target && this.#focused && isFocusable(this.#focused))
        this.#focused = null;
    });
  }

  /** Check in the next frame, when all parts of the page have drawn the change of the state. */
  #checkSoon() {
    cancelAnimationFrame(this.#frame);
    this.#frame = requestAnimationFrame(() => this.#check());
  }

  #check() {
    const { store, root } = this.context;
    if (this.#focused && !isFocusable(this.#focused)) {
      // a dialog's keys need its focus
      this.#leads ||= this.#isByKey || this.#isGiven || getTop(root) !== root;
      this.#focused = null;
    }
    const { stale, lookupText, loading, searchReading } = store.get();
    const { activeElement } = root;
    const isFree = !activeElement || !isFocusable(activeElement);
    const isOurs = [null, document.body, root.host].includes(document.activeElement);
    if (!this.#leads || !isFree || !isOurs) return;
    const top = getTop(root);
    if (top instanceof Element) return top.closest("dialog")?.focus();
    const isWaiting =
      stale || lookupText || (!getTiles(store.get()).length && (loading || searchReading === "on"));
    if (isWaiting || !this.focusFound(store.get())) return;
    this.#leads = false;
    this.#isGiven = true;
  }
}

function isFocusable(element: Element) {
  const isShown = element.getClientRects().length > 0;
  return (
    isShown && !element.matches(":disabled") && getComputedStyle(element).visibility === "visible"
  );
}

/** Add a link at the top of the page that moves the focus to the images. */
export function addSkipLink({ page, translate, store, signal }: Context, focusImages: () => void) {
  const follow = (event: Event) => {
    event.preventDefault();
    focusImages();
  };
  const text = translate("skip_to_pictures");
  const props = { class: "skip button", href: "#", "data-do": "skip", text };
  const link = el("a", { ...props, on: { click: follow } });
  page.prepend(link);
  const hasImages = (state: State) => state.results === null && getShown(state).length > 0;
  const draw = (now: State) => {
    link.hidden = !hasImages(now);
  };
  store.on([hasImages], draw, { signal });
  draw(store.get());
}
