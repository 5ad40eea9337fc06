/** Keeps the focus in the page, whose keys would not work without it. When the focused control goes
 * (removed, hidden or disabled), the focus moves to the control that is drawn in its place. If there
 * is none, it moves to the nearest control marked `data-takes-focus` in the same section, or to the
 * nearest element around it that can have the focus, such as a list or a dialog. */

import { getTop } from "./dialogs";

const CONTAINERS = "dialog, [tabindex]"; // which can have the focus themselves
const SECTIONS = "section, fieldset, dialog";
const ROWS = "[data-set], [data-shelf], [data-kind]"; // which their data attributes tell apart

export class FocusKeeper {
  /** what had the focus last and what contained it, from the innermost; empty if the user has taken
   * the focus away */
  #path: Element[] = [];
  #isForPage = false;
  #frame = 0;

  /** @param page has the focus while nothing in it can have it
   * @param focusPage focuses what is the most important on the page, if anything is there yet */
  constructor(
    private readonly root: ShadowRoot,
    private readonly page: HTMLElement,
    private readonly focusPage: () => unknown,
    signal: AbortSignal,
  ) {
    const onFocus = (event: Event) => {
      if (event.target === page) return;
      const path = event.composedPath();
      this.#path = path.slice(0, path.indexOf(root)) as Element[];
      this.#isForPage = false; // something was chosen meanwhile
    };
    root.addEventListener("focusin", onFocus, { signal });
    const changes = new MutationObserver((records) => this.#onChange(records));
    // browsers dispatch this just before they remove the element
    const onLeave = ({ target }: Event) =>
      queueMicrotask(() => {
        this.#onChange(changes.takeRecords());
        const isLeft = this.#path[0] === target && isFocusable(this.#path[0]);
        if (isLeft && root.activeElement !== target) this.#path = []; // by the user
        this.#checkSoon();
      });
    root.addEventListener("focusout", onLeave, { signal });
    page.addEventListener("blur", () => page.removeAttribute("tabindex"), { signal });
    changes.observe(root, { childList: true, subtree: true, attributes: true });
    window.addEventListener("resize", () => this.#checkSoon(), { signal });
    window.addEventListener("popstate", () => this.focusPageSoon(), { signal });
    signal.addEventListener("abort", () => {
      changes.disconnect();
      cancelAnimationFrame(this.#frame);
    });
  }

  /** Focus what is the most important on the page as soon as it is there, unless something else has
   * the focus by then. */
  focusPageSoon() {
    this.#isForPage = true;
    this.#checkSoon();
  }

  #onChange(records: MutationRecord[]) {
    const focused = this.#path.at(0);
    const added = records.flatMap(({ addedNodes }) => [...addedNodes]);
    // before the next key is pressed; whether it is hidden is known in the next frame
    const isLost =
      focused &&
      (!focused.isConnected ||
        focused.matches(":disabled, [hidden] *, [hidden]") ||
        isMoved(focused, added, this.root));
    if (isLost) this.#check(added);
    else if (focused || this.#isForPage) this.#checkSoon();
  }

  #checkSoon() {
    if (this.#frame) return; // else changes in each frame would put it off for ever
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#check();
    });
  }

  /** Move the focus on if what had it has gone.
   * @param added what has just been drawn */
  #check(added: Node[] = []) {
    const { root, page } = this;
    const path = this.#path;
    const isGone = path.length > 0 && (!isFocusable(path[0]) || isMoved(path[0], added, root));
    const isOurs = [null, document.body, root.host].includes(document.activeElement);
    if (isGone) this.#path = [];
    if (this.#hasFocus()) this.#isForPage = false;
    const isFree = isOurs && !this.#hasFocus() && isFocusable(page); // a host may show another tab
    if (!(isGone || this.#isForPage) || !isFree) return;
    const top = getTop(root);
    const next = isGone ? findNext(path, added, top) : null;
    if (next) next.focus({ preventScroll: true });
    else if (top instanceof Element) top.closest("dialog")?.focus();
    else {
      this.focusPage();
      // each change of the page's attribute would be seen, and lead here again
      if (this.#hasFocus() || page.hasAttribute("tabindex")) return;
      this.#isForPage = true;
      page.tabIndex = -1; // not before: a click beside the controls would focus it too
      page.focus({ preventScroll: true });
    }
  }

  #hasFocus() {
    const { activeElement } = this.root;
    return activeElement !== null && activeElement !== this.page && isFocusable(activeElement);
  }
}

function findNext(path: Element[], added: Node[], top: Element | ShadowRoot) {
  const drawn = added.filter((node) => node instanceof Element && node.isConnected) as Element[];
  const left = path.map((one) => (one.isConnected ? one : findSame(one, path, drawn)));
  const section = left.find((one) => one?.matches(SECTIONS));
  const isHere = (element: Element) => top.contains(element) && isFocusable(element);
  for (const [at, element] of left.entries()) {
    if (!element) continue;
    const marked = [...element.querySelectorAll("[data-takes-focus]")].filter(
      (one) => one.closest(SECTIONS) === section,
    );
    const all =
      at === 0 ? [element] : [...marked, ...(element.matches(CONTAINERS) ? [element] : [])];
    const next = all.find(isHere);
    if (next instanceof HTMLElement) return next;
  }
  return null;
}

/** Return the element among those drawn, or inside them, that stands for one that has gone. */
function findSame(gone: Element, path: Element[], drawn: Element[]) {
  const key = getKey(gone, path);
  if (!key) return undefined;
  const all = drawn.flatMap((one) => [one, ...one.querySelectorAll(`[data-do], ${ROWS}`)]);
  return all.find((one) => getKey(one) === key);
}

/** Return what tells a control or a row from others, "" for other elements.
 * @param path what contained the control, if it is no longer in the page */
function getKey(element: Element, path?: Element[]) {
  const { do: action, value } = (element as HTMLElement).dataset;
  const containers = path?.slice(path.indexOf(element));
  const row = containers ? containers.find((one) => one.matches(ROWS)) : element.closest(ROWS);
  if (!action && row !== element) return "";
  const target = value ?? element.getAttribute("href") ?? element.ariaLabel ?? element.textContent;
  return JSON.stringify([action, action && target, { ...(row as HTMLElement | null)?.dataset }]);
}

/** Return whether an element has lost the focus because it was taken out and put in again. */
function isMoved(element: Element, added: Node[], root: ShadowRoot) {
  return root.activeElement !== element && added.some((node) => node.contains(element));
}

function isFocusable(element: Element) {
  const isShown = [...element.getClientRects()].some(({ height }) => height > 0); // not an empty list
  return (
    isShown && !element.matches(":disabled") && getComputedStyle(element).visibility === "visible"
  );
}
