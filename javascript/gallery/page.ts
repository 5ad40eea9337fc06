/** Assembles the parts of the page in `<civitai-gallery>`. */

import { makeActions, type PageContext, type PageParts } from "./actions";
import { Compare } from "./compare/compare";
import { stopSecondPresses } from "./core/dialogs";
import { el } from "./core/dom";
import { FocusKeeper } from "./core/focus";
import { listenToKeys } from "./core/keys";
import { readPreference } from "./core/preferences";
import { makeTranslate, setLanguage } from "./core/text";
import { Toasts } from "./core/toasts";
import { Api } from "./data/api";
import { Bookmarks } from "./data/bookmarks";
import { Connection, retryPeriodically } from "./data/connection";
import { makeHiddenImages } from "./data/hidden";
import { makeHomeData, makeLocalModelData } from "./data/home_data";
import { makeMaking } from "./data/making";
import { makeNavigation } from "./data/navigation";
import { makeNeededFiles } from "./data/needed_files";
import { makePager } from "./data/pager";
import { Records } from "./data/records";
import { makeGallerySearch, makeLoadedFilter } from "./data/search";
import { Filters } from "./find/filters";
import { addGalleryHeader } from "./find/gallery_header";
import { makeLists } from "./find/lists";
import { makeResultsPage } from "./find/results_page";
import { makeSearchField } from "./find/search_field";
import {
  addMissing,
  addNotices,
  EmptyResult,
  getGalleryStatus,
  makeStatus,
  type Status,
} from "./find/status";
import { makeGrid } from "./grid/grid";
import { addScrubber } from "./grid/scrubber";
import { addSelectionBar } from "./grid/selection_bar";
import { Home } from "./home/home";
import { listenToDrags } from "./host/drag";
import { followTheme } from "./host/theme";
import { clearRunHistory } from "./host/webui_fields";
import { makeImageMenu, reportLongPresses } from "./image_menu";
import { makeCollections } from "./panels/collections";
import { addHelp } from "./panels/help";
import { Jobs } from "./panels/jobs";
import { addModelFilesPanel } from "./panels/models_panel";
import { makeSettings } from "./panels/settings";
import { addStatsPanel } from "./panels/stats";
import { Watches } from "./panels/watches";
import { makeBrowserHistory } from "./state/browser_history";
import { getGalleryName, getSearchedWords } from "./state/query";
import { followMarks } from "./state/selection";
import { getShown, getTiles, isHome, listMarked, makeInitialState, Store } from "./state/state";
import type { State } from "./types";
import { makeViewer } from "./viewer/viewer";

const NARROW_TILE = 170; // two in a row on a phone

/** Build the page in its element, which is visible and has its style.
 * @param given base: the URL of our routes; bootstrap: the first request, sent while this code
 *     was loading; signal: aborted when the element leaves the page */
export function start(
  element: HTMLElement,
  { base, bootstrap, signal }: { base: URL; bootstrap: Promise<Response>; signal: AbortSignal },
) {
  const root = element.shadowRoot as ShadowRoot;
  followTheme(element, signal);
  // clips as before, but what is inside can stick to the window's edge
  const box = element.closest(".gradio-container");
  if (box instanceof HTMLElement) box.style.overflow = "clip";
  clearRunHistory();
  const api = new Api(base, element.dataset.code ?? "", bootstrap);
  void connect(makeContext(root, api, signal));
}

function makeContext(root: ShadowRoot, api: Api, signal: AbortSignal): PageContext {
  const usual = makeInitialState();
  const isNarrow = root.host.clientWidth <= 720;
  const store = new Store({
    ...usual,
    tile: readPreference("tile", isNarrow ? NARROW_TILE : usual.tile),
    groupsPosts: readPreference("group_posts", false),
    details: readPreference("details", window.matchMedia("(min-width: 900px)").matches),
  });
  const page = el("div", { class: "page" });
  // by itself, the document has a heading
  if (!document.querySelector("h1"))
    page.append(el("h1", { class: "visually-hidden", text: "Civitai Shortcut" }));
  root.append(el("div", { class: "room" }, page));
  store.on(["bootstrap"], (now) => setLanguage(now.bootstrap?.language), { signal });
  const translate = makeTranslate(() => store.get().bootstrap?.words);
  stopSecondPresses(root, signal);
  const toasts = new Toasts(root, translate, signal);
  const parts = { toasts } as PageParts;
  const toast = toasts.show.bind(toasts);
  const shared = { root, page, store, api, translate, toast, signal, parts };
  const context = shared as PageContext;
  context.actions = makeActions(context);
  context.records = new Records(context);
  return context;
}

async function connect(context: PageContext) {
  const { store, parts, actions, signal } = context;
  const status = makeStatus(context, "images", getGalleryStatus);
  context.page.append(status.element); // first, to tell when the server does not respond
  let focusPage: (() => unknown) | null = null;
  const build = () => {
    focusPage ??= buildParts(context, status);
  };
  const focus = () => (focusPage ?? status.focusFirst)();
  parts.focus = new FocusKeeper(context.root, context.page, focus, signal);
  parts.connection = new Connection(context, () => actions.retry());
  store.on(["bootstrap"], build, { signal });
  await parts.connection.fetchBootstrap();
}

/** Add a link at the top of the page that moves the focus to the images. */
function addSkipLink({ page, parts, translate, store, signal }: PageContext) {
  const follow = (event: Event) => {
    event.preventDefault();
    parts.grid.focusTopmost();
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

/** Show in the document's title what is open, unless the document is a host's. */
function nameDocument({ store, translate, signal }: PageContext) {
  if (!("civitaiShortcutAlone" in window)) return;
  const getTitle = (state: State) => {
    const { results } = state;
    const isGallery = !isHome(state) && !results;
    const name = isGallery && getGalleryName(state, translate);
    const searched = results?.query ?? getSearchedWords(state);
    return [searched, name !== "…" && name, "Civitai Shortcut"].filter(Boolean).join(" · ");
  };
  // After the new entry in the history, whose title it is.
  const draw = (now: State) => queueMicrotask(() => (document.title = getTitle(now)));
  store.on([getTitle], draw, { signal });
  draw(store.get());
}

/** Return the function that focuses what is the most important on the page. */
function buildParts(context: PageContext, status: Status) {
  const { parts } = context;
  parts.pager = makePager(context);
  parts.navigation = makeNavigation(context);
  parts.hidden = makeHiddenImages(context);
  parts.bookmarks = new Bookmarks(context);
  parts.loadedFilter = makeLoadedFilter(context);
  parts.search = makeGallerySearch(context);
  parts.making = makeMaking(context);
  parts.jobs = new Jobs(context);
  parts.neededFiles = makeNeededFiles(context);
  parts.searchField = makeSearchField(context);
  parts.filters = new Filters(context);
  addGalleryHeader(context, parts.searchField.header, parts.filters);
  addNotices(context);
  parts.results = makeResultsPage(context);
  parts.home = new Home(context, makeLocalModelData(context));
  parts.grid = makeGrid(context);
  const empty = new EmptyResult(context);
  const focusPage = () => {
    const state = context.store.get();
    const { stale, lookupText, loading, searchReading } = state;
    if (stale || lookupText) return false;
    if (!getTiles(state).length && (loading || searchReading === "on")) return false;
    if (state.problems.lookup && parts.searchField.focusProblem()) return true;
    if (state.results) return parts.results.focusFirst();
    if (isHome(state)) return parts.home.focusFirst() || status.focusFirst();
    if (getTiles(state).length) return parts.grid.focusTopmost();
    return empty.focusFirst() || status.focusFirst();
  };
  addSkipLink(context);
  context.page.append(status.element); // moved: below the images
  addMissing(context);
  addScrubber(context, parts.grid);
  addSelectionBar(context);
  parts.viewer = makeViewer(context);
  parts.settings = makeSettings(context);
  parts.collections = makeCollections(context);
  parts.watches = new Watches(context);
  addModelFilesPanel(context);
  addStatsPanel(context);
  parts.compare = new Compare(context);
  addHelp(context);
  listenToKeys(context, listMarked);
  listenToDrags(context);
  reportLongPresses(context.root, context.signal);
  parts.imageMenu = makeImageMenu(context);
  parts.lists = makeLists(context);
  retryPeriodically(context, () => parts.grid.getScrollPlace() === null);
  followMarks(context);
  const language = context.store.get().bootstrap?.language ?? "en";
  context.root.host.setAttribute("lang", language);
  makeBrowserHistory(context).openAddress();
  nameDocument(context);
  parts.homeData = makeHomeData(context);
  return focusPage;
}
