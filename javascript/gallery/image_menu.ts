/** The menu of an image, by right click or long press. */

import type { PageContext } from "./actions";
import { findShortcut } from "./core/keys";
import { type MenuItem, makeItem, openMenu, type Point } from "./core/menu";
import { showError } from "./data/api";
import { askCollectionName } from "./details/annotations";
import { listMakers } from "./details/make_it";
import { listHideItems } from "./details/sections";
import { listUses } from "./details/send_to";
import { buildImageAddress } from "./state/query";
import { listChosen, MOST_COMPARED } from "./state/selection";
import { listCompared, listMarked } from "./state/state";

const REST = 500; // ms
const SLOP = 10; // pixels that a finger may tremble
const ENDS = ["pointerup", "pointercancel"] as const;

/** Dispatch a `longpress` with {x, y, pointerId} when a finger rests on an image. */
export function reportLongPresses(root: ShadowRoot, signal: AbortSignal) {
  let timer = 0;
  let start = { x: 0, y: 0 };
  let isReported = false;
  const stop = () => window.clearTimeout(timer);
  root.addEventListener(
    "pointerdown",
    (event) => {
      stop(); // a second finger is no rest
      isReported = false;
      if (!(event instanceof PointerEvent) || event.pointerType === "mouse") return;
      const { target, isPrimary, pointerId, clientX: x, clientY: y } = event;
      if (!isPrimary || !(target instanceof Element)) return;
      if (!target.closest("[data-tile], .stage") || target.closest("button")) return;
      start = { x, y };
      const report = () => {
        isReported = true;
        const detail = { x, y, pointerId };
        target.dispatchEvent(new CustomEvent("longpress", { bubbles: true, detail }));
      };
      timer = window.setTimeout(report, REST);
    },
    { signal, capture: true },
  );
  root.addEventListener(
    "pointermove",
    (event) => {
      if (!(event instanceof PointerEvent)) return;
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > SLOP) stop();
    },
    { signal },
  );
  for (const type of ENDS) root.addEventListener(type, stop, { signal });
  // Else the finger's end is a click, on whatever lies there by then.
  const end = (event: Event) => isReported && event.preventDefault();
  root.addEventListener("touchend", end, { signal, passive: false });
  signal.addEventListener("abort", stop);
}

/** Labels of the shortcuts that do the same as an item. */
const SHORTCUTS: Record<string, string[]> = {
  "menu-make": ["make_it"],
  "menu-copy-prompt": ["menu_copy_prompt"],
  "menu-copy-infotext": ["menu_copy_infotext"],
  "menu-mark": ["mark_picture"],
  "menu-save": ["key_download", "key_save"],
  "menu-favourite": ["key_favourite"],
  "menu-tag": ["do_add_to_collection"],
  "menu-compare": ["key_compare_this"],
  "menu-hide": ["menu_hide"],
};
const IMAGES = "[data-tile], dialog[data-viewer] .stage";

export function makeImageMenu(context: PageContext) {
  const { actions, api, page, parts, root, signal, store, toast, translate } = context;
  let isTouch = false; // the last press was a finger's
  /** where the menu is */
  let place: Point = { x: 0, y: 0 };
  const how = { signal, capture: true };
  root.addEventListener(
    "pointerdown",
    (event) => {
      isTouch = event instanceof PointerEvent && event.pointerType !== "mouse";
    },
    how,
  );
  root.addEventListener("contextmenu", onContextMenu, { signal });
  const openAt = (event: Event) => {
    const id = findImageId(event.target);
    if (id !== null && event instanceof CustomEvent) void openMenuAt(id, event.detail);
  };
  root.addEventListener("longpress", openAt, { signal });

  /** Open the menu of an image at its tile or, in the viewer, at the focused element. */
  function openAtFocus(id: number) {
    setAnchor(id);
    void open(id);
  }

  /** Open a menu that hides an image, those of its author, or those with a word. */
  function openHideMenu(id: number) {
    setAnchor(id);
    showHideItems(id);
  }

  /** Let the next menu open at an image's tile or, in the viewer, at the focused element. */
  function setAnchor(id: number) {
    const { open } = store.get();
    const tile = open === null ? root.querySelector(`[data-tile][data-id="${id}"]`) : null;
    place = getMiddle(tile ?? root.activeElement ?? page);
  }

  /** Open our menu instead of the browser's. A right click with Shift still opens the browser's. */
  function onContextMenu(event: Event) {
    const id = findImageId(event.target);
    if (id === null || !(event instanceof MouseEvent)) return;
    const isRightButton = event.button === 2;
    if (event.shiftKey && isRightButton) return;
    event.preventDefault();
    if (isTouch && isRightButton) return; // the long press opens it, in all browsers
    const isByKey = !isRightButton && !event.ctrlKey; // Ctrl with a click is a Mac's right click
    if (isByKey) openAtFocus(id);
    else void openMenuAt(id, { x: event.clientX, y: event.clientY });
  }

  function openMenuAt(id: number, point: Point) {
    place = point;
    return open(id);
  }

  async function open(id: number) {
    await actions.findEnginesSoon();
    const makers = listMakerItems(id);
    show([
      ...makers,
      ...(makers.length ? startGroup(listUseItems(id)) : listUseItems(id)),
      ...startGroup(listChoices(id)),
      ...startGroup(listPlaces(id)),
    ]);
  }

  function show(items: MenuItem[]) {
    const state = store.get();
    const named = items.map((item, at) => {
      const isFirst = items.findIndex(({ key }) => key === item.key) === at; // of several that make
      return { ...item, shortcut: isFirst ? findShortcut(SHORTCUTS[item.key] ?? [], state) : "" };
    });
    openMenu(root, place, named, signal);
  }

  /** Make an image again, or all marked ones if it is marked, as the first item of its menu does. */
  async function makeAgain(id: number) {
    await actions.findEnginesSoon();
    const [first] = listMakerItems(id);
    if (first) return first.do();
    const { kind = "image", has_data: hasData = true } = findView(id) ?? {};
    if (kind !== "image") toast(translate("make_not_video"));
    else if (!hasData) toast(translate("no_infotext"));
    else actions.openEngines();
  }

  /** Let the user choose a tab to send an image to; without one, copy the infotext. */
  function sendFrom(anchor: Element, id: number) {
    const uses = listTargets(id);
    if (uses.length > 1) return openMenu(root, anchor, uses, signal);
    return uses.length ? uses[0].do() : actions.copyText(id, "infotext");
  }

  function listMakerItems(id: number): MenuItem[] {
    const chosen = listChosen(listMarked(store.get()), id);
    const ids = chosen.filter((one) => {
      const view = findView(one);
      return !view || (view.kind === "image" && view.has_data);
    });
    return listMakers(context, ids, () => findEdited(id)).map((item) => ({
      ...item,
      key: `menu-${item.key}`,
    }));
  }

  function listTargets(id: number): MenuItem[] {
    const view = findView(id);
    const { infotext } = parts.viewer.findKnown(id);
    const hasInfotext = infotext !== "" || (view?.has_data ?? true);
    const kind = view?.kind ?? "image";
    const uses = listUses(context, { id, kind, hasInfotext }, () => findEdited(id));
    return uses.map((use) => ({ ...use, key: `menu-${use.key}` }));
  }

  /** Return an image's infotext as the user has changed it, null if it is unchanged. */
  function findEdited(id: number) {
    const { record, infotext } = parts.viewer.findKnown(id);
    return record && infotext !== record.infotext ? infotext : null;
  }

  function listUseItems(id: number): MenuItem[] {
    const { infotext } = parts.viewer.findKnown(id);
    const ids = listChosen(listMarked(store.get()), id);
    const isDisabled = infotext === "" && findView(id)?.has_data === false;
    const copy = (name: "prompt" | "infotext") =>
      makeItem(
        `menu-copy-${name}`,
        translate(`menu_copy_${name}`),
        () => actions.copyText(id, name),
        { isDisabled },
      );
    const list = makeItem("menu-copy-list", translate("copy_list"), () => actions.copyList(ids));
    const lists = ids.length > 1 ? [list] : [];
    return [...listTargets(id), copy("prompt"), copy("infotext"), ...lists];
  }

  /** Return what to do with an image or, if it is marked, with all marked ones. */
  function listChoices(id: number): MenuItem[] {
    const { images, marks, open } = store.get();
    const ids = listChosen(listMarked(store.get()), id);
    const others = listCompared(store.get()).filter((one) => one !== id).length;
    const name = (one: string, many: string) =>
      ids.length > 1 ? translate(many, { n: ids.length }) : translate(one);
    const chosen = new Set(ids);
    const views = images.filter((view) => chosen.has(view.id));
    const isChecked = views.length > 0 && views.every((view) => view.favourite);
    const favourite = name("menu_favourite", "menu_favourite_marked");
    const compare = translate(others ? "menu_compare_marked" : "menu_compare", { n: others });
    const isDisabled = others >= MOST_COMPARED;
    const file = makeItem("compare-file", translate("compare_file"), () => actions.compareFile());
    return [
      makeItem("menu-mark", translate("mark_picture"), () => actions.mark(id), {
        isChecked: marks.has(id),
      }),
      makeItem("menu-save", name("menu_save", "menu_save_marked"), () => actions.download(ids)),
      makeItem("menu-favourite", favourite, () => actions.favourite(ids), { isChecked }),
      makeItem("menu-collect", name("menu_collect", "menu_collect_marked"), () =>
        chooseCollection(ids),
      ),
      ...actions.listTakeOut(ids),
      makeItem("menu-tag", translate("menu_tag"), () =>
        ids.length > 1 ? actions.collect() : actions.tag(id),
      ),
      makeItem("menu-compare", compare, () => actions.compareWith(id), { isDisabled }),
      ...(open === id && findView(id)?.kind === "image" ? [file] : []),
    ];
  }

  function listPlaces(id: number): MenuItem[] {
    const { user = "", post_id: post = null } = findView(id) ?? {};
    const { civitai_url: civitai = "" } = store.get().bootstrap ?? {};
    const address = () => buildImageAddress(store.get(), id, location.href);
    const openPost = () => {
      actions.close();
      if (post) void actions.openPost(post);
    };
    const openUser = () => {
      actions.close();
      void actions.openUser(user);
    };
    const openOnCivitai = () => openTab(`${civitai}/images/${id}`);
    const copy = () => actions.copy(address());
    return [
      ...(post ? [makeItem("menu-post", translate("menu_post"), openPost)] : []),
      ...(user ? [makeItem("menu-author", translate("menu_author", { user }), openUser)] : []),
      makeItem("menu-hide", translate("menu_hide"), () => showHideItems(id)),
      makeItem("menu-new-tab", translate("menu_new_tab"), () => openTab(address())),
      makeItem("menu-copy-address", translate("menu_copy_address"), copy),
      makeItem("menu-civitai", translate("see_on_civitai"), openOnCivitai),
    ];
  }

  function showHideItems(id: number) {
    show(listHideItems({ id, user: findView(id)?.user ?? "" }, context));
  }

  function findView(id: number) {
    const { images } = store.get();
    return images.find((view) => view.id === id) ?? parts.viewer.findKnown(id).record;
  }

  async function chooseCollection(ids: number[]) {
    try {
      const collections = await api.get("collections", { signal });
      const ask = () => askCollectionName(context, (name) => addTo(name, ids));
      if (!collections.length) return ask();
      const create = makeItem("menu-new-collection", translate("menu_new_collection"), ask);
      const rows = collections.map(({ name }) =>
        makeItem("menu-collection", name, () => addTo(name, ids)),
      );
      show([...rows, ...startGroup([create])]);
    } catch (error) {
      showError(error, context);
    }
  }

  async function addTo(name: string, ids: number[]) {
    const isDone = await actions.annotate(ids, { add_to: name });
    if (isDone) toast(translate("collection_filled", { n: ids.length, name }), "good");
  }
  return { makeAgain, openAtFocus, openHideMenu, sendFrom };
}

export type ImageMenu = ReturnType<typeof makeImageMenu>;

function startGroup([first, ...rest]: MenuItem[]): MenuItem[] {
  return [{ ...first, startsGroup: true }, ...rest];
}

function findImageId(target: EventTarget | null) {
  const image = target instanceof Element ? target.closest(IMAGES) : null;
  const owner = image?.closest("[data-id]");
  return owner instanceof HTMLElement ? Number(owner.dataset.id) : null;
}

function getMiddle(element: Element) {
  const { left, right, top, bottom } = element.getBoundingClientRect();
  const y = (Math.max(0, top) + Math.min(window.innerHeight, bottom)) / 2;
  return { x: (left + right) / 2, y, isByKey: true };
}

function openTab(address: string) {
  window.open(address, "_blank", "noopener,noreferrer");
}
