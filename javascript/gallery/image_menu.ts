/** The menu of an image, by right click or long press. */

import type { PageContext } from "./actions";
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

/** Dispatch a `longpress` event when a finger rests on a tile or on the open image. The event's
 * detail contains the point and the pointer's id. */
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

const IMAGES = "[data-tile], dialog[data-viewer] .stage";

export class ImageMenu {
  #isTouch = false; // the last press was a finger's
  /** where the menu is */
  #point: Point = { x: 0, y: 0 };

  constructor(private readonly context: PageContext) {
    const { root, signal } = context;
    const how = { signal, capture: true };
    root.addEventListener(
      "pointerdown",
      (event) => {
        this.#isTouch = event instanceof PointerEvent && event.pointerType !== "mouse";
      },
      how,
    );
    root.addEventListener("contextmenu", (event) => this.#onContextMenu(event), { signal });
    const openAt = (event: Event) => {
      const id = findImageId(event.target);
      if (id !== null && event instanceof CustomEvent) void this.#openAt(id, event.detail);
    };
    root.addEventListener("longpress", openAt, { signal });
  }

  /** Open the menu of an image at its tile or, in the viewer, at the focused element. */
  openAtFocus(id: number) {
    this.#setAnchor(id);
    void this.#open(id);
  }

  /** Open a menu that hides the images of an image's author, or the images with a word. */
  openHideMenu(id: number) {
    this.#setAnchor(id);
    this.#showHideItems(id);
  }

  /** Let the next menu open at an image's tile or, in the viewer, at the focused element. */
  #setAnchor(id: number) {
    const { root, page, store } = this.context;
    const { open } = store.get();
    const tile = open === null ? root.querySelector(`[data-tile][data-id="${id}"]`) : null;
    this.#point = getMiddle(tile ?? root.activeElement ?? page);
  }

  /** Open our menu instead of the browser's. A right click with Shift still opens the browser's. */
  #onContextMenu(event: Event) {
    const id = findImageId(event.target);
    if (id === null || !(event instanceof MouseEvent)) return;
    const isRightButton = event.button === 2;
    if (event.shiftKey && isRightButton) return;
    event.preventDefault();
    if (this.#isTouch && isRightButton) return; // the long press opens it, in all browsers
    const isByKey = !isRightButton && !event.ctrlKey; // Ctrl with a click is a Mac's right click
    if (isByKey) this.openAtFocus(id);
    else void this.#openAt(id, { x: event.clientX, y: event.clientY });
  }

  #openAt(id: number, point: Point) {
    this.#point = point;
    return this.#open(id);
  }

  async #open(id: number) {
    await this.context.actions.findEnginesSoon();
    const makers = this.#listMakers(id);
    this.#show([
      ...makers,
      ...(makers.length ? startGroup(this.#listUses(id)) : this.#listUses(id)),
      ...startGroup(this.#listChoices(id)),
      ...startGroup(this.#listPlaces(id)),
    ]);
  }

  #show(items: MenuItem[]) {
    const { root, signal } = this.context;
    openMenu(root, this.#point, items, signal);
  }

  /** Let the user choose a tab of the host at a button, and send an image there. Without a tab, copy
   * the image's infotext. */
  sendFrom(anchor: Element, id: number) {
    const { root, actions, signal } = this.context;
    const uses = this.#listTargets(id);
    if (uses.length > 1) return openMenu(root, anchor, uses, signal);
    return uses.length ? uses[0].do() : actions.copyText(id, "infotext");
  }

  #listMakers(id: number): MenuItem[] {
    const chosen = listChosen(listMarked(this.context.store.get()), id);
    const ids = chosen.filter((one) => {
      const view = this.#findView(one);
      return !view || (view.kind === "image" && view.has_data);
    });
    return listMakers(this.context, ids, () => this.#findEdited(id)).map((item) => ({
      ...item,
      key: `menu-${item.key}`,
    }));
  }

  #listTargets(id: number): MenuItem[] {
    const view = this.#findView(id);
    const { infotext } = this.context.parts.viewer.findKnown(id);
    const hasInfotext = infotext !== "" || (view?.has_data ?? true);
    const kind = view?.kind ?? "image";
    const uses = listUses(this.context, { id, kind, hasInfotext }, () => this.#findEdited(id));
    return uses.map((use) => ({ ...use, key: `menu-${use.key}` }));
  }

  /** Return an image's infotext as the user has changed it, null if it is unchanged. */
  #findEdited(id: number) {
    const { record, infotext } = this.context.parts.viewer.findKnown(id);
    return record && infotext !== record.infotext ? infotext : null;
  }

  #listUses(id: number): MenuItem[] {
    const { store, translate, actions } = this.context;
    const { infotext } = this.context.parts.viewer.findKnown(id);
    const ids = listChosen(listMarked(store.get()), id);
    const isDisabled = infotext === "" && this.#findView(id)?.has_data === false;
    const copy = (name: "prompt" | "infotext") =>
      makeItem(
        `menu-copy-${name}`,
        translate(`menu_copy_${name}`),
        () => actions.copyText(id, name),
        { isDisabled },
      );
    const list = makeItem("menu-copy-list", translate("copy_list"), () => actions.copyList(ids));
    const lists = ids.length > 1 ? [list] : [];
    return [...this.#listTargets(id), copy("prompt"), copy("infotext"), ...lists];
  }

  /** Return what to do with an image or, if it is marked, with all marked ones. */
  #listChoices(id: number): MenuItem[] {
    const { store, translate, actions } = this.context;
    const { images, open } = store.get();
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
      makeItem("menu-save", name("menu_save", "menu_save_marked"), () => actions.download(ids)),
      makeItem("menu-favourite", favourite, () => actions.favourite(ids), { isChecked }),
      makeItem("menu-collect", name("menu_collect", "menu_collect_marked"), () =>
        this.#chooseCollection(ids),
      ),
      ...actions.listTakeOut(ids),
      makeItem("menu-tag", translate("menu_tag"), () =>
        ids.length > 1 ? actions.collect() : actions.tag(id),
      ),
      makeItem("menu-compare", compare, () => actions.compareWith(id), { isDisabled }),
      ...(open === id && this.#findView(id)?.kind === "image" ? [file] : []),
    ];
  }

  #listPlaces(id: number): MenuItem[] {
    const { store, translate, actions } = this.context;
    const { user = "", post_id: post = null } = this.#findView(id) ?? {};
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
      makeItem("menu-hide", translate("menu_hide"), () => this.#showHideItems(id)),
      makeItem("menu-new-tab", translate("menu_new_tab"), () => openTab(address())),
      makeItem("menu-copy-address", translate("menu_copy_address"), copy),
      makeItem("menu-civitai", translate("see_on_civitai"), openOnCivitai),
    ];
  }

  #showHideItems(id: number) {
    this.#show(listHideItems(this.#findView(id)?.user ?? "", this.context));
  }

  #findView(id: number) {
    const { images } = this.context.store.get();
    return images.find((view) => view.id === id) ?? this.context.parts.viewer.findKnown(id).record;
  }

  async #chooseCollection(ids: number[]) {
    const { api, translate, signal } = this.context;
    try {
      const collections = await api.get("collections", { signal });
      const ask = () => askCollectionName(this.context, (name) => this.#addTo(name, ids));
      if (!collections.length) return ask();
      const create = makeItem("menu-new-collection", translate("menu_new_collection"), ask);
      const rows = collections.map(({ name }) =>
        makeItem("menu-collection", name, () => this.#addTo(name, ids)),
      );
      this.#show([...rows, ...startGroup([create])]);
    } catch (error) {
      showError(error, this.context);
    }
  }

  async #addTo(name: string, ids: number[]) {
    const { actions, toast, translate } = this.context;
    const isDone = await actions.annotate(ids, { add_to: name });
    if (isDone) toast(translate("collection_filled", { n: ids.length, name }), "good");
  }
}

/** Return the items with a line above the first one, which separates them from other items. */
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
