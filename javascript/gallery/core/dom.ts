/** Creates elements and icons. Text from strangers can only become text here, never HTML. */

const SVG = "http://www.w3.org/2000/svg";

// paths in a box of 24, as strokes
const PATHS = {
  close: "M6 6l12 12M18 6L6 18",
  previous: "M15 5l-7 7 7 7",
  next: "M9 5l7 7-7 7",
  check: "M5 12.5l4.5 4.5L19 7.5",
  mark: "M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17zM8 12.5l3 3L16.5 9.5",
  star: "M12 4l2.5 5.1 5.6.8-4 4 .9 5.6-5-2.7-5 2.7.9-5.6-4-4 5.6-.8z",
  save: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14",
  download: "M12 4v11M7.5 11l4.5 4.5 4.5-4.5M5 19.5h14",
  expand: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  shrink: "M9 4v5H4M20 9h-5V4M15 20v-5h5M4 15h5v5",
  info: "M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17zM12 11v5.5M12 7.6v.1",
  copy: "M9 9h10v11H9zM15 9V4.5H5V16h4",
  send: "M4 12h14M13 6.5l5.5 5.5-5.5 5.5",
  search: "M10.5 4.5a6 6 0 100 12 6 6 0 000-12zM15 15l5 5",
  jobs: "M5 6h14M5 12h9M5 18h5M17.5 12.5v7M14.5 16.5l3 3 3-3",
  settings: "M4 7h9M17 7h3M15 4.5v5M4 17h3M11 17h9M9 14.5v5",
  help: "M9 9a3 3 0 114.4 2.6c-.9.5-1.4 1.1-1.4 2.2M12 17.5v.1M12 3.5a8.5 8.5 0 100 17 8.5 8.5 0 000-17z",
  top: "M12 19V6M6.5 11L12 5.5l5.5 5.5",
  pause: "M8.5 5.5v13M15.5 5.5v13",
  play: "M8 5.5l10 6.5-10 6.5z",
  stop: "M6.5 6.5h11v11h-11z",
  again: "M19 12a7 7 0 11-2.2-5.1M19 4v4.5h-4.5",
  trash: "M5 7h14M10 7V4.5h4V7M7 7l.8 12.5h8.4L17 7M10.5 10.5v5.5M13.5 10.5v5.5",
  folder: "M4 6.5h5.5l2 2.5H20v10H4z",
  external: "M10 5.5H5v13.5h13.5V14M14 4.5h5.5V10M19 5l-8 8",
  warning: "M12 4.5L21 19.5H3zM12 10.5v4M12 17v.1",
  sound: "M5 9.5v5h3.5L13 18V6L8.5 9.5zM16.5 9a4.5 4.5 0 010 6M18.5 6.5a8 8 0 010 11",
  more: "M5 12a.5.5 0 101 0 .5.5 0 10-1 0M11.5 12a.5.5 0 101 0 .5.5 0 10-1 0M18 12a.5.5 0 101 0 .5.5 0 10-1 0",
  invert: "M4.5 8.5h13M14 5l3.5 3.5L14 12M19.5 15.5h-13M10 12l-3.5 3.5L10 19",
  minus: "M5 12h14",
  plus: "M12 5v14M5 12h14",
  none: "M12 4a8 8 0 100 16 8 8 0 000-16zM6.5 6.5l11 11",
  compare: "M4 5h7v14H4zM13 5h7v14h-7z",
  over: "M4 5h16v14H4zM12 3v18M9 9.5L6.5 12 9 14.5M15 9.5l2.5 2.5-2.5 2.5",
  stats: "M4 19.5h16M6.5 16V11M12 16V5M17.5 16V8.5",
  user: "M12 4.5a4 4 0 100 8 4 4 0 000-8zM4.5 20a7.5 7.5 0 0115 0",
  link: "M10 14l4-4M8.5 11.5L6 14a3.2 3.2 0 004.5 4.5l2-2M15.5 12.5L18 10a3.2 3.2 0 00-4.5-4.5l-2 2",
  library: "M4 5h16v4H4zM5.5 9v10.5h13V9M10 12.5h4",
  filter: "M4 6h16M7 12h10M10 18h4",
  home: "M4 11.5L12 5l8 6.5M6.5 10v9.5h4v-5.5h3v5.5h4V10",
  heart: "M12 19.5C6 15.5 4 12.5 4 9.5A4 4 0 0112 8a4 4 0 018 1.5c0 3-2 6-8 10z",
  like: "M7.5 10.5v9M7.5 11l4-7c1.6 0 2.4 1.1 2.1 2.6l-.7 3.4h5.2a1.7 1.7 0 011.6 2l-1.1 6a1.9 1.9 0 01-1.9 1.5H7.5M4 10.5h3.5v9H4z",
  pencil: "M5 19l1-4L15.5 5.5l3 3L9 18zM13.5 7.5l3 3",
  bell: "M5.5 16.5h13l-2-3V10a4.5 4.5 0 00-9 0v3.5zM10.5 19.5h3",
  key: "M8 11.5a3.5 3.5 0 100 7 3.5 3.5 0 000-7zM10.5 12.5L19 4M16 7l2.5 2.5",
  stack: "M4.5 9.5h10v10h-10zM9.5 9.5v-5h10v10h-5",
  fold: "M6 9.5l6 6 6-6",
  model: "M12 3.5l7.5 4.2v8.6L12 20.5l-7.5-4.2V7.7zM4.5 7.7l7.5 4.3 7.5-4.3M12 12v8.5",
  make: "M10.5 4.5l1.7 4.8 4.8 1.7-4.8 1.7-1.7 4.8-1.7-4.8L4 11l4.8-1.7zM18 15.5v5M15.5 18h5M18.5 4v4M16.5 6h4",
  place: "M9 14.5L4.5 10 9 5.5M4.5 10h9.5a5 5 0 010 10h-3",
};

export type IconName = keyof typeof PATHS;

/** Create an icon. */
export function icon(name: IconName): SVGSVGElement {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("class", "glyph");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** Create the drawing of an empty place: a large icon. */
export function makeDrawing(name: IconName) {
  return el("span", { class: "drawing" }, icon(name));
}

type Child = Node | string | number | null | undefined | false;
type Value = string | number | boolean | null | undefined;
type Listeners = Partial<{
  [K in keyof HTMLElementEventMap]: (event: HTMLElementEventMap[K]) => void;
}>;
export type Props = { text?: string; on?: Listeners } & Record<string, Value | Listeners>;

/** Create an element with attributes, listeners, text and children. An attribute is omitted for
 * null and false, and has no value for true. Children that are null or false are left out. */
export function el<T extends keyof HTMLElementTagNameMap>(
  tag: T,
  { text, on, ...attributes }: Props = {},
  ...children: Child[]
): HTMLElementTagNameMap[T] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    setAttribute(made, name, value as Value);
  }
  for (const [type, listener] of Object.entries(on ?? {})) {
    made.addEventListener(type, listener as EventListener);
  }
  if (text !== undefined) made.textContent = text;
  made.append(...listShown(children));
  return made;
}

/** Replace the contents of an element. Children that are null or false are left out. */
export function fill(box: Element, ...children: Child[]) {
  box.replaceChildren(...listShown(children));
}

function listShown(children: Child[]) {
  const isShown = (child: Child) => child !== null && child !== undefined && child !== false;
  return children.filter(isShown) as (Node | string)[];
}

/** Set an attribute of an element; null and false remove it, true gives it no value. */
export function setAttribute(node: Element, name: string, value: Value) {
  if (value === null || value === undefined || value === false) node.removeAttribute(name);
  else node.setAttribute(name, value === true ? "" : String(value));
}

interface ButtonLooks {
  action?: string; // the button's `data-do`
  icon?: IconName;
  label: string; // the label
  title?: string;
  class?: string;
  takesFocus?: boolean; // from what goes beside it
}

/** Create a button with a label, and an icon before the label. */
export function button(
  { action, icon: glyph, label, title, class: look, takesFocus = false }: ButtonLooks,
  press: (event: MouseEvent) => unknown,
) {
  // a narrow window shows the icon alone
  const props = { class: look, "data-do": action, title: title ?? (glyph ? label : null) };
  return makeButton(
    { ...props, "data-takes-focus": takesFocus },
    press,
    glyph && icon(glyph),
    el("span", { text: label }),
  );
}

/** Create a button that shows only an icon; `label` is its name and its title. */
export function iconButton(
  action: string,
  glyph: IconName,
  label: string,
  press: (event: MouseEvent) => unknown,
  look = "",
) {
  const props = { "data-do": action, "aria-label": label, title: label };
  return makeButton({ class: `${look} icon`.trim(), ...props }, press, icon(glyph));
}

/** Create an element with a name and its value, for a `dl`. */
export function makePair(name: string, value: string) {
  return el("div", {}, el("dt", {}, name), el("dd", { dir: "auto" }, value));
}

/** Create a button that ignores presses while it is busy or disabled by `setDisabled`. */
function makeButton(props: Props, press: (event: MouseEvent) => unknown, ...children: Child[]) {
  const on = {
    click: (event: MouseEvent) => void runWhileBusy(made, () => press(event)),
  };
  const made = el("button", { type: "button", ...props, on }, ...children);
  return made;
}

/** Run an action at a plain click on a link; the browser handles other clicks. */
export function onPlainClick(link: HTMLAnchorElement, open: () => unknown) {
  link.addEventListener("click", (event) => {
    if (event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    void runWhileBusy(link, open);
  });
}

/** Set an element's text, unless it is already the same: a screen reader might repeat it. */
export function setText(node: Element | null, text: string) {
  if (node && node.textContent !== text) node.textContent = text;
}

/** Set the label of a button that `button` has created. */
export function setLabel(labelled: HTMLButtonElement, label: string) {
  setText(labelled.querySelector("span"), label);
}

/** Disable or enable a button, which keeps the focus, unlike by the attribute `disabled`. */
export function setDisabled(element: HTMLButtonElement, isDisabled: boolean) {
  setAttribute(element, "aria-disabled", isDisabled ? "true" : null);
}

/** Call a listener now and whenever an element is resized, hidden or shown. */
export function observeSize(element: Element, listener: () => void, signal: AbortSignal) {
  const sizes = new ResizeObserver(listener);
  sizes.observe(element);
  signal.addEventListener("abort", () => sizes.disconnect());
}

/** Keep the browser from scrolling while a finger drags an element. In spite of `touch-action: none`,
 * Chromium would continue a flick and ignore the next tap. */
export function preventFlicks(element: HTMLElement, signal?: AbortSignal, isDragged = () => true) {
  const prevent = (event: TouchEvent) => event.cancelable && isDragged() && event.preventDefault();
  element.addEventListener("touchmove", prevent, { signal, passive: false });
}

/** Run an action, and mark its button as busy meanwhile; disabled, it would lose the focus. */
export async function runWhileBusy(pressed: HTMLElement, action: () => unknown) {
  if (pressed.ariaBusy === "true" || pressed.ariaDisabled === "true") return;
  const done = action();
  if (!(done instanceof Promise)) return;
  pressed.setAttribute("aria-busy", "true");
  await done.finally(() => pressed.removeAttribute("aria-busy"));
}

function findScroller(node: Element): Element {
  for (let at = getParent(node); at && at !== document.body; at = getParent(at)) {
    const { overflowY } = getComputedStyle(at);
    const canScroll = overflowY === "auto" || overflowY === "scroll";
    if (canScroll && at.scrollHeight > at.clientHeight) return at;
  }
  return document.scrollingElement ?? document.documentElement;
}

/** Scroll the area around a node at once. A host's smooth scrolling would load all images on the
 * way.
 * @param node any element inside the scrolled area
 * @param pixels downwards; a negative number scrolls upwards */
export function scrollBy(node: Element, pixels: number) {
  if (pixels) findScroller(node).scrollBy({ top: pixels, behavior: "instant" });
}

function getParent(node: Element) {
  const root = node.getRootNode();
  return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}
