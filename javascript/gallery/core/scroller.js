/** What scrolls a node: the window, or what the host scrolls in its place. */

/**
 * @param {Element} node
 * @returns {Element}
 */
function scrollerOf(node) {
  for (let at = above(node); at && at !== document.body; at = above(at)) {
    const { overflowY } = getComputedStyle(at);
    const canScroll = overflowY === "auto" || overflowY === "scroll";
    if (canScroll && at.scrollHeight > at.clientHeight) return at;
  }
  return document.scrollingElement ?? document.documentElement;
}

/**
 * At once: a host's `scroll-behavior: smooth` would fetch all that it passes.
 *
 * @param {Element} node  something in what scrolls
 * @param {number} pixels
 */
export function scrollBy(node, pixels) {
  if (pixels) scrollerOf(node).scrollBy({ top: pixels, behavior: "instant" });
}

/** @param {Element} node */
function above(node) {
  const root = node.getRootNode();
  return node.parentElement ?? (root instanceof ShadowRoot ? root.host : null);
}
