/** Redraws a part of the page so that the control with the focus keeps it. */

/** Call `draw`, which replaces what an element contains. If the focused control is replaced, focus
 * the new control with the same key. Return whether the focus was kept.
 * @param {ShadowRoot} root
 * @param {Element} box
 * @param {() => void} draw */
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

/** Return a text that tells a control from the others: its action, what it acts on, and its row.
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
