/** Assembles the parts of the page in `<civitai-gallery>`. */

import { makeActions, makeViewActions } from "./actions.js";
import { Compare } from "./compare/compare.js";
import { copyText } from "./core/clipboard.js";
import { el } from "./core/dom.js";
import { readPreference } from "./core/preferences.js";
import { Toasts } from "./core/toast.js";
import { AnnotationWriter } from "./data/annotations.js";
import { Api, isAborted } from "./data/api.js";
import { BookmarkSync } from "./data/bookmark_sync.js";
import { Connection } from "./data/connection.js";
import { GallerySearch } from "./data/gallery_search.js";
import { HiddenImages } from "./data/hidden.js";
import { HomeData } from "./data/home_data.js";
import { ImageTexts } from "./data/image_texts.js";
import { LoadedFilter } from "./data/loaded_filter.js";
import { LocalModelData } from "./data/local_models.js";
import { Navigation } from "./data/navigation.js";
import { NeededFiles } from "./data/needed_files.js";
import { Pager } from "./data/pager.js";
import { getErrorMessage } from "./data/problems.js";
import { Reconnect } from "./data/reconnect.js";
import { listenToDrags } from "./drag.js";
import { EmptyResult } from "./find/empty_result.js";
import { Filters } from "./find/filters.js";
import { Finder } from "./find/finder.js";
import { FoundFocus } from "./find/found_focus.js";
import { GalleryHeader } from "./find/gallery_header.js";
import { ModelResultCards } from "./find/model_results.js";
import { Notice } from "./find/notice.js";
import { addSkipLink } from "./find/skip_link.js";
import { Status } from "./find/status.js";
import { getGalleryStatus } from "./find/status_text.js";
import { Grid } from "./grid/grid.js";
import { Scrubber } from "./grid/scrubber.js";
import { SelectionBar } from "./grid/selection_bar.js";
import { Home } from "./home/home.js";
import { clearRunHistory } from "./host/run_history.js";
import { sendToTab } from "./host/send_to_tab.js";
import { followTheme } from "./host/theme.js";
import { makeWords } from "./i18n.js";
import { listenToKeys } from "./keys.js";
import { ImageMenu } from "./menu/image_menu.js";
import { reportLongPresses } from "./menu/long_press.js";
import { ModelFilesPanel } from "./model_files/panel.js";
import { Collections } from "./panels/collections.js";
import { Help } from "./panels/help.js";
import { Jobs } from "./panels/jobs.js";
import { Settings } from "./panels/settings.js";
import { Watches } from "./panels/watches.js";
import { followMarks } from "./state/marks.js";
import { rememberPlace } from "./state/place.js";
import { makeDefaultQuery } from "./state/query.js";
import { Router } from "./state/router.js";
import { getTiles, isHome, makeInitialState } from "./state/state.js";
import { Store } from "./state/store.js";
import { StatsPanel } from "./stats/stats.js";
import { Viewer } from "./viewer/viewer.js";

/** @import { Context } from "./types.js" */

const NARROW_TILE = 170; // two in a row on a phone

/** Build the page in its element, which is visible and has its style.
 * @param {HTMLElement} element
 * @param {{base: URL, bootstrap: Promise<Response>, signal: AbortSignal}} given
 *     base: the URL of our routes; bootstrap: the first request, sent while this code was loading;
 *     signal: aborted when the element leaves the page */
export function start(element, { base, bootstrap, signal }) {
  const root = /** @type {ShadowRoot} */ (element.shadowRoot);
  followTheme(element, signal);
  // clips as before, but what is inside can stick to the window's edge
  const box = element.closest(".gradio-container");
  if (box instanceof HTMLElement) box.style.overflow = "clip";
  clearRunHistory();
  const api = new Api(base, element.dataset.code ?? "", bootstrap);
  void connect(makeContext(root, api, signal));
}

/** Return the objects that all parts of the page share.
 * @param {ShadowRoot} root
 * @param {Api} api
 * @param {AbortSignal} signal
 * @returns {Context & {parts: import("./actions.js").PageParts}} */
function makeContext(root, api, signal) {
  const store = new Store({
    ...makeInitialState(),
    tile: readPreference(
      "tile",
      root.host.clientWidth <= 720 ? NARROW_TILE : makeInitialState().tile,
    ),
    groupsPosts: readPreference("group_posts", false),
    details: readPreference("details", window.matchMedia("(min-width: 900px)").matches),
  });
  const page = el("div", { class: "page" });
  // by itself, the document has a heading
  if (!document.querySelector("h1"))
    page.append(el("h1", { class: "visually-hidden", text: "Civitai Shortcut" }));
  root.append(el("div", { class: "room" }, page));
  const words = makeWords(() => store.get().bootstrap?.words);
  const toasts = new Toasts(root, words, signal);
  const parts = /** @type {import("./actions.js").PageParts} */ ({});
  const toast = toasts.show.bind(toasts);
  const context = /** @type {Context & {parts: import("./actions.js").PageParts}} */ ({
    root,
    page,
    store,
    api,
    words,
    toast,
    signal,
    parts,
  });
  context.actions = makeActions(context, parts, {
    send: (tab, id, text) => sendToTab(context, tab, id, text),
    undo: () => toasts.undoNewest(),
    async copy(text) {
      try {
        const isDone = await copyText(text, root);
        toast(words(isDone ? "copied" : "not_copied"), isDone ? "good" : "bad");
      } catch (error) {
        if (!isAborted(error)) toast(getErrorMessage(error, words), "bad");
      }
    },
  });
  return context;
}

/** Show the status of the connection, and build the page once the server responds.
 * @param {Context & {parts: import("./actions.js").PageParts}} context */
async function connect(context) {
  const { store, parts, actions, signal } = context;
  const status = new Status(context, "images", getGalleryStatus);
  context.page.append(status.element); // first, to tell when the server does not respond
  let isBuilt = false;
  const build = () => {
    if (isBuilt) return;
    isBuilt = true;
    buildParts(context, status);
  };
  parts.connection = new Connection(context, () => (isBuilt ? actions.retry() : build()));
  store.on(["bootstrap"], build, { signal });
  await parts.connection.fetchBootstrap();
}

/** Build all parts that need data from the server.
 * @param {Context & {parts: import("./actions.js").PageParts}} context
 * @param {Status} status */
function buildParts(context, status) {
  const { store, parts } = context;
  const view = makeViewActions(store);
  parts.pager = new Pager(context);
  parts.navigation = new Navigation(context, parts.pager);
  parts.hidden = new HiddenImages(context, () => parts.pager.restart({ isSameSource: true }));
  parts.bookmarkSync = new BookmarkSync(context);
  parts.annotations = new AnnotationWriter(context, parts.bookmarkSync);
  parts.loadedFilter = new LoadedFilter(context);
  parts.search = new GallerySearch(context, parts.navigation, parts.loadedFilter);
  parts.jobs = new Jobs(context);
  parts.neededFiles = new NeededFiles(context, () => parts.jobs.poller.announceStart());
  parts.watches = new Watches(context);
  parts.finder = new Finder(context, { jobs: parts.jobs.badge, watches: parts.watches.badge });
  new GalleryHeader(context);
  parts.filters = new Filters(context);
  new Notice(context);
  parts.results = new ModelResultCards(context);
  const home = new Home(context, new LocalModelData(context));
  parts.grid = new Grid(context, view);
  const empty = new EmptyResult(context);
  parts.foundFocus = new FoundFocus(context, (state) => {
    if (state.results) return parts.results.focusFirst();
    if (isHome(state)) return home.focusFirst();
    if (getTiles(state).length) return parts.grid.focusTopmost();
    return empty.focusFirst() || status.focusFirst();
  });
  addSkipLink(context, () => parts.grid.focusTopmost());
  context.page.append(status.element); // moved: below the images
  new Scrubber(context);
  new SelectionBar(context);
  parts.viewer = new Viewer(context);
  parts.settings = new Settings(context);
  parts.collections = new Collections(context);
  new ModelFilesPanel(context);
  new StatsPanel(context);
  parts.compare = new Compare(context);
  new Help(context);
  listenToKeys(context);
  const findKnown = parts.viewer.findKnown.bind(parts.viewer);
  listenToDrags(context, findKnown);
  reportLongPresses(context.root, context.signal);
  parts.imageTexts = new ImageTexts(context, findKnown);
  parts.imageMenu = new ImageMenu(context, findKnown);
  new Reconnect(context, () => parts.grid.getScrollPlace() === null);
  followMarks(store, view.setMarks, context.signal);
  rememberPlace(context, () => parts.grid.getScrollPlace(), view.setPlace);
  openStartView(context, view, home);
}

/** Open what the page's URL names, or the home page if it names nothing.
 * @param {Context & {parts: import("./actions.js").PageParts}} context
 * @param {import("./actions.js").ViewActions} view
 * @param {Home} home */
function openStartView(context, view, home) {
  const { store, parts } = context;
  const { bootstrap } = store.get();
  if (!bootstrap) return;
  context.root.host.setAttribute("lang", bootstrap.language);
  view.setWhere(makeDefaultQuery(bootstrap));
  new Router(context, {
    view,
    go: (where) => parts.navigation.openGallery(where),
    search: (words) => parts.navigation.searchModels(words),
    placeNow: () => parts.grid.getScrollPlace(),
    results: parts.results,
    home,
  }).openAddress();
  parts.homeData = new HomeData(context);
}
