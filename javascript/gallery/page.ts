/** Assembles the parts of the page in `<civitai-gallery>`. */

import { makeActions, type PageContext, type PageParts } from "./actions";
import { Compare } from "./compare/compare";
import { el } from "./core/dom";
import { readPreference } from "./core/preferences";
import { Toasts } from "./core/toast";
import { AnnotationWriter } from "./data/annotations";
import { Api } from "./data/api";
import { BookmarkSync } from "./data/bookmark_sync";
import { Connection } from "./data/connection";
import { GallerySearch } from "./data/gallery_search";
import { HiddenImages } from "./data/hidden";
import { HomeData } from "./data/home_data";
import { LoadedFilter } from "./data/loaded_filter";
import { LocalModelData } from "./data/local_models";
import { Navigation } from "./data/navigation";
import { NeededFiles } from "./data/needed_files";
import { Pager } from "./data/pager";
import { retryPeriodically } from "./data/reconnect";
import { Records } from "./data/records";
import { listenToDrags } from "./drag";
import { EmptyResult } from "./find/empty_result";
import { Filters } from "./find/filters";
import { Finder } from "./find/finder";
import { FoundFocus } from "./find/found_focus";
import { GalleryHeader } from "./find/gallery_header";
import { ModelResultCards } from "./find/model_results";
import { addNotices } from "./find/notice";
import { addSkipLink } from "./find/skip_link";
import { Status } from "./find/status";
import { getGalleryStatus } from "./find/status_text";
import { Grid } from "./grid/grid";
import { Scrubber } from "./grid/scrubber";
import { SelectionBar } from "./grid/selection_bar";
import { Home } from "./home/home";
import { clearRunHistory } from "./host/run_history";
import { followTheme } from "./host/theme";
import { makeTranslate } from "./i18n";
import { listenToKeys } from "./keys";
import { ImageMenu } from "./menu/image_menu";
import { reportLongPresses } from "./menu/long_press";
import { ModelFilesPanel } from "./model_files/panel";
import { Collections } from "./panels/collections";
import { Help } from "./panels/help";
import { Jobs } from "./panels/jobs";
import { Settings } from "./panels/settings";
import { Watches } from "./panels/watches";
import { followMarks } from "./state/marks";
import { rememberPlace } from "./state/place";
import { Router } from "./state/router";
import { getTiles, isHome, makeInitialState } from "./state/state";
import { Store } from "./state/store";
import { StatsPanel } from "./stats/stats";
import { Viewer } from "./viewer/viewer";

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

/** Return the objects that all parts of the page share. */
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
  const translate = makeTranslate(() => store.get().bootstrap?.words);
  const toasts = new Toasts(root, translate, signal);
  const parts = { toasts } as PageParts;
  const toast = toasts.show.bind(toasts);
  const shared = { root, page, store, api, translate, toast, signal, parts };
  const context = shared as PageContext;
  context.actions = makeActions(context);
  context.records = new Records(context);
  return context;
}

/** Show the status of the connection, and build the page once the server responds. */
async function connect(context: PageContext) {
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

/** Build all parts that need data from the server, and open what the page's URL names. */
function buildParts(context: PageContext, status: Status) {
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
