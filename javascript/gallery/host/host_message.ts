/** Shows a message over the host's page, whichever of its tabs is open. */

const STYLE = `position: fixed; z-index: 99999; inset: auto 0 24px; width: fit-content;
  max-width: min(36em, 90vw); margin: 0 auto; padding: 10px 16px; border-radius: 10px;
  background: #24292f; color: #fff; font: 14px/1.45 system-ui, sans-serif;
  box-shadow: 0 4px 16px rgb(0 0 0 / 30%)`;
const TIME = 8000; // ms
const FADE = [{ opacity: 0 }, { opacity: 1, offset: 0.06 }, { opacity: 1 }];

let element = null as HTMLElement | null;

/** Show a message for some seconds, in place of the message before.
 * @param text "" to remove the message before, and show none */
export function showHostMessage(text: string) {
  element?.remove();
  if (!text) return;
  const made = document.createElement("div");
  element = made;
  made.dataset.civitaiShortcut = "message";
  made.setAttribute("role", "status");
  made.style.cssText = STYLE;
  made.textContent = text;
  document.body.append(made);
  made.animate(FADE, TIME).finished.then(
    () => made.remove(),
    () => {},
  );
}
