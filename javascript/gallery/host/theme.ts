/** Takes over the background and text colours of the host's theme, unless the user has chosen light
 * or dark. */

import { readPreference } from "../core/preferences";

/** 0 to 255, 0 to 1. */
type Colour = [red: number, green: number, blue: number, alpha: number];

const LEAST_CONTRAST = 90; // of 255: a text colour below that was meant for another background
const CHANGES = { attributes: true, attributeFilter: ["class", "style", "data-theme"] };

/** Set `data-theme`, `--cs-bg` and `--cs-text` on our element, now and at each change of the theme.
 * They come from computed colours, because themes name their variables differently. */
export function followTheme(element: HTMLElement, signal: AbortSignal) {
  const root = document.documentElement;
  const { className } = root;
  const draw = () => {
    const chosen = readPreference("theme", "");
    if (element.closest(".gradio-container")) return drawTheme(element, chosen);
    const wanted = chosen || className; // by itself, the whole document has our theme
    if (root.className !== wanted) root.className = wanted;
    return drawTheme(element, "");
  };
  const changes = new MutationObserver(draw);
  changes.observe(document.body, CHANGES);
  changes.observe(document.documentElement, CHANGES);
  signal.addEventListener("abort", () => changes.disconnect());
  // Some themes fade between colours: read the colours again at the end.
  const onFade = ({ target, propertyName }: TransitionEvent) => {
    const isAround = target instanceof Node && target.contains(element);
    if (isAround && propertyName.endsWith("color")) draw();
  };
  document.addEventListener("transitionend", onFade, { signal });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw, { signal });
  window.addEventListener("storage", draw, { signal });
  draw();
}

/** Give our element the colours of the page around it, or a chosen theme. */
function drawTheme(element: HTMLElement, chosen: string) {
  element.toggleAttribute("data-themed", chosen !== "");
  if (chosen) {
    element.dataset.theme = chosen;
    element.style.removeProperty("--cs-bg");
    element.style.removeProperty("--cs-text");
    return;
  }
  const ancestors = [];
  for (let at = element.parentElement; at; at = at.parentElement) ancestors.push(at);
  const background = findBackground(ancestors);
  const text = findTextColour(background, ancestors);
  const isDark = text
    ? getBrightness(text) > getBrightness(background)
    : getBrightness(background) < 128;
  element.dataset.theme = isDark ? "dark" : "light";
  element.style.setProperty("--cs-bg", formatColour(background));
  if (text) element.style.setProperty("--cs-text", formatColour(text));
  else element.style.removeProperty("--cs-text");
}

function findBackground(ancestors: Element[]) {
  const isDark = getComputedStyle(document.documentElement).colorScheme === "dark";
  const canvas: Colour = isDark ? [18, 18, 18, 1] : [255, 255, 255, 1];
  return ancestors
    .map((one) => readColour(getComputedStyle(one).backgroundColor))
    .reduceRight((below, colour) => blendColours(colour, below), canvas);
}

/** Return the innermost text colour that is readable on a background, if there is any. */
function findTextColour(background: Colour, ancestors: Element[]) {
  return ancestors
    .map((one) => blendColours(readColour(getComputedStyle(one).color), background))
    .find((text) => Math.abs(getBrightness(text) - getBrightness(background)) >= LEAST_CONTRAST);
}

/** Return the colour in a computed style. An unknown notation counts as transparent.
 * @param computed "rgb(…)", "rgba(…)" or "color(srgb …)" */
export function readColour(computed: string): Colour {
  const [red, green, blue, alpha = 1] = (computed.match(/[\d.]+(e-\d+)?/g) ?? []).map(Number);
  if (computed.startsWith("rgb")) return [red, green, blue, alpha];
  if (computed.startsWith("color(srgb ")) return [red * 255, green * 255, blue * 255, alpha];
  return [0, 0, 0, 0];
}

/** Return the colour that results when one colour covers an opaque colour.
 * @param background opaque */
export function blendColours([red, green, blue, alpha]: Colour, [r, g, b]: Colour): Colour {
  const mix = (above: number, below: number) => above * alpha + below * (1 - alpha);
  return [mix(red, r), mix(green, g), mix(blue, b), 1];
}

function getBrightness([red, green, blue]: Colour) {
  return red * 0.3 + green * 0.59 + blue * 0.11;
}

function formatColour([red, green, blue]: Colour) {
  return `rgb(${Math.round(red)} ${Math.round(green)} ${Math.round(blue)})`;
}
