/** One image of the grid, and how the state shows on it. */

import type { ImageView } from "../contract";
import { showBlurhash } from "../core/blurhash";
import { el, icon, setAttribute } from "../core/dom";
import { isBlurred, isHome, isMaking, isOffline, listTileIds } from "../state/state";
import type { Context, State, Translate } from "../types";
import { type Box, isCropped } from "./layout";

const KIND_SIGNS = { image: "", video: "▶", audio: "♪" };

export interface Looks {
  count: number; // images of the post that the tile stands for, 1 for one image
  isMarked: boolean;
  isFocused: boolean;
  isBlurred: boolean;
  part: number | null; // how much of it is made again, 0 to 1; null if it is not being made
}

export class Tile {
  element;
  #image = el("img", { alt: "", draggable: "false", decoding: "async" });
  #sign: HTMLElement | null = null;
  #count: HTMLElement | null = null;
  #ring: HTMLElement | null = null;
  #looks: Looks | null = null;
  #url = ""; // of the requested thumbnail
  #isSettled = false; // whether the thumbnail arrived or failed
  requestedAt = 0; // performance.now() at the thumbnail's request

  /** @param hasCorners whether the tile has what a caption has otherwise */
  constructor(
    public view: ImageView,
    private readonly translate: Translate,
    hasCorners: boolean,
  ) {
    this.element = el(
      "a", // its href is set when it is pointed at or focused
      {
        class: "tile",
        role: "option",
        "data-tile": true,
        "data-id": view.id,
        "data-kind": view.kind,
        "data-cropped": isCropped(view),
      },
      this.#image,
      // Not a button: an option of a listbox holds no controls. The key is Space.
      el("span", {
        class: "tick",
        "data-do": "mark",
        "aria-hidden": "true",
        title: translate("mark_picture"),
      }),
      ...(hasCorners ? makeCorners(translate) : []),
    );
    showBlurhash(this.element, view.blurhash);
  }

  /** Move the tile to its box. */
  moveTo({ x, y, width, height }: Box, index: number) {
    const { style } = this.element;
    this.element.setAttribute("aria-posinset", String(index + 1));
    style.transform = `translate(${x}px, ${y}px)`;
    style.width = `${width}px`;
    style.height = `${height}px`;
  }

  /** Show newer data of the image, if there are any. */
  updateView(view: ImageView | undefined) {
    if (!view || view === this.view) return;
    this.view = view;
    if (this.#looks) this.#drawLabel(this.#looks);
  }

  /** Show whether the image is marked, focused or blurred. */
  drawLooks(looks: Looks) {
    const before = this.#looks;
    this.#looks = looks;
    if (before?.isMarked !== looks.isMarked || before.count !== looks.count) {
      this.element.setAttribute("aria-selected", String(looks.isMarked));
      this.#drawLabel(looks);
    }
    if ((before?.count ?? 1) !== looks.count) this.#drawCount(looks.count);
    if ((before?.part ?? null) !== looks.part) this.#drawRing(looks.part);
    if (before?.isFocused !== looks.isFocused) this.element.tabIndex = looks.isFocused ? 0 : -1;
    if ((before?.isBlurred ?? false) !== looks.isBlurred) this.#setBlurred(looks.isBlurred);
  }

  #drawCount(count: number) {
    this.#count?.remove();
    this.#count = count > 1 ? el("span", { class: "post-count" }, icon("stack"), count) : null;
    if (this.#count) this.element.append(this.#count);
  }

  #drawRing(part: number | null) {
    if (part === null) this.#ring?.remove();
    else if (!this.#ring?.isConnected) {
      this.#ring = el("span", { class: "make-ring" });
      this.element.append(this.#ring);
    }
    this.#ring?.style.setProperty("--cs-part", String(part));
  }

  #drawLabel({ isMarked, count }: Looks) {
    const { kind, saved, favourite, stars, new: isNew, last_seen } = this.view;
    const signs = [KIND_SIGNS[kind], saved && "⤓", favourite && "♥", stars > 0 && `★${stars}`];
    signs.push(isNew && this.translate("name_new"));
    setAttribute(this.element, "data-sign", signs.filter(Boolean).join(" ") || null);
    setAttribute(this.element, "data-saved", saved);
    setAttribute(this.element, "data-favourite", favourite);
    setAttribute(this.element, "data-new", isNew);
    setAttribute(this.element, "data-gone", last_seen !== "");
    const label = describeImage(this.view, isMarked, this.translate);
    const post = count > 1 ? `, ${this.translate("post_count", { n: count })}` : "";
    const failed = this.isFailed ? `, ${this.translate("thumb_failed")}` : ""; // as the tile says
    this.element.setAttribute("aria-label", `${label}${post}${failed}`);
  }

  /** Return the element of the loaded thumbnail, null if the tile shows none. */
  get shownImage() {
    return this.element.dataset.shows ? this.#image : null;
  }

  get isBlurred() {
    return this.#looks?.isBlurred ?? false;
  }

  /** Return whether the thumbnail is being loaded. */
  get isLoading() {
    return this.#url !== "" && !this.#isSettled;
  }

  /** Return whether to load this thumbnail: it is not blurred, nor settled. */
  needsThumb(url: string) {
    return !this.isBlurred && !(this.#url === url && this.#isSettled);
  }

  /** Load the thumbnail unless it was requested before. */
  loadThumb(url: string) {
    if (this.isBlurred || this.#url === url) return;
    this.#url = url;
    this.requestedAt = performance.now();
    this.#image.src = url;
    // A cached image is complete at once and is not faded in.
    this.#isSettled = this.#image.complete && this.#image.naturalWidth > 0;
    if (this.#isSettled) this.element.dataset.shows = "at-once";
  }

  /** Show the loaded thumbnail, faded in if the tile is visible. */
  onLoaded(isInSight: boolean) {
    this.#isSettled = true;
    this.element.dataset.shows ??= isInSight ? "thumb" : "at-once";
  }

  onFailed() {
    this.#isSettled = true;
    setAttribute(this.element, "data-failed", true);
    const again = {
      class: "sign one-line",
      "data-do": "thumb-again",
      text: this.translate("thumb_failed"),
    };
    this.#showSign(el("span", again));
    if (this.#looks) this.#drawLabel(this.#looks);
  }

  get isFailed() {
    return this.element.dataset.failed !== undefined;
  }

  reloadThumb() {
    const url = this.#url;
    this.removeThumb();
    this.loadThumb(url);
  }

  /** Remove the tile from the page, and stop loading its thumbnail. */
  remove() {
    this.#image.removeAttribute("src");
    this.element.remove();
  }

  /** Remove the thumbnail or stop loading it, so that it can be requested again later. */
  removeThumb() {
    this.#url = "";
    this.#isSettled = false;
    this.#image.removeAttribute("src");
    delete this.element.dataset.shows;
    const wasFailed = this.isFailed;
    delete this.element.dataset.failed;
    this.#showSign(null);
    if (wasFailed && this.#looks) this.#drawLabel(this.#looks);
  }

  #setBlurred(isBlurred: boolean) {
    setAttribute(this.element, "data-blurred", isBlurred);
    this.removeThumb();
    if (isBlurred)
      this.#showSign(el("span", { class: "sign one-line", text: this.translate("show_blurred") }));
  }

  #showSign(sign: HTMLElement | null) {
    this.#sign?.remove();
    this.#sign = sign;
    if (sign) this.element.append(sign);
  }
}

/** Return a heart that saves an image, and what opens it while images are marked. Not buttons: an
 * option of a listbox holds no controls, and no screen reader sees the caption. The keys are B and
 * Enter. */
export function makeCorners(translate: Translate, isFavourite = false) {
  // Their signs are in the style: each tile has as few nodes as possible.
  const make = (action: string, label: string) =>
    el("span", { class: "corner", "data-do": action, "aria-hidden": "true", title: label });
  const heart = make("favourite", translate("say_favourite"));
  setAttribute(heart, "data-on", isFavourite);
  return [heart, make("open", translate("key_open"))];
}

/** Return the description of an image for screen readers, with the beginning of its prompt. */
export function describeImage(view: ImageView, isMarked: boolean, translate: Translate) {
  const [prompt = ""] = view.summary ?? [];
  const name = translate(view.user ? `name_${view.kind}` : `name_${view.kind}_unknown`, {
    user: view.user,
  });
  const parts = [
    prompt ? translate("name_prompt", { name, prompt: `${prompt}…` }) : name,
    view.width > 0 && view.height > 0 && `${view.width} × ${view.height}`,
    translate("name_reactions", { n: view.reactions }),
    view.saved && translate("name_saved"),
    view.favourite && translate("name_favourite"),
    view.stars > 0 && translate("annotation_stars_n", { n: view.stars }),
    view.new && translate("name_new"),
    view.last_seen && translate("name_gone"),
    isMarked && translate("name_marked"),
  ];
  return parts.filter(Boolean).join(translate("name_comma"));
}

/** Hide the grid at home, and style it while the server is lost or the images are stale. */
export function showStateOnGrid(list: HTMLElement, { store, signal }: Context) {
  const hideAtHome = () => {
    list.style.visibility = isHome(store.get()) ? "hidden" : ""; // its width is still known
  };
  store.on([isHome], hideAtHome, { signal });
  hideAtHome();
  const isLost = (state: State) => isOffline(state) || state.away;
  store.on([isLost], (now) => list.toggleAttribute("data-lost", isLost(now)), { signal });
  store.on(["stale"], ({ stale }) => list.toggleAttribute("data-stale", stale), { signal });
}

/** Return how an image's tile is drawn. */
export function getTileLooks(state: State, view: ImageView): Looks {
  const ids = listTileIds(state, view.id);
  const jobs = state.made.filter((job) => isMaking(job) && ids.includes(job.image_id));
  return {
    part: jobs.length ? Math.max(...jobs.map((job) => job.part)) : null,
    count: ids.length,
    isMarked: ids.every((id) => state.marks.has(id)),
    isFocused: state.focus === view.id,
    isBlurred: isBlurred(state, view),
  };
}
