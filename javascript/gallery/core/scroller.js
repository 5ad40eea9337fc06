/** What scrolls a node: the window, or what the host scrolls in its place. */

/**
 * @param {Element} node
 * @returns {Element}
 */
function findScroller(node) {
  for (let at = getParent(node); at && at !== document.body; at = getParent(at)) {
    const { overflowY } = getComputedStyle(at);
    const canScroll = overflowY === "auto" || overflowY === "scroll";
    if (canScroll && at.scrollHeight > at.clientHeight) return at;
  }
  return document.scrollingElement ?? document.documentElement;
}

/**
 * At once: a host's `scroll-behavior: smooth` would fetch all that it passes.
 * @param {Element} node  something in what scrolls
 * @param {number} pixels
 */
export function scrollBy(node, pixels) {
  if (pixels) findScroller(node).scrollBy({ top: pixels, behavior: "instant" });
}

/** @param {Element} node */
function getParent(node) {
  const root = node.getRootNode();
  return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}
