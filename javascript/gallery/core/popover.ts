/** Popovers: controls below a button, which are shown until the user clicks outside. */

import { el } from "./dom";

const GAP = 4; // pixels between the button and what it shows

/** Return a popover that a button opens and closes. The caller must append it to the root.
 * @param how id: the element's id; label: name for screen readers; getAnchor: returns the
 *     element below which the popover opens, if that is not the button */
export function makePopover(
  trigger: HTMLButtonElement,
  {
    id,
    label,
    getAnchor = () => trigger,
  }: { id: string; label: string; getAnchor?: () => HTMLElement },
  ...children: Node[]
) {
  const props = { id, popover: "auto", class: "popover surface", role: "group" };
  const element = el("div", { ...props, "aria-label": label }, ...children);
  trigger.setAttribute("popovertarget", id);
  trigger.setAttribute("aria-expanded", "false");
  element.addEventListener("beforetoggle", ({ newState }) => {
    trigger.setAttribute("aria-expanded", String(newState === "open"));
    if (newState === "open") placeBelow(element, getAnchor());
    else if (element.matches(":focus-within")) getAnchor().focus();
  });
  // the focus moved on by Tab; null: to another window
  element.addEventListener("focusout", ({ relatedTarget }) => {
    const isOutside = relatedTarget instanceof Node && !element.contains(relatedTarget);
    if (isOutside && relatedTarget !== trigger) element.hidePopover();
  });
  return element;
}

/** Place a popover below an element. The popover's style keeps it inside the window. */
function placeBelow(element: HTMLElement, anchor: Element) {
  const { left, bottom } = anchor.getBoundingClientRect();
  element.style.setProperty("--cs-left", `${left + window.scrollX}px`);
  element.style.setProperty("--cs-below", `${bottom + GAP}px`);
  element.style.top = `${bottom + GAP + window.scrollY}px`;
}
