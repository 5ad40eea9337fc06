/** The viewer's toolbar: the position in the gallery, the zoom, and actions on the open image. */

import { el, iconButton, setAttribute, setDisabled } from "../core/dom.js";
import { icon } from "../core/icons.js";
import { isOffline } from "../state/state.js";

/** @import { Context, View } from "../types.js" */

export class Toolbar {
  /** @type {View | null} */
  #view = null;

  /** @param {Context} context */
  constructor(context) {
    this.context = context;
    const { actions, translate } = context;
    /** Return a button with an icon. @type {(action: string, glyph: import("../core/icons.js").IconName, key: string, press: (event: MouseEvent) => unknown) => HTMLButtonElement} */
    const tool = (action, glyph, key, press) => iconButton(action, glyph, translate(key), press);
    this.position = el("p", { class: "position" });
    this.announcement = el("p", { class: "visually-hidden", role: "status" });
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
    this.save = tool("save", "save", "say_save", () => this.#save());
    this.slideshow = tool("slideshow", "play", "say_slideshow", () => actions.setSlideshow(true));
    this.details = tool("details", "panel", "say_details", () => actions.toggleDetails());
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
        this.details,
      ),
      close,
    );
  }

  /** Show the open image's position, and whether it is marked, a favourite and saved.
   * @param {View} view
   * @param {number} index  -1 for an image that is not in the gallery
   * @param {number} count  number of images that are shown */
  show(view, index, count) {
    const { translate, store } = this.context;
    const { ended, marks, details } = store.get();
    for (const one of [this.favourite, this.save]) setDisabled(one, isOffline(store.get()));
    this.#view = view;
    this.element.toggleAttribute("data-unknown", !view.kind); // nothing can be done with it yet
    const all = `${count.toLocaleString()}${ended ? "" : "+"}`;
    this.position.textContent =
      index < 0 ? "" : translate("position", { at: (index + 1).toLocaleString(), n: all });
    setPressed(this.mark, marks.has(view.id));
    setPressed(this.favourite, view.favourite);
    setPressed(this.details, details);
    setAttribute(this.save, "data-saved", view.saved);
    this.save.title = this.save.ariaLabel = translate(view.saved ? "say_saved" : "say_save");
  }

  /** Let a screen reader say the position and the image's description.
   * @param {string} description  "" to say nothing */
  announce(description) {
    const { textContent: position } = this.position;
    this.announcement.textContent =
      description && [position, description].filter(Boolean).join(", ");
  }

  /** Show the zoom in percent. @param {number} scale  1: actual size */
  showScale(scale) {
    const percent = `${Math.round(scale * 100)} %`;
    this.scale.textContent = percent;
    this.scale.ariaLabel = this.context.translate("zoom_at", { percent });
  }

  /** Show whether the viewer fills the screen. @param {boolean} isFull */
  showFullscreen(isFull) {
    this.fullscreen.replaceChildren(icon(isFull ? "shrink" : "expand"));
    setPressed(this.fullscreen, isFull);
  }

  async #save() {
    if (this.#view) await this.context.actions.download([this.#view.id]);
  }
}

/** Set the pressed state of a toggle button.
 * @param {HTMLElement} toggle
 * @param {boolean} isPressed */
function setPressed(toggle, isPressed) {
  toggle.setAttribute("aria-pressed", String(isPressed));
}
