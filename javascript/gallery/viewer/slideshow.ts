/** Shows the next image after some time, until the user presses a key or a button or turns the
 * wheel. */

import { readPreference } from "../core/preferences";
import { canWalkOn } from "../state/state";
import type { Context } from "../types";
import type { Slide } from "./slide";

export const PACES = [3, 5, 10, 20, 60]; // seconds an image
const USUAL_PACE = 5;
const MOST_OF_VIDEO = 30; // seconds
const MODIFIERS = ["Shift", "Control", "Alt", "Meta"];

/** Return how many seconds each image of a slideshow is shown. */
export function readPace() {
  const pace = readPreference("slideshow", USUAL_PACE);
  return PACES.includes(pace) ? pace : USUAL_PACE;
}

export function makeSlideshow(context: Context) {
  const { actions, store } = context;
  /** of the listeners for input; null while no slideshow runs */
  let running: AbortController | null = null;
  /** the slide whose time has begun */
  let timed: Slide | null = null;
  let turn = new AbortController(); // of the slide's time

  /** Start the timer if the open slide's file is shown or has failed. Called at each change of the
   * slide. */
  function watchSlide(slide: Slide) {
    if (!running) listen();
    if (slide === timed) return;
    endTurn();
    if (slide.isSettled) beginTurn(slide);
  }

  function stop() {
    running?.abort();
    running = null;
    endTurn();
  }

  function beginTurn(slide: Slide) {
    timed = slide;
    turn = new AbortController();
    const { signal } = turn;
    const { video } = slide;
    const next = showNext;
    const timer = window.setTimeout(next, 1000 * (video ? MOST_OF_VIDEO : readPace()));
    signal.addEventListener("abort", () => window.clearTimeout(timer));
    if (!video) return;
    video.loop = false; // else it has no end
    video.addEventListener("ended", next, { signal });
    signal.addEventListener("abort", () => {
      video.loop = true;
    });
  }

  function endTurn() {
    turn.abort();
    timed = null;
  }

  async function showNext() {
    const { open } = store.get();
    const slide = timed;
    const isSame = () => running && store.get().open === open;
    await actions.step(1);
    if (isSame() && slide && canWalkOn(store.get())) {
      endTurn(); // no further image has come: it is tried again after as long
      return beginTurn(slide);
    }
    if (isSame()) actions.first(); // after the last image
    if (isSame()) actions.setSlideshow(false); // it is the only one
  }

  function listen() {
    running = new AbortController();
    const { signal } = running;
    const stop = (event: Event) => {
      if (event instanceof KeyboardEvent) {
        if (MODIFIERS.includes(event.key) || event.repeat) return; // the key that began it is held
        if (event.ctrlKey || event.metaKey) return actions.setSlideshow(false);
      }
      swallow(event);
      if (event instanceof PointerEvent) swallowClickOf(event.pointerId);
      actions.setSlideshow(false);
    };
    for (const type of ["keydown", "pointerdown", "wheel"])
      window.addEventListener(type, stop, { capture: true, passive: false, signal });
    document.addEventListener(
      "visibilitychange",
      () => document.hidden && actions.setSlideshow(false),
      { signal },
    );
  }
  return { watchSlide, stop };
}

function swallow(event: Event) {
  event.preventDefault();
  event.stopImmediatePropagation();
}

/** Swallow the click that follows a press, which would close the viewer or press a button. */
function swallowClickOf(pointerId: number) {
  const over = new AbortController();
  const options = { capture: true, signal: over.signal };
  const onClick = (event: MouseEvent) => {
    if (event instanceof PointerEvent && event.pointerId === pointerId) swallow(event);
  };
  window.addEventListener("click", onClick, options);
  // A drag ends without a click.
  window.addEventListener("pointerdown", () => over.abort(), options);
}
