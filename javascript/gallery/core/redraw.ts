/** Redraws a part of the page so that the control with the focus keeps it. */

/** Redraw the contents of an element. If that replaces the focused control, focus the new control
 * with the same action and label. Return false if the focus is lost.
 * @param box the element
 * @param draw replaces the contents */
export function redraw(root: ShadowRoot, box: Element, draw: () => void) {
  const focused = root.activeElement;
  const key = box.contains(focused) ? getKey(focused as HTMLElement) : "";
  draw();
  if (!key || box.contains(root.activeElement)) return true;
  const controls = [...box.querySelectorAll("[data-do]")] as HTMLElement[];
  const same = controls.find((one) => getKey(one) === key);
  same?.focus({ preventScroll: true });
  return same !== undefined;
}

/** Return a text that identifies a control: its action, what it acts on, and its row. */
function getKey(control: HTMLElement) {
  const { do: action, value } = control.dataset;
  const row = control.closest("[data-set], [data-shelf], [data-kind]") as HTMLElement | null;
  const name = control.ariaLabel ?? control.textContent;
  const target = value ?? control.getAttribute("href") ?? name;
  return JSON.stringify([action, target, { ...row?.dataset }]);
}
