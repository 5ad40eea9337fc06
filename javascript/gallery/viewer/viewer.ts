/** The large view: opens, turns and closes an image, beside its details. */

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
import { makeSlideshow } from "./slideshow";
import { listNearbyIndices, Stage } from "./stage";

const LINE = 120; // letters of a prompt

function makeViewerBar(context: Context) {
  const { actions, records, store, translate } = context;
  const positionText = el("p", { class: "position" });
  const announcement = el("p", { class: "visually-hidden", role: "status" });
  const promptText = el("span", { class: "one-line", dir: "auto" }); // its beginning, on a narrow page
  let shownView: ImageView | null = null;
  const tool: (
    action: string,
    glyph: IconName,
    key: string,
    press: (event: MouseEvent) => unknown,
  ) => HTMLButtonElement = (action, glyph, key, press) =>
    iconButton(action, glyph, translate(key), press);
  const scaleButton = el("button", {
    type: "button",
    class: "scale dim small",
    "data-do": "zoom",
    title: translate("say_zoom"),
    on: { click: () => actions.zoom("toggle") },
  });
  const mark = tool("mark", "mark", "say_mark", () => shownView && actions.mark(shownView.id));
  const favourite = tool(
    "favourite",
    "heart",
    "say_favourite",
    () => shownView && void actions.favourite([shownView.id]),
  );
  const save = tool("save", "save", "say_save", () =>
    shownView ? actions.download([shownView.id]) : undefined,
  );
  const slideshow = tool("slideshow", "play", "say_slideshow", () => actions.setSlideshow(true));
  const detailsButton = tool("details", "info", "say_details", () => actions.toggleDetails());
  detailsButton.append(promptText);
  const fullscreen = tool("fullscreen", "expand", "say_fullscreen", () => actions.fullscreen());
  const close = tool("close", "close", "say_close", () => actions.close());
  const element = el(
    "div",
    { class: "viewer-bar" },
    positionText,
    announcement,
    scaleButton,
    el("div", { class: "tools" }, mark, favourite, save, slideshow, fullscreen),
    detailsButton,
    close,
  );

  /** Show the open image's position, its prompt, and whether it is marked, a favourite and saved.
   * @param index -1 for an image that is not in the gallery */
  function show(view: ImageView, index: number, count: number) {
    const { marks, details } = store.get();
    for (const one of [favourite, save]) setDisabled(one, isOffline(store.get()));
    shownView = view;
    element.toggleAttribute("data-unknown", !view.kind); // nothing can be done with it yet
    const all = `${formatNumber(count)}${canWalkOn(store.get()) ? "+" : ""}`;
    positionText.textContent = index < 0 ? "" : translate("position", { at: index + 1, n: all });
    setPressed(mark, marks.has(view.id));
    setPressed(favourite, view.favourite);
    setPressed(detailsButton, details);
    showPrompt(view);
    setAttribute(save, "data-saved", view.saved);
    save.title = save.ariaLabel = translate(view.saved ? "say_saved" : "say_save");
  }

  /** Show the beginning of an image's prompt: more of it once its record is known. */
  function showPrompt(view: ImageView) {
    const prompt = records.getCached(view.id)?.prompt.slice(0, LINE) || view.summary?.[0] || "";
    promptText.textContent = prompt || translate("details");
    detailsButton.ariaLabel = [translate("say_details"), prompt].filter(Boolean).join(": ");
  }

  /** Let a screen reader say the position and the image's description.
   * @param description "" to say nothing */
  function announce(description: string) {
    const { textContent: position } = positionText;
    announcement.textContent = description && [position, description].filter(Boolean).join(", ");
  }

  /** Show the zoom in percent.
   * @param scale 1: actual size */
  function showScale(scale: number) {
    const percent = `${Math.round(scale * 100)} %`;
    scaleButton.textContent = percent;
    scaleButton.ariaLabel = translate("zoom_at", { percent });
  }

  /** Show whether the viewer fills the screen. */
  function showFullscreen(isFull: boolean) {
    fullscreen.replaceChildren(icon(isFull ? "shrink" : "expand"));
    setPressed(fullscreen, isFull);
  }
  return { element, slideshow, show, showPrompt, announce, showScale, showFullscreen };
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

export function makeViewer(context: Context) {
  const { actions, root, store, translate } = context;
  /** made when it is first opened */
  let built: ViewerParts | null = null;
  let shownView: ImageView | null = null;
  let shownIndex = -1;
  let way = 1;
  /** the image whose description a screen reader has said last */
  let announced: number | null = null;
  const slideshow = makeSlideshow(context);
  const flight = new Flight(root);
  store.on(DRAWN, onChange, context);
  if (store.get().open !== null) onChange(store.get());

  /** Zoom the open image. */
  function zoom(how: ZoomStep) {
    built?.stage.zoom(how);
  }

  function fullscreen() {
    if (!built) return;
    if (isFullscreen()) void document.exitFullscreen();
    // a dialog itself may not fill the screen
    else void built.frame.requestFullscreen().catch(() => {});
  }

  function sound() {
    const video = built?.stage.slide?.video;
    if (video) toggleSound(video);
  }

  /** Play or pause the open video or sound; return false if the open image is neither. */
  function togglePlay() {
    const video = built?.stage.slide?.video;
    if (video?.paused) void playVideo(video);
    else video?.pause();
    return Boolean(video);
  }

  /** Open an image, and focus the field for its tags. */
  function editTags(id: number) {
    actions.setView({ details: true });
    if (store.get().open !== id) actions.open(id);
    built?.details.focusTags();
  }

  /** Let the user choose a file to compare with the open image. */
  function compareFile() {
    built?.details.reproductions.chooseFile();
  }

  /** Return an image's cached record, and its infotext with the user's edits. If no record is
   * cached, the record is undefined and the infotext "". */
  function findKnown(id: number) {
    const { details } = built ?? {};
    const record = details?.records.getCached(id);
    return { record, infotext: record && details ? details.sendTo.getText(record) : "" };
  }

  function isFullscreen() {
    return root.fullscreenElement !== null;
  }

  function onChange(now: State, before?: State) {
    if (now.open === null) return close();
    const parts = opened();
    const shown = getWalk(now);
    const index = shown.findIndex((view) => view.id === now.open);
    const isOther = now.open !== shownView?.id;
    const isOpening = shownView === null;
    if (isOther && !isOpening) flight.end();
    if (isOther && index >= 0 && shownIndex >= 0 && index !== shownIndex) {
      way = index > shownIndex ? 1 : -1;
    }
    const known = shownView && !isOther ? shownView : makeUnknownView(now.open);
    const { favourite = known.favourite } = now.annotated[now.open] ?? {};
    const view = shown[index] ?? { ...known, favourite };
    // the record has the path of the saved file
    if (!isOther && view.saved && !shownView?.saved) parts.details.records.outdate();
    shownView = view;
    shownIndex = index;
    draw(now, parts);
    if (before && now.bootstrap !== before.bootstrap) {
      parts.stage.retryFailed(); // the server may respond again
      parts.details.retry();
    }
    if (isOpening) fly(parts);
    if (isOther || (before && shown !== getWalk(before))) loadAround(now, parts);
  }

  function fly({ stage }: ViewerParts) {
    const { slide, element } = stage;
    const thumb = shownView && actions.findThumb(shownView.id);
    if (!thumb || !slide || slide.isCovered) return;
    stage.measure(); // the details may have taken a part of it
    element.classList.add("awaits");
    flight.start(thumb, [thumb.getBoundingClientRect(), slide.box.getBoundingClientRect()], () =>
      element.classList.remove("awaits"),
    );
  }

  /** Let the closed image shrink into its tile, or vanish if that is not in the window. */
  function flyBack(id: number, shown: Node | undefined, from: DOMRect) {
    const thumb = actions.findThumb(id);
    if (thumb) flight.start(thumb, [from, thumb.getBoundingClientRect()], () => {});
    else if (shown) flight.vanish(shown, from);
  }

  function opened() {
    if (!built) {
      built = buildDialog(context, {
        changed: showStage,
        loaded: updateView,
        failed: showFailure,
        screen: () => built?.toolbar.showFullscreen(isFullscreen()),
      });
    }
    openModal(built.dialog);
    return built;
  }

  /** Show on the stage why an image failed. Return false if only its details are missing. */
  function showFailure(problem: Problem) {
    const slide = built?.stage.slide;
    if (!slide || shownIndex >= 0) return false;
    slide.showError(problem.message, problem.code);
    return true;
  }

  function draw(state: State, parts: ViewerParts) {
    const view = shownView as ImageView;
    const shown = getWalk(state);
    parts.dialog.dataset.id = String(view.id);
    const name = view.kind ? describeImage(view, false, translate) : translate("picture");
    parts.dialog.setAttribute("aria-label", name);
    const isDetailed = state.details && !state.slideshow;
    setAttribute(parts.frame, "data-details", isDetailed);
    parts.sheet.follow(isDetailed);
    setAttribute(parts.frame, "data-slideshow", state.slideshow);
    if (state.slideshow) addLayer(root, parts.toolbar.slideshow, () => actions.setSlideshow(false));
    else stopSlideshow(parts);
    parts.toolbar.show(view, shownIndex, shown.length);
    // the first image of all is said with the dialog's label
    if (announced !== view.id) parts.toolbar.announce(announced === null ? "" : name);
    announced = view.id;
    const isLast = shownIndex === shown.length - 1;
    parts.previous.disabled = shownIndex <= 0;
    parts.next.disabled = shownIndex < 0 || (isLast && !canWalkOn(state));
    setAttribute(parts.next, "aria-busy", isLast && state.loading);
    const views = shownIndex < 0 ? [view] : shown;
    parts.stage.showImage(views, Math.max(0, shownIndex), way);
    showStage();
  }

  function stopSlideshow({ toolbar }: ViewerParts) {
    slideshow.stop();
    removeLayer(root, toolbar.slideshow);
  }

  function showStage() {
    const { stage, details, dialog, toolbar } = built as ViewerParts;
    const { slide } = stage;
    if (!slide) return;
    details.omitProblem(slide.problem);
    dialog.dataset.shows = slide.shows;
    toolbar.showScale(slide.pose.scale);
    if (store.get().slideshow) slideshow.watchSlide(slide);
  }

  function loadAround(state: State, parts: ViewerParts) {
    const { loading, problems, bootstrap } = state;
    const shown = getWalk(state);
    const around = listNearbyIndices(shownIndex, shown.length, way, DETAILS_AROUND).slice(1);
    const ids = shownIndex < 0 ? [] : around.map((at) => shown[at].id);
    parts.details.showImage(shownView as ImageView, ids, flight.landed);
    const isNearEnd = shownIndex >= shown.length - MORE_BEFORE_END;
    const isFree = canWalkOn(state) && !loading && !problems.images;
    const isEager = getSetting(bootstrap, "usergallery_preloading") !== false;
    if (isNearEnd && isFree && isEager) void actions.more();
  }

  function updateView(view: ImageView) {
    if (view.id !== shownView?.id || !built) return;
    if (shownIndex >= 0) return built.toolbar.showPrompt(shownView);
    shownView = view;
    draw(store.get(), built);
  }

  function close() {
    if (!built || !shownView) return;
    const { id } = shownView;
    const { slide } = built.stage;
    if (slide && !slide.isCovered) {
      const from = flight.box ?? slide.box.getBoundingClientRect();
      const shown = slide.box.querySelector("img")?.cloneNode(); // a thumbnail loses its address
      queueMicrotask(() => flyBack(id, shown, from)); // then the grid has scrolled to it
    }
    flight.end();
    shownView = null;
    shownIndex = -1;
    way = 1;
    announced = null;
    actions.setSlideshow(false);
    stopSlideshow(built);
    if (isFullscreen()) void document.exitFullscreen();
    built.stage.clear();
    built.details.clear();
    built.sheet.follow(false);
    closeModal(built.dialog);
    built.details.body.replaceChildren(); // the next image opens without this one's
  }
  return { zoom, fullscreen, sound, togglePlay, editTags, compareFile, findKnown };
}

export type Viewer = ReturnType<typeof makeViewer>;

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
  const toolbar = makeViewerBar(context);
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
