/** The viewer's toolbar: the position in the gallery, the zoom, and actions on the open image. */

import { el, iconButton, setAttribute, setDisabled } from "../core/dom";
import { type IconName, icon } from "../core/icons";
import { isOffline } from "../state/state";
import type { Context, View } from "../types";

export class Toolbar {
  declare context: Context;
  declare position;
  declare announcement;
  declare scale;
  declare mark;
  declare favourite;
  declare save;
  declare slideshow;
  declare details;
  declare fullscreen;
  declare element;
  #view: View | null = null;

  constructor(context: Context) {
    this.context = context;
    const { actions, translate } = context;
    /** Return a button with an icon. */
    const tool: (
      action: string,
      glyph: IconName,
      key: string,
      press: (event: MouseEvent) => unknown,
    ) => HTMLButtonElement = (action, glyph, key, press) =>
      iconButton(action, glyph, translate(key), press);
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
   * @param index -1 for an image that is not in the gallery
   * @param count number of images that are shown */
  show(view: View, index: number, count: number) {
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

  async #save() {
    if (this.#view) await this.context.actions.download([this.#view.id]);
  }
}

/** Set the pressed state of a toggle button. */
function setPressed(toggle: HTMLElement, isPressed: boolean) {
  toggle.setAttribute("aria-pressed", String(isPressed));
}
