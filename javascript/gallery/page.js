/** Puts the parts of the page together in `<civitai-gallery>`. */

import { makeActs } from "./actions.js";
import { Compare } from "./compare/compare.js";
import { copyText } from "./core/clipboard.js";
import { readPreference } from "./core/preferences.js";
import { Toasts } from "./core/toast.js";
import { Own } from "./data/annotations.js";
import { Api } from "./data/api.js";
import { Reach } from "./data/connection.js";
import { WithinLoaded } from "./data/loaded_filter.js";
import { Opening } from "./data/navigation.js";
import { Feed } from "./data/pager.js";
import { Revival } from "./data/reconnect.js";
import { send } from "./details/gradio_bridge.js";
import { Filters } from "./find/filters.js";
import { Finder } from "./find/finder.js";
import { Head } from "./find/gallery_header.js";
import { FoundModels } from "./find/model_results.js";
import { Notice } from "./find/notice.js";
import { Status } from "./find/status.js";
import { saidOfGallery } from "./find/status_text.js";
import { Grid } from "./grid/grid.js";
import { Bar } from "./grid/selection_bar.js";
import { followHostSettings } from "./host/host_page.js";
import { forgetRuns } from "./host/run_history.js";
import { followTheme } from "./host/theme.js";
import { followRoom } from "./host/width_class.js";
import { makeWords } from "./i18n.js";
import { Keys } from "./keys.js";
import { Sets } from "./panels/collections.js";
import { Help } from "./panels/help.js";
import { Jobs } from "./panels/jobs.js";
import { Settings } from "./panels/settings.js";
import { Watched } from "./panels/watches.js";
import { followMarks } from "./state/marks.js";
import { keepPlace } from "./state/place.js";
import { sourceOf, unfiltered } from "./state/query.js";
import { Address } from "./state/router.js";
import { firstState, Store } from "./state/state.js";
import { Figures } from "./stats/stats.js";
import { Viewer } from "./viewer/viewer.js";

/** @typedef {import("./types.js").Context} Context */

const NARROW_TILE = 170; // two in a row on a phone

/**
 * Fills the element, which is in the page and seen; its style is there already.
 *
 * @param {HTMLElement} element
 * @param {{base: URL, hello: Promise<Response>, signal: AbortSignal}} given  base: our routes'
 *     address; hello: the first request, sent while this code was loading; signal: aborted when
 *     the element leaves the page
 */
export function start(element, { base, hello, signal }) {
  const root = /** @type {ShadowRoot} */ (element.shadowRoot);
  followTheme(element, signal);
  // clips as before, but what is inside can stick to the window's edge
  const box = element.closest(".gradio-container");
  if (box instanceof HTMLElement) box.style.overflow = "clip";
  forgetRuns();
  const api = new Api(base, element.dataset.code ?? "", hello);
  void greet(makeContext(root, api, signal));
}

/**
 * @param {ShadowRoot} root
 * @param {Api} api
 * @param {AbortSignal} signal
 * @returns {Context & {parts: import("./actions.js").Parts}}
 */
function makeContext(root, api, signal) {
  const store = new Store({
    ...firstState(),
    tile: readPreference("tile", root.host.clientWidth < 700 ? NARROW_TILE : firstState().tile),
    details: readPreference("details", window.matchMedia("(min-width: 900px)").matches),
  });
  followRoom(/** @type {HTMLElement} */ (root.host), (room) => store.set({ room }), signal);
  const words = makeWords(() => store.get().hello?.words);
  const toasts = new Toasts(root, words, signal);
  const parts = /** @type {import("./actions.js").Parts} */ ({});
  const toast = toasts.show.bind(toasts);
  const context = /** @type {Context & {parts: import("./actions.js").Parts}} */ ({
    root,
    store,
    api,
    words,
    toast,
    signal,
    parts,
  });
  context.acts = makeActs(context, parts, {
    send: (tab, id, text) => send(context, tab, id, text),
    async copy(text) {
      const isDone = await copyText(text, root);
      toast(words(isDone ? "copied" : "not_copied"), isDone ? "good" : "bad");
    },
  });
  return context;
}

/** @param {Context & {parts: import("./actions.js").Parts}} context */
async function greet(context) {
  const { store, parts, acts, signal } = context;
  const status = new Status(context, "images", saidOfGallery).element;
  context.root.append(status); // so that it says why, should the server not answer
  let isBuilt = false;
  const build = () => {
    if (isBuilt) return;
    isBuilt = true;
    store.set({ problem: null });
    begin(context, status);
  };
  parts.reach = new Reach(context, () => (isBuilt ? acts.retry() : build()));
  store.on(["hello"], build, { signal });
  await parts.reach.greet();
}

/**
 * All that needs the server's words and choices.
 *
 * @param {Context & {parts: import("./actions.js").Parts}} context
 * @param {HTMLElement} status
 */
function begin(context, status) {
  const { store, parts } = context;
  parts.feed = new Feed(context);
  parts.opening = new Opening(context, parts.feed);
  parts.own = new Own(context);
  parts.within = new WithinLoaded(context);
  parts.jobs = new Jobs(context);
  parts.watched = new Watched(context);
  parts.finder = new Finder(context, { jobs: parts.jobs.badge, watched: parts.watched.badge });
  const filters = new Filters(context);
  new Head(context, filters.fold);
  context.root.append(filters.element);
  new Notice(context);
  parts.found = new FoundModels(context);
  parts.grid = new Grid(context);
  context.root.append(status); // moved: below the pictures
  new Bar(context);
  parts.viewer = new Viewer(context);
  new Settings(context);
  new Sets(context);
  new Figures(context);
  parts.compare = new Compare(context);
  new Help(context);
  new Keys(context);
  new Revival(context, () => parts.grid.place() === null);
  followMarks(store, context.signal);
  keepPlace(context, () => parts.grid.place());
  followHostSettings(() => void parts.reach.greet(), context.signal);
  openFirst(context);
}

/** @param {Context & {parts: import("./actions.js").Parts}} context */
function openFirst(context) {
  const { store, parts, acts } = context;
  const { hello } = store.get();
  if (!hello) return;
  context.root.host.setAttribute("lang", hello.language);
  store.set({ where: unfiltered(hello) });
  new Address(context, {
    go: (where) => parts.opening.go(where),
    search: (words) => parts.opening.search(words),
    placeNow: () => parts.grid.place(),
    found: parts.found,
  }).read();
  const { where, open, finding } = store.get();
  if (!sourceOf(where) && open === null && !finding && hello.example) {
    void acts.openModel(Number(hello.example));
  }
}
