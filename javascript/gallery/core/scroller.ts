/** Scrolls the window, or the element that a host scrolls instead of it. */

/** Return the nearest ancestor that scrolls this node. If none does, return the document's own
 * scrolling element. */
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

/** Return a node's parent element or, if it has none, the host of its shadow root, else null. */
function getParent(node: Element) {
  const root = node.getRootNode();
  return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}
