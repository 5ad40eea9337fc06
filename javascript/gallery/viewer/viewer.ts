import type { ImageView } from "../contract";
import { addLayer, closeModal, makeModal, openModal, removeLayer } from "../core/dialogs";
import { el, type IconName, icon, iconButton, setAttribute, setDisabled } from "../core/dom";
import { formatNumber } from "../core/text";
import { Details } from "../details/details";
import { describeImage } from "../grid/tile";
import { canWalkOn, getSetting, getWalk, isOffline, type Key } from "../state/state";
import type { Context, Problem, State, ZoomStep } from "../types";
import { Flight } from "./flight";
import { Sheet } from "./sheet";
import { playVideo, toggleSound } from "./slide";
import { Slideshow } from "./slideshow";
import { listNearbyIndices, Stage } from "./stage";

const LINE = 120; // letters of a prompt

class Toolbar {
  position = el("p", { class: "position" });
  announcement = el("p", { class: "visually-hidden", role: "status" });
  prompt = el("span", { class: "one-line", dir: "auto" }); // its beginning, on a narrow page
  scale;
  mark;
  favourite;
  save;
  slideshow;
  details;
  fullscreen;
  element;
  #view: ImageView | null = null;

  constructor(readonly context: Context) {
    const { actions, translate } = context;
    const tool: (
      action: string,
      glyph: IconName,
      key: string,
      press: (event: MouseEvent) => unknown,
    ) => HTMLButtonElement = (action, glyph, key, press) =>
      iconButton(action, glyph, translate(key), press);
    this.scale = el("button", {
      type: "button",
      class: "scale",
      "data-do": "zoom",
      title: translate("say_zoom"),
      on: { click: () => actions.zoom("toggle") },
    });
    this.mark = tool("mark", "mark", "say_mark", () => this.#view && actions.mark(this.#view.id));
    this.favourite = tool(
      "favourite",
      "heart",
      "say_favourite",
      () => this.#view && void actions.favourite([this.#view.id]),
    );
    this.save = tool("save", "save", "say_save", () =>
      this.#view ? actions.download([this.#view.id]) : undefined,
    );
    this.slideshow = tool("slideshow", "play", "say_slideshow", () => actions.setSlideshow(true));
    this.details = tool("details", "info", "say_details", () => actions.toggleDetails());
    this.details.append(this.prompt);
    this.fullscreen = tool("fullscreen", "expand", "say_fullscreen", () => actions.fullscreen());
    const close = tool("close", "close", "say_close", () => actions.close());
    this.element = el(
      "div",
      { class: "viewer-bar" },
      this.position,
      this.announcement,
      this.scale,
      el(
        "div",
        { class: "tools" },
        this.mark,
        this.favourite,
        this.save,
        this.slideshow,
        this.fullscreen,
      ),
      this.details,
      close,
    );
  }

  /** Show the open image's position, its prompt, and whether it is marked, a favourite and saved.
   * @param index -1 for an image that is not in the gallery */
  show(view: ImageView, index: number, count: number) {
    const { translate, store } = this.context;
    const { marks, details } = store.get();
    for (const one of [this.favourite, this.save]) setDisabled(one, isOffline(store.get()));
    this.#view = view;
    this.element.toggleAttribute("data-unknown", !view.kind); // nothing can be done with it yet
    const all = `${formatNumber(count)}${canWalkOn(store.get()) ? "+" : ""}`;
    this.position.textContent =
      index < 0 ? "" : translate("position", { at: formatNumber(index + 1), n: all });
    setPressed(this.mark, marks.has(view.id));
    setPressed(this.favourite, view.favourite);
    setPressed(this.details, details);
    this.showPrompt(view);
    setAttribute(this.save, "data-saved", view.saved);
    this.save.title = this.save.ariaLabel = translate(view.saved ? "say_saved" : "say_save");
  }

  /** Show the beginning of an image's prompt: more of it once its record is known. */
  showPrompt(view: ImageView) {
    const { translate, records } = this.context;
    const prompt = records.getCached(view.id)?.prompt.slice(0, LINE) || view.summary?.[0] || "";
    this.prompt.textContent = prompt || translate("details");
    this.details.ariaLabel = [translate("say_details"), prompt].filter(Boolean).join(": ");
  }

  /** Let a screen reader say the position and the image's description.
   * @param description "" to say nothing */
  announce(description: string) {
    const { textContent: position } = this.position;
    this.announcement.textContent =
      description && [position, description].filter(Boolean).join(", ");
  }

  /** Show the zoom in percent.
   * @param scale 1: actual size */
  showScale(scale: number) {
    const percent = `${Math.round(scale * 100)} %`;
    this.scale.textContent = percent;
    this.scale.ariaLabel = this.context.translate("zoom_at", { percent });
  }

  /** Show whether the viewer fills the screen. */
  showFullscreen(isFull: boolean) {
    this.fullscreen.replaceChildren(icon(isFull ? "shrink" : "expand"));
    setPressed(this.fullscreen, isFull);
  }
}

function setPressed(toggle: HTMLElement, isPressed: boolean) {
  toggle.setAttribute("aria-pressed", String(isPressed));
}

type ViewerParts = ReturnType<typeof buildDialog>;

const MORE_BEFORE_END = 5; // images
const DETAILS_AROUND = 2; // to each side
const DRAWN: Key[] = [
  "open",
  getWalk,
  "marks",
  "details",
  "loading",
  "ended",
  "revealed",
  "bootstrap",
  "slideshow",
  "annotated",
  isOffline,
];

export class Viewer {
  slideshow;
  /** made when it is first opened */
  #parts: ViewerParts | null = null;
  #view: ImageView | null = null;
  #index = -1;
  #way = 1;
  #flight;
  /** the image whose description a screen reader has said last */
  #announced: number | null = null;

  constructor(readonly context: Context) {
    this.slideshow = new Slideshow(context);
    this.#flight = new Flight(context.root);
    context.store.on(DRAWN, (now, before) => this.#onChange(now, before), context);
    if (context.store.get().open !== null) this.#onChange(context.store.get());
  }

  /** Zoom the open image. */
  zoom(how: ZoomStep) {
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

  /** Play or pause the open video or sound; return false if the open image is neither. */
  togglePlay() {
    const video = this.#parts?.stage.slide?.video;
    if (video?.paused) void playVideo(video);
    else video?.pause();
    return Boolean(video);
  }

  /** Open an image, and focus the field for its tags. */
  editTags(id: number) {
    const { store, actions } = this.context;
    actions.setView({ details: true });
    if (store.get().open !== id) actions.open(id);
    this.#parts?.details.focusTags();
  }

  /** Let the user choose a file to compare with the open image. */
  compareFile() {
    this.#parts?.details.reproductions.chooseFile();
  }

  /** Return an image's cached record, and its infotext with the user's edits. If no record is
   * cached, the record is undefined and the infotext "". */
  findKnown(id: number) {
    const { details } = this.#parts ?? {};
    const record = details?.records.getCached(id);
    return { record, infotext: record && details ? details.sendTo.getText(record) : "" };
  }

  get #isFull() {
    return this.context.root.fullscreenElement !== null;
  }

  #onChange(now: State, before?: State) {
    if (now.open === null) return this.#close();
    const parts = this.#opened();
    const shown = getWalk(now);
    const index = shown.findIndex((view) => view.id === now.open);
    const isOther = now.open !== this.#view?.id;
    const isOpening = this.#view === null;
    if (isOther && !isOpening) this.#flight.end();
    if (isOther && index >= 0 && this.#index >= 0 && index !== this.#index) {
      this.#way = index > this.#index ? 1 : -1;
    }
    const known = this.#view && !isOther ? this.#view : makeUnknownView(now.open);
    const { favourite = known.favourite } = now.annotated[now.open] ?? {};
    const view = shown[index] ?? { ...known, favourite };
    // the record has the path of the saved file
    if (!isOther && view.saved && !this.#view?.saved) parts.details.records.outdate();
    this.#view = view;
    this.#index = index;
    this.#draw(now, parts);
    if (before && now.bootstrap !== before.bootstrap) {
      parts.stage.retryFailed(); // the server may respond again
      parts.details.retry();
    }
    if (isOpening) this.#fly(parts);
    if (isOther || (before && shown !== getWalk(before))) this.#loadAround(now, parts);
  }

  #fly({ stage }: ViewerParts) {
    const { slide, element } = stage;
    const thumb = this.#view && this.context.actions.findThumb(this.#view.id);
    if (!thumb || !slide || slide.isCovered) return;
    stage.measure(); // the details may have taken a part of it
    element.classList.add("awaits");
    this.#flight.start(
      thumb,
      [thumb.getBoundingClientRect(), slide.box.getBoundingClientRect()],
      () => element.classList.remove("awaits"),
    );
  }

  /** Let the closed image shrink into its tile, or vanish if that is not in the window. */
  #flyBack(id: number, shown: Node | undefined, from: DOMRect) {
    const thumb = this.context.actions.findThumb(id);
    if (thumb) this.#flight.start(thumb, [from, thumb.getBoundingClientRect()], () => {});
    else if (shown) this.#flight.vanish(shown, from);
  }

  #opened() {
    if (!this.#parts) {
      this.#parts = buildDialog(this.context, {
        changed: () => this.#showStage(),
        loaded: (view) => this.#updateView(view),
        failed: (problem) => this.#showFailure(problem),
        screen: () => this.#parts?.toolbar.showFullscreen(this.#isFull),
      });
    }
    openModal(this.#parts.dialog);
    return this.#parts;
  }

  /** Show on the stage why an image failed. Return false if only its details are missing. */
  #showFailure(problem: Problem) {
    const slide = this.#parts?.stage.slide;
    if (!slide) return false;
    const isForBoth = problem.code === "offline" && slide.shows !== "file";
    if (this.#index >= 0 && !isForBoth) return false;
    slide.showError(problem.message, problem.code);
    return true;
  }

  #draw(state: State, parts: ViewerParts) {
    const view = this.#view as ImageView;
    const shown = getWalk(state);
    parts.dialog.dataset.id = String(view.id);
    const { translate } = this.context;
    const name = view.kind ? describeImage(view, false, translate) : translate("picture");
    parts.dialog.setAttribute("aria-label", name);
    const isDetailed = state.details && !state.slideshow;
    setAttribute(parts.frame, "data-details", isDetailed);
    parts.sheet.follow(isDetailed);
    setAttribute(parts.frame, "data-slideshow", state.slideshow);
    const { root, actions } = this.context;
    if (state.slideshow) addLayer(root, parts.toolbar.slideshow, () => actions.setSlideshow(false));
    else this.#stopSlideshow(parts);
    parts.toolbar.show(view, this.#index, shown.length);
    // the first image of all is said with the dialog's label
    if (this.#announced !== view.id) parts.toolbar.announce(this.#announced === null ? "" : name);
    this.#announced = view.id;
    const isLast = this.#index === shown.length - 1;
    parts.previous.disabled = this.#index <= 0;
    parts.next.disabled = this.#index < 0 || (isLast && !canWalkOn(state));
    setAttribute(parts.next, "aria-busy", isLast && state.loading);
    const views = this.#index < 0 ? [view] : shown;
    parts.stage.showImage(views, Math.max(0, this.#index), this.#way);
    this.#showStage();
  }

  #stopSlideshow({ toolbar }: ViewerParts) {
    this.slideshow.stop();
    removeLayer(this.context.root, toolbar.slideshow);
  }

  #showStage() {
    const { stage, dialog, toolbar } = this.#parts as ViewerParts;
    const { slide } = stage;
    if (!slide) return;
    dialog.dataset.shows = slide.shows;
    toolbar.showScale(slide.pose.scale);
    if (this.context.store.get().slideshow) this.slideshow.watchSlide(slide);
  }

  /** Show the open image's details, and load those around it and the next page ahead. */
  #loadAround(state: State, parts: ViewerParts) {
    const { loading, problems, bootstrap } = state;
    const shown = getWalk(state);
    const around = listNearbyIndices(this.#index, shown.length, this.#way, DETAILS_AROUND).slice(1);
    const ids = this.#index < 0 ? [] : around.map((at) => shown[at].id);
    parts.details.showImage(this.#view as ImageView, ids, this.#flight.landed);
    const isNearEnd = this.#index >= shown.length - MORE_BEFORE_END;
    const isFree = canWalkOn(state) && !loading && !problems.images;
    const isEager = getSetting(bootstrap, "usergallery_preloading") !== false;
    if (isNearEnd && isFree && isEager) void this.context.actions.more();
  }

  #updateView(view: ImageView) {
    if (view.id !== this.#view?.id || !this.#parts) return;
    if (this.#index >= 0) return this.#parts.toolbar.showPrompt(this.#view);
    this.#view = view;
    this.#draw(this.context.store.get(), this.#parts);
  }

  #close() {
    if (!this.#parts || !this.#view) return;
    const { id } = this.#view;
    const { slide } = this.#parts.stage;
    if (slide && !slide.isCovered) {
      const from = this.#flight.box ?? slide.box.getBoundingClientRect();
      const shown = slide.box.querySelector("img")?.cloneNode(); // a thumbnail loses its address
      queueMicrotask(() => this.#flyBack(id, shown, from)); // then the grid has scrolled to it
    }
    this.#flight.end();
    this.#view = null;
    this.#index = -1;
    this.#way = 1;
    this.#announced = null;
    this.context.actions.setSlideshow(false);
    this.#stopSlideshow(this.#parts);
    if (this.#isFull) void document.exitFullscreen();
    this.#parts.stage.clear();
    this.#parts.details.clear();
    this.#parts.sheet.follow(false);
    closeModal(this.#parts.dialog);
    this.#parts.details.body.replaceChildren(); // the next image opens without this one's
  }
}

function makeUnknownView(id: number): ImageView {
  return {
    id,
    kind: "" as ImageView["kind"], // so that no file is requested yet
    width: 0,
    height: 0,
    blurhash: "",
    level: "None",
    user: "",
    date: "",
    reactions: 0,
    base_model: "",
    saved: false,
    favourite: false,
    stars: 0,
    new: false,
    last_seen: "",
    post_id: null,
    has_data: false,
    summary: null,
  };
}

function buildDialog(
  context: Context,
  {
    changed,
    screen,
    ...detailsListeners
  }: { changed: () => void; screen: () => void } & Details["listeners"],
) {
  const { actions, translate, store, root, signal } = context;
  const toolbar = new Toolbar(context);
  const details = new Details(context, detailsListeners);
  const stage = new Stage(context, {
    changed,
    again: () => details.retry(),
    raised: () => store.get().details || actions.toggleDetails(),
    tapped: (onImage, isTouch) => {
      if (!onImage) actions.close();
      else if (isTouch) frame.toggleAttribute("data-bare");
    },
  });
  const previous = iconButton(
    "previous",
    "previous",
    translate("say_previous"),
    () => void actions.step(-1),
  );
  const next = iconButton("next", "next", translate("say_next"), () => void actions.step(1));
  const theatre = el(
    "div",
    { class: "viewer-main" },
    toolbar.element,
    stage.element,
    previous,
    next,
  );
  const frame = el("div", { class: "frame" }, theatre, details.element);
  const sheet = new Sheet(context, frame, details.element);
  const dialog = el("dialog", { class: "viewer", "data-viewer": "", tabindex: -1 }, frame);
  // a button that is pressed by the mouse does not take the keys from the image
  theatre.addEventListener("mousedown", (event) => {
    if (event.composedPath().some((node) => node instanceof HTMLButtonElement))
      event.preventDefault();
  });
  frame.addEventListener("fullscreenchange", screen);
  makeModal(dialog, () => actions.close(), signal);
  root.append(dialog);
  return { dialog, frame, stage, toolbar, details, sheet, previous, next };
}
