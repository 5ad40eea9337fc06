/** Keeps the page's URL, the browser's history and the scroll position through a reload. */

import type { PageContext } from "../actions";
import { listLayers } from "../core/dialogs";
import { readJson, writeJson } from "../core/preferences";
import type { Context, ModelResults, ScrollPlace, State } from "../types";
import { buildAddress, getSource, makeDefaultQuery, parseAddress } from "./query";
import { readMarks } from "./selection";
import { isHome } from "./state";

/** What a step of the history says about the scroll position. */
interface Scrolled {
  place: ScrollPlace | null; // in the gallery
  found: { results: ModelResults; top: number } | null; // the results of a model search
  home: number; // pixels that the home page was scrolled
}

/** What a step has opened. */
type Kind = "viewer" | "results" | "search" | "gallery";

const KIND = "civitaiShortcut"; // in history.state, which is the host's too
const BELOW = "civitaiShortcutBelow"; // the address of the step before
const SCROLLED = "civitaiShortcutScrolled";
const DEPTH = "civitaiShortcutDepth"; // how many addresses lie below
const LAYERS = "civitaiShortcutLayers"; // how many layers are open over the address's page
const REST = 350; // ms between two changes of the address
const FAR = 1000; // images; further down, going back is only offered

export class Router {
  #isFollowing = false; // the change comes from the address
  #isResting = false; // the address was changed less than REST ms ago
  #isBehind = false; // the address must be changed again after that
  /** what was closed by history.back(), whose popstate is still to come */
  #closing: Kind | "layers" | "" = "";
  #depth; // of the address that is shown
  #isCommitting = false; // at the end of this moment
  /** the state that the address names, if the state has changed since */
  #before: State | null = null;
  /** the scroll position in that state, if another gallery was opened */
  #scrolled: Scrolled | null = null;

  constructor(private readonly context: PageContext) {
    const { store, root, signal } = context;
    this.#depth = readDepth();
    // Otherwise a step back, which closes an image, scrolls to where the image was opened.
    history.scrollRestoration = "manual";
    store.on(
      ["where", "open", "results", "loadedWords"],
      (now, before) => this.#onChange(now, before),
      { signal },
    );
    root.addEventListener("layers", () => this.#commitSoon(), { signal });
    window.addEventListener("popstate", () => this.#onPopState(), { signal });
    this.#commitSoon(); // a reload has closed the layers
  }

  /** Show what the page's URL names. */
  openAddress() {
    const { store, actions, parts } = this.context;
    const { bootstrap, where } = store.get();
    if (!bootstrap) return;
    const address = parseAddress(location.search, makeDefaultQuery(bootstrap));
    this.#isFollowing = true;
    const isElsewhere = JSON.stringify(address.where) !== JSON.stringify(where);
    const open = () => parts.navigation.openGallery(address.where, readMarks(address.where));
    const loaded = isElsewhere ? open() : Promise.resolve();
    const isFilteredAnew = address.words !== store.get().loadedWords;
    if (isFilteredAnew) actions.filterLoaded(address.words);
    this.#openResults(address.find, where.model);
    if (address.image === null && !isElsewhere)
      actions.close(); // to the tile of the image
    else actions.setView({ open: address.image });
    this.#isFollowing = false;
    if (isElsewhere || isFilteredAnew) void this.#scrollBack(loaded);
  }

  /** Return the layers that have a step of their own: the viewer's step has an address. */
  #listLayers() {
    return listLayers(this.context.root).filter(
      ({ element }) => !element.hasAttribute("data-viewer"),
    );
  }

  #goBack(closed: Kind | "layers", steps = 1) {
    this.#closing = closed;
    history.go(-steps);
  }

  #onPopState() {
    const { actions } = this.context;
    const closed = this.#closing;
    const isOther = readDepth() !== this.#depth;
    this.#depth = readDepth();
    this.#closing = "";
    if (closed) {
      const { place } = readScrolled();
      if (place && closed === "search") actions.setView({ place }); // its gallery is loaded again
      if (!this.#before) this.#replace(); // another image may have been opened over a layer
      this.#commit(); // what was opened meanwhile
      return;
    }
    // what is over the page is closed first, else the page would change behind it
    const layers = this.#listLayers().slice(isOther ? 0 : readLayers());
    for (const { close } of layers.reverse()) close();
    if (isOther) this.openAddress();
    else this.#replace();
  }

  /** Scroll back to where the user left the gallery. */
  async #scrollBack(loaded: Promise<void>) {
    const { store, actions, parts } = this.context;
    const { place, home } = readScrolled();
    if (isHome(store.get())) parts.home.scrollTo(home);
    const { where, loadedWords } = store.get();
    await loaded;
    const now = store.get();
    if (!place || now.where !== where || now.loadedWords !== loadedWords) return;
    actions.setView({ place });
    if (place.count <= FAR && !now.results) await actions.back();
  }

  #openResults(words: string, opened: number | null) {
    const { store, actions, parts } = this.context;
    const { found } = readScrolled();
    if (found?.results.query === words) {
      actions.setView({ results: found.results });
      parts.results.revealCard(opened, found.top);
    } else if (!words) actions.setView({ results: null });
    else if (store.get().results?.query !== words) void parts.navigation.searchModels(words);
  }

  /** Remember the state before a change. All changes of one moment make one history entry. */
  #onChange(now: State, before: State) {
    if (this.#isFollowing || !now.bootstrap) return;
    // The grid still shows what is left: the new gallery's first page is yet to come.
    if (!this.#scrolled && isElsewhere(now, before)) this.#scrolled = this.#getScrolled(before);
    this.#before ??= before;
    this.#commitSoon();
  }

  #commitSoon() {
    if (!this.#isCommitting) queueMicrotask(() => this.#commit());
    this.#isCommitting = true;
  }

  #getScrolled(state: State): Scrolled {
    const { grid, results, home } = this.context.parts;
    const found = state.results && { results: state.results, top: results.top };
    return { place: grid.getScrollPlace(), found, home: isHome(state) ? home.top : 0 };
  }

  /** Update the history. Each layer over the page has a step, after those of the address. */
  #commit() {
    this.#isCommitting = false;
    if (this.#closing) return;
    const layers = this.#listLayers().length;
    const extra = readLayers() - (this.#before && this.#isStep(this.#before) ? 0 : layers);
    if (extra > 0) return this.#goBack("layers", extra);
    this.#commitAddress();
    for (let count = readLayers() + 1; count <= layers && !this.#closing; count += 1)
      history.pushState({ ...history.state, [LAYERS]: count }, "", location.href);
  }

  #isStep(before: State) {
    const now = this.context.store.get();
    return isElsewhere(now, before) || (now.open === null) !== (before.open === null);
  }

  /** Add a step for what was opened; another image replaces the step, closing goes back. */
  #commitAddress() {
    if (!this.#before) return;
    const [before, scrolled] = [this.#before, this.#scrolled];
    this.#before = this.#scrolled = null;
    const now = this.context.store.get();
    const href = this.#buildHref(now);
    const { [KIND]: kind, [BELOW]: below } = history.state ?? {};
    if (kind && kind !== "gallery" && href === below) {
      this.#goBack(kind);
      return;
    }
    const isJump = isElsewhere(now, before);
    if (isJump) {
      this.#push(findKind(now, before), this.#buildHref({ ...now, open: null }), before, scrolled);
    }
    const isOpened = now.open !== null && (before.open === null || isJump);
    if (isOpened) this.#push("viewer", href, isJump ? { ...now, open: null } : before, null);
    else this.#replace();
  }

  /** Add a step, after storing in the current one where the user had scrolled. */
  #push(kind: Kind, href: string, before: State, scrolled: Scrolled | null) {
    const left = this.#buildHref(before); // the address may not have followed yet
    if (href === left) return;
    history.replaceState({ ...history.state, ...(scrolled && { [SCROLLED]: scrolled }) }, "", left);
    this.#depth += 1;
    const step = { [SCROLLED]: null, [KIND]: kind, [BELOW]: left, [DEPTH]: this.#depth };
    history.pushState({ ...history.state, ...step }, "", href);
  }

  #buildHref({ bootstrap, where, open, results, loadedWords }: State) {
    const usual = bootstrap ? makeDefaultQuery(bootstrap) : where;
    const searched = { find: results?.query, words: loadedWords };
    return buildAddress(where, open, usual, location.href, searched);
  }

  /** Replace the URL at most once in 350 ms: browsers refuse more than 100 in 30 s. */
  #replace() {
    if (this.#isResting) {
      this.#isBehind = true;
      return;
    }
    if (this.#closing) return;
    const href = this.#buildHref(this.context.store.get());
    if (href === location.href) return;
    history.replaceState(history.state, "", href);
    this.#isResting = true;
    window.setTimeout(() => {
      this.#isResting = false;
      if (this.#isBehind) this.#replace();
      this.#isBehind = false;
    }, REST);
  }
}

function isElsewhere(now: State, before: State) {
  return (
    JSON.stringify(now.where) !== JSON.stringify(before.where) ||
    now.results?.query !== before.results?.query ||
    now.loadedWords !== before.loadedWords
  );
}

function findKind(now: State, before: State): Kind {
  if (now.results && now.results.query !== before.results?.query) return "results";
  const isSearched =
    now.where.search !== before.where.search || now.loadedWords !== before.loadedWords;
  return isSearched ? "search" : "gallery";
}

function readDepth(): number {
  return history.state?.[DEPTH] ?? 0;
}

function readLayers(): number {
  return history.state?.[LAYERS] ?? 0;
}

function readScrolled(): Scrolled {
  return history.state?.[SCROLLED] ?? { place: null, found: null, home: 0 };
}

const KEY = "civitai-shortcut-place";

/** Save the scroll position when the user leaves the page. After a reload, offer to return there as
 * soon as the first page of the same gallery is loaded. */
export function rememberPlace(
  { store, actions, signal }: Context,
  getPlace: () => ScrollPlace | null,
) {
  let left = readPlace(); // saved by this tab before the reload
  const write = () =>
    writeJson(KEY, { source: getSource(store.get().where), place: getPlace() }, "sessionStorage");
  window.addEventListener("pagehide", write, { signal });
  store.on(
    ["images"],
    ({ images, where }) => {
      if (!images.length || !left) return;
      const { source, place } = left;
      left = null;
      if (source === getSource(where)) actions.setView({ place });
    },
    { signal },
  );
}

function readPlace() {
  const stored = readJson<{ source: string; place: ScrollPlace }>(KEY, "sessionStorage");
  const { id, y } = stored?.place ?? ({} as Partial<ScrollPlace>);
  return Number.isSafeInteger(id) && Number.isFinite(y) ? stored : null;
}
