/** Follows the light or dark of the page around the gallery. */

/**
 * Marks the element with `data-theme`; its colours are the theme's own where the host has them.
 *
 * @param {HTMLElement} element
 * @param {AbortSignal} signal
 */
export function followTheme(element, signal) {
  const draw = () => {
    element.dataset.theme = isDark() ? "dark" : "light";
  };
  const changes = new MutationObserver(draw);
  const watched = { attributes: true, attributeFilter: ["class", "style", "data-theme"] };
  changes.observe(document.body, watched);
  changes.observe(document.documentElement, watched);
  signal.addEventListener("abort", () => changes.disconnect());
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
  draw();
}

/** By the host's class if it uses that, else by how bright its text is. */
function isDark() {
  if (document.querySelector("body.dark, html.dark, .gradio-container.dark")) return true;
  const [red, green, blue] = (getComputedStyle(document.body).color.match(/[\d.]+/g) ?? []).map(
    Number,
  );
  return red * 0.3 + green * 0.59 + blue * 0.11 > 140;
}
