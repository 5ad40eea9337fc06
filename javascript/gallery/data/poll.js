/** Repeats requests while the page is visible. */

/** Call an asynchronous function again and again, and when the browser goes online or the page comes
 * to the front. The function is not called while the page is hidden, or while its last call runs.
 * @param {number} pause  ms
 * @param {() => Promise<void>} run
 * @param {AbortSignal} signal */
export function pollWhileVisible(pause, run, signal) {
  const clock = window.setInterval(runOnReturn(run, signal), pause);
  signal.addEventListener("abort", () => window.clearInterval(clock));
}

/** Call an asynchronous function when the browser goes online or the page comes to the front. Return a
 * function that calls it too, unless the page is hidden or the last call still runs.
 * @param {() => Promise<void>} run
 * @param {AbortSignal} signal */
export function runOnReturn(run, signal) {
  let isBusy = false;
  const poll = async () => {
    if (isBusy || document.hidden) return;
    isBusy = true;
    await run().finally(() => {
      isBusy = false;
    });
  };
  window.addEventListener("online", poll, { signal });
  window.addEventListener("focus", poll, { signal });
  document.addEventListener("visibilitychange", poll, { signal });
  return poll;
}
