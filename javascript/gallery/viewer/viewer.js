/** One picture large, and the way through all of them. */

import { button, el, setAttribute } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { closeModal, makeModal, openModal } from "../core/modal.js";
import { Details } from "../details/details.js";
import { nameOf } from "../grid/tile.js";
import { nearby } from "./loader.js";
import { Stage } from "./stage.js";
import { Toolbar } from "./toolbar.js";
import { toggleSound } from "./video.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").State} State */
/** @typedef {import("../types.js").View} View */
/** @typedef {ReturnType<typeof build>} Parts */

const MORE_BEFORE_END = 5; // pictures
const DETAILS_AROUND = 2; // to each side
/** @type {(keyof State)[]} */
const DRAWN = ["open", "shown", "marks", "details", "loading", "ended", "bared", "hello"];

export class Viewer {
  /** @type {Parts | null} made when it is first opened */
  #parts = null;
  /** @type {View | null} */
  #view = null;
  #index = -1;
  #way = 1;

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    context.store.on(DRAWN, (now, before) => this.#follow(now, before), context);
    if (context.store.get().open !== null) this.#follow(context.store.get());
  }

  /** @param {"in" | "out" | "fit" | "one"} how */
  zoom(how) {
    this.#parts?.stage.zoom(how);
  }

  fullscreen() {
    if (!this.#parts) return;
    if (this.#isFull) void document.exitFullscreen();
    // a dialog itself may not fill the screen
    else void this.#parts.frame.requestFullscreen().catch(() => {});
  }

  sound() {
    const video = this.#parts?.stage.slide?.video;
    if (video) toggleSound(video);
  }

  copyInfotext() {
    const { acts, toast, words } = this.context;
    const text = this.#parts?.details.infotext;
    if (text) void acts.copy(text);
    else toast(words("no_infotext"));
  }

  get #isFull() {
    return this.context.root.fullscreenElement !== null;
  }

  /**
   * @param {State} now
   * @param {State} [before]
   */
  #follow(now, before) {
    if (now.open === null) return this.#close();
    const parts = this.#opened();
    const index = now.shown.findIndex((view) => view.id === now.open);
    const isOther = now.open !== this.#view?.id;
    if (isOther && index >= 0 && this.#index >= 0 && index !== this.#index) {
      this.#way = index > this.#index ? 1 : -1;
    }
    const known = this.#view && !isOther ? this.#view : unknown(now.open);
    const view = now.shown[index] ?? known;
    // its record tells the path
    if (!isOther && view.saved && !this.#view?.saved) parts.details.records.forget();
    this.#view = view;
    this.#index = index;
    this.#draw(now, parts);
    if (before && now.hello !== before.hello) this.#retry(parts);
    if (isOther || now.shown !== before?.shown) this.#ask(now, parts);
  }

  #opened() {
    if (!this.#parts) {
      this.#parts = build(this.context, {
        changed: () => this.#showStage(),
        came: (view) => this.#learn(view),
        failed: (message) => this.#index < 0 && this.#parts?.stage.slide?.tell(message),
        screen: () => this.#parts?.toolbar.showFullscreen(this.#isFull),
      });
    }
    openModal(this.#parts.dialog);
    return this.#parts;
  }

  /**
   * @param {State} state
   * @param {Parts} parts
   */
  #draw(state, parts) {
    const view = /** @type {View} */ (this.#view);
    parts.dialog.dataset.id = String(view.id);
    const { words } = this.context;
    const name = view.kind ? nameOf(view, false, words) : words("picture");
    parts.dialog.setAttribute("aria-label", name);
    setAttribute(parts.frame, "data-details", state.details);
    parts.toolbar.show({
      view,
      index: this.#index,
      count: state.shown.length,
      ended: state.ended,
      marked: state.marks.has(view.id),
      details: state.details,
    });
    const isLast = this.#index === state.shown.length - 1;
    parts.previous.disabled = this.#index === 0;
    parts.next.disabled = isLast && state.ended;
    setAttribute(parts.next, "aria-busy", isLast && state.loading);
    const views = this.#index < 0 ? [view] : state.shown;
    parts.stage.show(views, Math.max(0, this.#index), this.#way);
    this.#showStage();
  }

  #showStage() {
    const { stage, dialog, toolbar } = /** @type {Parts} */ (this.#parts);
    const { slide, scales } = stage;
    if (!slide || !scales) return;
    dialog.dataset.shows = slide.shows;
    toolbar.showScale(scales);
  }

  /**
   * What is around it, and the next page before its end is reached.
   *
   * @param {State} state
   * @param {Parts} parts
   */
  #ask(state, parts) {
    const { shown, ended, loading, problem } = state;
    const around = nearby(this.#index, shown.length, this.#way, DETAILS_AROUND).slice(1);
    const ids = this.#index < 0 ? [] : around.map((at) => shown[at].id);
    parts.details.show(/** @type {View} */ (this.#view), ids);
    const isNearEnd = this.#index >= shown.length - MORE_BEFORE_END;
    const isFree = !ended && !loading && !problem && preloads(state);
    if (isNearEnd && isFree) void this.context.acts.more();
  }

  /** The server is back, maybe. @param {Parts} parts */
  #retry({ stage, details }) {
    stage.retry();
    details.retry();
  }

  /** The record of a picture that is not among the loaded ones tells its shape. @param {View} view */
  #learn(view) {
    if (view.id !== this.#view?.id || this.#index >= 0 || !this.#parts) return;
    this.#view = view;
    this.#draw(this.context.store.get(), this.#parts);
  }

  #close() {
    if (!this.#parts || !this.#view) return;
    this.#view = null;
    this.#index = -1;
    this.#way = 1;
    if (this.#isFull) void document.exitFullscreen();
    this.#parts.stage.clear();
    this.#parts.details.clear();
    closeModal(this.#parts.dialog);
  }
}

/** Whether the next page is asked for before its end is reached. @param {State} state */
function preloads({ hello }) {
  return hello?.settings.find((one) => one.name === "usergallery_preloading")?.value !== false;
}

/**
 * Stands for a picture of which only the id is known, until its record comes.
 *
 * @param {number} id
 * @returns {View}
 */
function unknown(id) {
  return {
    id,
    kind: /** @type {import("../types.js").Kind} */ (""), // so that no file is asked for yet
    width: 0,
    height: 0,
    hash: "",
    level: "None",
    user: "",
    date: "",
    reactions: 0,
    base_model: "",
    saved: false,
    favourite: false,
    new: false,
    gone: "",
    has_data: false,
  };
}

/**
 * @param {Context} context
 * @param {{changed: () => void, screen: () => void} & Details["ties"]} ties
 */
function build(context, { changed, screen, ...detailsTies }) {
  const { acts, words, store, root, signal } = context;
  const toolbar = new Toolbar(context);
  const details = new Details(context, detailsTies);
  const stage = new Stage(context, {
    changed,
    again: () => details.retry(),
    raised: () => store.get().details || acts.toggleDetails(),
    tapped: (onPicture, touch) => {
      if (!onPicture) acts.close();
      else if (touch) frame.toggleAttribute("data-bare");
    },
  });
  const previous = button(
    { deed: "previous", icon: icon("previous"), words: words("say_previous"), isBare: true },
    () => void acts.step(-1),
  );
  const next = button(
    { deed: "next", icon: icon("next"), words: words("say_next"), isBare: true },
    () => void acts.step(1),
  );
  const theatre = el("div", { class: "theatre" }, toolbar.element, stage.element, previous, next);
  const frame = el("div", { class: "frame" }, theatre, details.element);
  const dialog = el("dialog", { class: "viewer", "data-viewer": "", tabindex: -1 }, frame);
  // a button that is pressed by the mouse does not take the keys from the picture
  theatre.addEventListener("mousedown", (event) => {
    if (event.composedPath().some((node) => node instanceof HTMLButtonElement))
      event.preventDefault();
  });
  frame.addEventListener("fullscreenchange", screen);
  makeModal(dialog, () => acts.close(), signal);
  root.append(dialog);
  return { dialog, frame, stage, toolbar, details, previous, next };
}
