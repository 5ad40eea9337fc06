/** A video or a sound of the viewer: plays when it is shown, with sound once one asked for it. */

import { el } from "../core/dom.js";
import { readPreference, savePreference } from "../core/preferences.js";

/**
 * @param {{src: string, poster: string, name: string}} what
 * @param {AbortSignal} signal  ends it: nothing is loaded or heard any more
 * @returns {{element: HTMLVideoElement, ready: Promise<void>}}
 */
export function makePlayer({ src, poster, name }, signal) {
  const element = el("video", { class: "file", controls: true, loop: true, playsinline: true });
  element.muted = !readPreference("sound", false);
  element.volume = readPreference("volume", 1);
  element.poster = poster;
  element.setAttribute("aria-label", name);
  const ready = waitForData(element, signal);
  element.src = src;
  element.addEventListener("volumechange", () => saveSound(element), { signal });
  signal.addEventListener("abort", () => unload(element));
  return { element, ready };
}

/**
 * Plays; a browser that plays nothing aloud before a click plays it muted.
 *
 * @param {HTMLVideoElement} video
 */
export async function play(video) {
  try {
    await video.play();
  } catch (error) {
    if (!isRefused(error) || video.muted) return;
    video.dataset.hushed = ""; // by us: one's own wish stays as it is kept
    video.muted = true;
    await video.play().catch(() => {});
  }
}

/**
 * Turns the sound on or off, also for what is shown next: the event that tells of it comes later.
 *
 * @param {HTMLVideoElement} video
 */
export function toggleSound(video) {
  video.muted = !video.muted;
  savePreference("sound", !video.muted);
}

/** @param {HTMLVideoElement} video */
function saveSound(video) {
  if ("hushed" in video.dataset) {
    delete video.dataset.hushed;
    return;
  }
  savePreference("sound", !video.muted);
  savePreference("volume", video.volume);
}

/** @param {unknown} error */
function isRefused(error) {
  return error instanceof DOMException && error.name === "NotAllowedError";
}

/**
 * @param {HTMLVideoElement} video
 * @param {AbortSignal} signal
 * @returns {Promise<void>}
 */
function waitForData(video, signal) {
  return new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", () => resolve(), { signal });
    video.addEventListener("error", () => reject(new Error("video")), { signal });
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}

/** Without this a browser goes on fetching what was taken out. @param {HTMLVideoElement} video */
function unload(video) {
  video.pause();
  video.removeAttribute("src");
  video.load();
}
