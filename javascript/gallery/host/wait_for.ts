/** Waits for something that the host puts into its page. */

/** Wait until `find` returns an element, and return the element, null if `signal` is aborted first.
 * @param find called now and at each change of the page */
export function waitFor<T extends Element>(
  find: () => T | null,
  signal: AbortSignal,
): Promise<T | null> {
  const element = find();
  if (element || signal.aborted) return Promise.resolve(element);
  return new Promise((resolve) => {
    const end = (element: T | null) => {
      changes.disconnect();
      resolve(element);
    };
    const changes = new MutationObserver(() => {
      const element = find();
      if (element) end(element);
    });
    changes.observe(document.documentElement, { attributes: true, childList: true, subtree: true });
    signal.addEventListener("abort", () => end(null));
  });
}
