/** Assembles the parts of the page in `<civitai-gallery>`. */

import { makeActions } from "./actions.js";
import { Compare } from "./compare/compare.js";
import { el } from "./core/dom.js";
import { readPreference } from "./core/preferences.js";
import { Toasts } from "./core/toast.js";
import { AnnotationWriter } from "./data/annotations.js";
import { Api } from "./data/api.js";
import { BookmarkSync } from "./data/bookmark_sync.js";
import { Connection } from "./data/connection.js";
import { GallerySearch } from "./data/gallery_search.js";
import { HiddenImages } from "./data/hidden.js";
import { HomeData } from "./data/home_data.js";
import { LoadedFilter } from "./data/loaded_filter.js";
import { LocalModelData } from "./data/local_models.js";
import { Navigation } from "./data/navigation.js";
import { NeededFiles } from "./data/needed_files.js";
import { Pager } from "./data/pager.js";
import { retryPeriodically } from "./data/reconnect.js";
import { Records } from "./data/records.js";
import { listenToDrags } from "./drag.js";
import { EmptyResult } from "./find/empty_result.js";
import { Filters } from "./find/filters.js";
import { Finder } from "./find/finder.js";
import { FoundFocus } from "./find/found_focus.js";
import { GalleryHeader } from "./find/gallery_header.js";
import { ModelResultCards } from "./find/model_results.js";
import { addNotices } from "./find/notice.js";
import { addSkipLink } from "./find/skip_link.js";
import { Status } from "./find/status.js";
import { getGalleryStatus } from "./find/status_text.js";
import { Grid } from "./grid/grid.js";
import { Scrubber } from "./grid/scrubber.js";
import { SelectionBar } from "./grid/selection_bar.js";
import { Home } from "./home/home.js";
import { clearRunHistory } from "./host/run_history.js";
import { followTheme } from "./host/theme.js";
import { makeTranslate } from "./i18n.js";
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
import { Router } from "./state/router.js";
import { getTiles, isHome, makeInitialState } from "./state/state.js";
import { Store } from "./state/store.js";
import { StatsPanel } from "./stats/stats.js";
import { Viewer } from "./viewer/viewer.js";

/** @import { PageContext } from "./actions.js" */

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
 * @returns {PageContext} */
function makeContext(root, api, signal) {
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
  const translate = makeTranslate(() => store.get().bootstrap?.words);
  const toasts = new Toasts(root, translate, signal);
  const parts = /** @type {import("./actions.js").PageParts} */ ({ toasts });
  const toast = toasts.show.bind(toasts);
  const shared = { root, page, store, api, translate, toast, signal, parts };
  const context = /** @type {PageContext} */ (shared);
  context.actions = makeActions(context);
  context.records = new Records(context);
  return context;
}

/** Show the status of the connection, and build the page once the server responds.
 * @param {PageContext} context */
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
  parts.connection = new Connection(context, () => actions.retry());
  store.on(["bootstrap"], build, { signal });
  await parts.connection.fetchBootstrap();
}

/** Build all parts that need data from the server, and open what the page's URL names.
 * @param {PageContext} context
 * @param {Status} status */
function buildParts(context, status) {
  const { parts } = context;
  parts.pager = new Pager(context);
  parts.navigation = new Navigation(context);
  parts.hidden = new HiddenImages(context);
  parts.bookmarkSync = new BookmarkSync(context);
  parts.annotations = new AnnotationWriter(context);
  parts.loadedFilter = new LoadedFilter(context);
  parts.search = new GallerySearch(context);
  parts.jobs = new Jobs(context);
  parts.neededFiles = new NeededFiles(context);
  parts.finder = new Finder(context);
  new GalleryHeader(context);
  parts.filters = new Filters(context);
  addNotices(context);
  parts.results = new ModelResultCards(context);
  parts.home = new Home(context, new LocalModelData(context));
  parts.grid = new Grid(context);
  const empty = new EmptyResult(context);
  parts.foundFocus = new FoundFocus(context, (state) => {
    if (state.problems.lookup && parts.finder.focusProblem()) return true;
    if (state.results) return parts.results.focusFirst();
    if (isHome(state)) return parts.home.focusFirst();
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
  parts.watches = new Watches(context);
  new ModelFilesPanel(context);
  new StatsPanel(context);
  parts.compare = new Compare(context);
  new Help(context);
  listenToKeys(context);
  listenToDrags(context);
  reportLongPresses(context.root, context.signal);
  parts.imageMenu = new ImageMenu(context);
  retryPeriodically(context, () => parts.grid.getScrollPlace() === null);
  followMarks(context);
  rememberPlace(context, () => parts.grid.getScrollPlace());
  const language = context.store.get().bootstrap?.language ?? "en";
  context.root.host.setAttribute("lang", language);
  new Router(context).openAddress();
  parts.homeData = new HomeData(context);
}
