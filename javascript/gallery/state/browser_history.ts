/** Keeps the page's URL, the browser's history and, in it, the scroll position. */

import type { PageContext } from "../actions";
import { type Layer, listLayers } from "../core/dialogs";
import type { ModelResults, ScrollPlace, State } from "../types";
import { buildAddress, makeDefaultQuery, parseAddress } from "./query";
import { readMarks } from "./selection";
import { isHome, isSelecting } from "./state";

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

export function makeBrowserHistory(context: PageContext) {
  const { actions, parts, root, signal, store } = context;
  const isPhone = matchMedia("(pointer: coarse)");
  let isFollowing = false; // the change comes from the address
  let isResting = false; // the address was changed less than REST ms ago
  let isBehind = false; // the address must be changed again after that
  let hasScrolled = false; // where to is not in the history yet
  /** what was closed by history.back(), whose popstate is still to come */
  let closing: Kind | "layers" | "" = "";
  let isCommitting = false; // at the end of this moment
  /** the state that the address names, if the state has changed since */
  let stateBefore: State | null = null;
  /** the scroll position in that state, if another gallery was opened */
  let scrolledBefore: Scrolled | null = null;
  let depth = readDepth(); // of the address that is shown
  let { bootstrap: usual } = store.get(); // whose defaults the address leaves out
  // Otherwise a step back, which closes an image, scrolls to where the image was opened.
  history.scrollRestoration = "manual";
  store.on(["where", "open", "results", "loadedWords"], onChange, {
    signal,
  });
  root.addEventListener("layers", commitSoon, { signal });
  store.on(["marks", "selecting"], commitSoon, { signal });
  window.addEventListener("popstate", onPopState, { signal });
  const onScrollEnd = () =>
    requestAnimationFrame(() => {
      hasScrolled = true;
      replace(); // by what the grid has drawn in this frame
    });
  window.addEventListener("scrollend", onScrollEnd, { capture: true, signal });
  commitSoon(); // a reload has closed the layers

  /** Show what the page's URL names. */
  function openAddress() {
    const { bootstrap, where } = store.get();
    if (!bootstrap) return;
    const address = parseAddress(location.search, makeDefaultQuery(bootstrap));
    isFollowing = true;
    const isElsewhere = JSON.stringify(address.where) !== JSON.stringify(where);
    const open = () => parts.navigation.openGallery(address.where, readMarks(address.where));
    const loaded = isElsewhere ? open() : Promise.resolve();
    const isFilteredAnew = address.words !== store.get().loadedWords;
    const filtered = isFilteredAnew ? actions.filterLoaded(address.words) : null;
    openResults(address.find, where.model);
    if (address.image === null && !isElsewhere)
      actions.close(); // to the tile of the image
    else actions.setView({ open: address.image });
    isFollowing = false;
    if (isElsewhere || isFilteredAnew) void scrollBack(Promise.all([loaded, filtered]));
  }

  /** Return what closes each layer that has a step of its own: the viewer's step has an address. */
  function listLayerSteps() {
    const isStep = ({ element }: Layer) => !element.hasAttribute("data-viewer");
    return listLayers(root)
      .filter(isStep)
      .map(({ close }) => close);
  }

  /** Return what a step back ends, the last first to end: on a phone, the selection too. */
  function listSteps() {
    const { open, results } = store.get();
    const isStep = isSelecting(store.get()) && open === null && !results && isPhone.matches;
    return isStep ? [actions.markNone, ...listLayerSteps()] : listLayerSteps();
  }

  function goBack(closed: Kind | "layers", steps = 1) {
    closing = closed;
    history.go(-steps);
  }

  function onPopState() {
    const closed = closing;
    const isOther = readDepth() !== depth;
    depth = readDepth();
    closing = "";
    // Else the scrolling was in the gallery that is left.
    hasScrolled = closed ? closed === "viewer" || closed === "layers" : !isOther;
    if (closed) {
      if (closed === "search") void scrollBack(Promise.resolve());
      if (!stateBefore) replace(); // another image may have been opened over a layer
      commit(); // what was opened meanwhile
      return;
    }
    // what is over the page is closed first, else the page would change behind it
    const left = isOther ? listLayerSteps() : listSteps().slice(readLayers());
    for (const close of left.reverse()) close();
    if (isOther) openAddress();
    else replace();
  }

  async function scrollBack(loaded: Promise<unknown>) {
    const { place, home } = readScrolled();
    if (isHome(store.get())) parts.home.scrollTo(home);
    const { where, loadedWords } = store.get();
    await loaded;
    const now = store.get();
    if (!place || now.where !== where || now.loadedWords !== loadedWords) return;
    await parts.navigation.returnTo(place);
  }

  function openResults(words: string, opened: number | null) {
    const { found } = readScrolled();
    if (found?.results.query === words) {
      actions.setView({ results: found.results });
      parts.results.revealCard(opened, found.top);
    } else if (!words) actions.setView({ results: null });
    else if (store.get().results?.query !== words) void parts.navigation.searchModels(words);
  }

  /** Remember the state before a change. All changes of one moment make one history entry. */
  function onChange(now: State, before: State) {
    if (isFollowing || !now.bootstrap) return;
    stateBefore ??= { ...before, bootstrap: usual };
    // The grid still shows what is left: the new gallery's first page is yet to come.
    if (!scrolledBefore && isElsewhere(now, stateBefore)) scrolledBefore = getScrolled(before);
    commitSoon();
  }

  function commitSoon() {
    if (!isCommitting) queueMicrotask(commit);
    isCommitting = true;
  }

  function getScrolled(state: State): Scrolled {
    const { grid, results, home } = parts;
    const found = state.results && { results: state.results, top: results.getTop() };
    return { place: grid.getScrollPlace(), found, home: isHome(state) ? home.top : 0 };
  }

  /** Update the history. Each layer over the page has a step, after those of the address. */
  function commit() {
    isCommitting = false;
    if (closing) return;
    const layers = listSteps().length;
    const extra = readLayers() - (stateBefore && isStep(stateBefore) ? 0 : layers);
    if (extra > 0) return goBack("layers", extra);
    commitAddress();
    for (let count = readLayers() + 1; count <= layers && !closing; count += 1)
      history.pushState({ ...history.state, [LAYERS]: count }, "", location.href);
  }

  function isStep(before: State) {
    const now = store.get();
    return isElsewhere(now, before) || (now.open === null) !== (before.open === null);
  }

  /** Add a step for what was opened; another image replaces the step, closing goes back. */
  function commitAddress() {
    if (!stateBefore) return;
    const [before, scrolled] = [stateBefore, scrolledBefore];
    stateBefore = scrolledBefore = null;
    const now = store.get();
    usual = now.bootstrap;
    const href = buildHref(now);
    const { [KIND]: kind, [BELOW]: below } = history.state ?? {};
    if (kind && kind !== "gallery" && href === below) {
      goBack(kind);
      return;
    }
    const isJump = isElsewhere(now, before);
    if (isJump) {
      push(findKind(now, before), buildHref({ ...now, open: null }), before, scrolled);
    }
    const isOpened = now.open !== null && (before.open === null || isJump);
    if (isOpened) push("viewer", href, isJump ? { ...now, open: null } : before, null);
    else replace();
  }

  /** Add a step, after storing in the current one where the user had scrolled. */
  function push(kind: Kind, href: string, before: State, scrolled: Scrolled | null) {
    const left = buildHref(before); // the address may not have followed yet
    if (href === left) return;
    history.replaceState({ ...history.state, ...(scrolled && { [SCROLLED]: scrolled }) }, "", left);
    depth += 1;
    hasScrolled = false;
    const step = { [SCROLLED]: null, [KIND]: kind, [BELOW]: left, [DEPTH]: depth };
    history.pushState({ ...history.state, ...step }, "", href);
  }

  function buildHref({ bootstrap, where, open, results, loadedWords }: State) {
    const usual = bootstrap ? makeDefaultQuery(bootstrap) : where;
    const searched = { find: results?.query, words: loadedWords };
    return buildAddress(where, open, usual, location.href, searched);
  }

  /** Replace the URL and the scroll position, to which a reload or Forward leads, at most once in
   * 350 ms: browsers refuse more than 100 in 30 s. */
  function replace() {
    if (isResting) {
      isBehind = true;
      return;
    }
    if (closing) return;
    const now = store.get();
    const href = buildHref(now);
    const isKept = hasScrolled && !now.stale; // else the grid shows another gallery
    if (href === location.href && !isKept) return;
    hasScrolled = false;
    const scrolled = isKept && { [SCROLLED]: getScrolled(now) };
    history.replaceState({ ...history.state, ...scrolled }, "", href);
    isResting = true;
    window.setTimeout(() => {
      isResting = false;
      if (isBehind) replace();
      isBehind = false;
    }, REST);
  }

  /** Return whether the address is another one, whatever image is open. */
  function isElsewhere(now: State, before: State) {
    return buildHref({ ...now, open: null }) !== buildHref({ ...before, open: null });
  }
  return { openAddress };
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
