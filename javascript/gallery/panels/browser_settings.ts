/** The settings that are stored in this browser, each as soon as it is changed. */

import { el } from "../core/dom";
import { savePreference } from "../core/preferences";
import type { Translate } from "../types";
import { PACES, readPace } from "../viewer/slideshow";

/** Return the section with the settings that are stored in this browser. */
export function makeBrowserSettings(translate: Translate) {
  const options = PACES.map((pace) =>
    el("option", { value: pace }, translate("slideshow_seconds", { n: pace })),
  );
  const pace = el("select", { id: "setting-slideshow", "data-field": "slideshow" }, ...options);
  pace.value = String(readPace());
  pace.addEventListener("change", () => savePreference("slideshow", Number(pace.value)));
  return el(
    "fieldset",
    {},
    el("legend", {}, translate("settings_browser")),
    el(
      "div",
      { class: "setting" },
      el("label", { for: pace.id }, translate("slideshow_pace")),
      pace,
    ),
  );
}
