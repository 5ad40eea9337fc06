/** Makes a group of controls one Tab stop: the arrow keys move the focus between the controls. */

import { observeSize } from "./dom";

const CONTROLS = "a[href], button, input, select";
const USES_ENDS = "input, select"; // Home and End are theirs

/** Make an element a toolbar: the arrow keys move the focus between its controls, which may be
 * added and removed later.
 * @param label name of the toolbar for screen readers */
export function makeToolbar(element: HTMLElement, label: string, signal: AbortSignal) {
  element.setAttribute("role", "toolbar");
  element.setAttribute("aria-label", label);
  /** the control that had the focus last */
  let current: HTMLElement | undefined;
  const list = () =>
    ([...element.querySelectorAll(CONTROLS)] as HTMLElement[]).filter(
      (one) => one.getClientRects().length,
    );
  const update = () => {
    const controls = list();
    const stop = current && controls.includes(current) ? current : controls[0];
    for (const one of controls) one.tabIndex = one === stop ? 0 : -1;
  };
  let frame = 0;
  const updateSoon = () => {
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(update);
  };
  const changes = new MutationObserver(updateSoon);
  changes.observe(element, { childList: true, subtree: true, attributeFilter: ["hidden"] });
  observeSize(element, update, signal);
  signal.addEventListener("abort", () => {
    changes.disconnect();
    cancelAnimationFrame(frame);
  });
  element.addEventListener("focusin", ({ target }) => {
    current = target as HTMLElement;
    update();
  });
  element.addEventListener("keydown", (event) => {
    const next = findNext(list(), event);
    if (!next) return;
    event.preventDefault();
    next.focus();
  });
}

/** Return the control to which a key moves the focus, undefined if the key moves no focus. */
function findNext(
  controls: HTMLElement[],
  { key, target, ctrlKey, altKey, metaKey, shiftKey }: KeyboardEvent,
) {
  const at = controls.indexOf(target as HTMLElement);
  if (at < 0 || ctrlKey || altKey || metaKey || shiftKey) return undefined;
  if (key === "ArrowRight") return controls[(at + 1) % controls.length];
  if (key === "ArrowLeft") return controls.at(at - 1);
  if (controls[at].matches(USES_ENDS)) return undefined;
  if (key === "Home") return controls[0];
  return key === "End" ? controls.at(-1) : undefined;
}
