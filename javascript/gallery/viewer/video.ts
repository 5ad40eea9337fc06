/** The player of a video or sound in the viewer. */

import { el } from "../core/dom";
import { readPreference, savePreference } from "../core/preferences";

/** Return a player, and a promise that settles when the first frame is loaded or has failed.
 * @param signal aborted when the player is removed */
export function makePlayer(
  { src, poster, name }: { src: string; poster: string; name: string },
  signal: AbortSignal,
): { element: HTMLVideoElement; ready: Promise<void> } {
  const element = el("video", { class: "file", controls: true, loop: true, playsinline: true });
  element.muted = !readPreference("sound", false);
  element.volume = readPreference("volume", 1);
  element.poster = poster;
  element.setAttribute("aria-label", name);
  const ready = waitForData(element, signal);
  element.src = src;
  element.addEventListener("volumechange", () => saveSound(element), { signal });
  signal.addEventListener("abort", () => {
    element.pause();
    element.removeAttribute("src"); // else it would go on loading
    element.load();
  });
  return { element, ready };
}

/** Play a video. If the browser forbids sound before a click, play it without sound. */
export async function playVideo(video: HTMLVideoElement) {
  try {
    await video.play();
  } catch (error) {
    const isRefused = error instanceof DOMException && error.name === "NotAllowedError";
    if (!isRefused || video.muted) return;
    video.dataset.hushed = ""; // muted by the browser: the user's choice stays
    video.muted = true;
    await video.play().catch(() => {});
  }
}

/** Turn the sound on or off, for later videos too. */
export function toggleSound(video: HTMLVideoElement) {
  video.muted = !video.muted;
  savePreference("sound", !video.muted);
}

/** Store the volume and whether the sound is on, unless the browser has muted the video. */
function saveSound(video: HTMLVideoElement) {
  if ("hushed" in video.dataset) {
    delete video.dataset.hushed;
    return;
  }
  savePreference("sound", !video.muted);
  savePreference("volume", video.volume);
}

/** Wait until the first frame is loaded. Throws if the video fails or `signal` is aborted. */
function waitForData(video: HTMLVideoElement, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    video.addEventListener("loadeddata", () => resolve(), { signal });
    video.addEventListener("error", () => reject(new Error("video")), { signal });
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
