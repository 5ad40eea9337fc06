/** The details as a sheet on a narrow page: its grip is dragged, pressed, or moved by arrow
 * keys. */

import { addLayer, removeLayer } from "../core/dialogs";
import { el, observeSize, preventFlicks, setAttribute } from "../core/dom";
import type { Context } from "../types";

type SheetSize = "full" | "half" | "closed";

const FULL_TOP = 56; // pixels of the image that stay above a full sheet, as in viewer.css
const HALF_TOP = 0.36; // of the window's height, as in viewer.css
const CLOSE_BELOW = 0.6; // of the window's height
const NEXT = 48; // pixels of a drag that lead to the next size
const SLOP = 6; // pixels that a press may move

export class Sheet {
  #size: "full" | "half" = "half";
  #isShown = false;
  #drag: { y: number; top: number; moved: boolean } | null = null;

  #grip;

  /** @param frame the element of the viewer that contains the sheet */
  constructor(
    private readonly context: Context,
    private readonly frame: HTMLElement,
    details: HTMLElement,
  ) {
    this.#grip = el("button", {
      type: "button",
      class: "sheet-grip",
      "data-do": "sheet",
      "aria-label": context.translate("sheet_enlarge"),
      on: {
        click: () => {
          if (this.#drag?.moved) this.#drag = null;
          else this.#show(this.#size === "full" ? "half" : "full");
        },
        keydown: (event) => this.#onKey(event),
        pointerdown: (event) => this.#start(event),
        pointermove: (event) => this.#move(event),
        pointerup: (event) => this.#end(event),
        pointercancel: () => this.#setSize(this.#size),
      },
    });
    preventFlicks(this.#grip);
    details.prepend(this.#grip);
    this.#setSize("half");
    observeSize(this.#grip, () => this.#followLayer(), context.signal); // a phone may be turned
  }

  /** Follow whether the details are shown. */
  follow(isShown: boolean) {
    if (isShown === this.#isShown) return;
    this.#isShown = isShown;
    if (!isShown) this.#setSize("half");
    this.#followLayer();
  }

  /** Let Back close the details on a narrow page, where they lie over the image. */
  #followLayer() {
    const { root } = this.context;
    if (this.#isShown && this.#grip.getClientRects().length)
      addLayer(root, this.#grip, () => this.#show("closed"));
    else removeLayer(root, this.#grip);
  }

  #onKey(event: KeyboardEvent) {
    if (event.key === "ArrowUp") this.#show("full");
    else if (event.key === "ArrowDown") this.#show(this.#size === "full" ? "half" : "closed");
    else return;
    event.preventDefault();
  }

  #start(event: PointerEvent) {
    if (!event.isPrimary || event.button !== 0) return;
    this.#grip.setPointerCapture(event.pointerId);
    this.#drag = { y: event.clientY, top: this.#grip.getBoundingClientRect().top, moved: false };
  }

  #move(event: PointerEvent) {
    if (!this.#drag || !this.#grip.hasPointerCapture(event.pointerId)) return;
    const by = event.clientY - this.#drag.y;
    this.#drag.moved ||= Math.abs(by) > SLOP;
    if (!this.#drag.moved) return;
    const top = Math.max(FULL_TOP, this.#drag.top + by);
    this.frame.toggleAttribute("data-sheet-dragged", true);
    this.frame.style.setProperty("--cs-sheet-top", `${top}px`);
  }

  #end(event: PointerEvent) {
    if (!this.#drag?.moved) return;
    const by = event.clientY - this.#drag.y;
    this.#show(chooseSheetSize(this.#size, this.#drag.top + by, by, this.frame.clientHeight));
  }

  #show(size: SheetSize) {
    this.#setSize(size === "closed" ? "half" : size);
    if (size === "closed") this.context.actions.toggleDetails();
  }

  #setSize(size: "full" | "half") {
    this.#size = size;
    this.frame.removeAttribute("data-sheet-dragged");
    this.frame.style.removeProperty("--cs-sheet-top");
    setAttribute(this.frame, "data-sheet", size === "full" && size);
    this.#grip.setAttribute("aria-expanded", String(size === "full"));
  }
}

/** Return the size to which a sheet snaps when the user releases its grip: "closed" after a drag to
 * the window's bottom, else the next size in the direction of the drag, or the size before if the
 * drag is short.
 * @param before "full" or "half"
 * @param top its upper edge, in pixels from the window's top
 * @param by how far it was dragged down, in pixels */
export function chooseSheetSize(
  before: SheetSize,
  top: number,
  by: number,
  height: number,
): SheetSize {
  if (by > NEXT && top > height * CLOSE_BELOW) return "closed";
  if (before === "full") return by > NEXT ? "half" : "full";
  if (by > 2 * NEXT) return "closed";
  return by < -NEXT || top < (height * HALF_TOP) / 2 ? "full" : "half";
}
