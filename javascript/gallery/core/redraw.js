/** Redraws a part of the page so that the control with the focus keeps it. */

/** Redraw the contents of an element. If that replaces the focused control, focus the new control
 * with the same action and label. Return false if the focus is lost.
 * @param {ShadowRoot} root
 * @param {Element} box  the element
 * @param {() => void} draw  replaces the contents */
export function redraw(root, box, draw) {
  const focused = root.activeElement;
  const key = box.contains(focused) ? getKey(/** @type {HTMLElement} */ (focused)) : "";
  draw();
  if (!key || box.contains(root.activeElement)) return true;
  const controls = /** @type {HTMLElement[]} */ ([...box.querySelectorAll("[data-do]")]);
  const same = controls.find((one) => getKey(one) === key);
  same?.focus({ preventScroll: true });
  return same !== undefined;
}

/** Return a text that identifies a control: its action, what it acts on, and its row.
 * @param {HTMLElement} control */
function getKey(control) {
  const { do: action, value } = control.dataset;
  const row = /** @type {HTMLElement | null} */ (
    control.closest("[data-set], [data-shelf], [data-kind]")
  );
  const name = control.ariaLabel ?? control.textContent;
  const target = value ?? control.getAttribute("href") ?? name;
  return JSON.stringify([action, target, { ...row?.dataset }]);
}
