/** The settings that are stored in this browser, each as soon as it is changed. */

import { el } from "../core/dom.js";
import { savePreference } from "../core/preferences.js";
import { PACES, readPace } from "../viewer/slideshow.js";

/** Return the section with the settings that are stored in this browser.
 * @param {import("../types.js").Words} words */
export function makeBrowserSettings(words) {
  const options = PACES.map((pace) =>
    el("option", { value: pace }, words("slideshow_seconds", { n: pace })),
  );
  const pace = el("select", { id: "setting-slideshow", "data-field": "slideshow" }, ...options);
  pace.value = String(readPace());
  pace.addEventListener("change", () => savePreference("slideshow", Number(pace.value)));
  return el(
    "fieldset",
    {},
    el("legend", {}, words("settings_browser")),
    el("div", { class: "setting" }, el("label", { for: pace.id }, words("slideshow_pace")), pace),
  );
}
