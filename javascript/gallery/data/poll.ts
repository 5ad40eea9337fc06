/** Repeats requests while the page is visible. */

/** Call an asynchronous function again and again, and when the browser goes online or the page comes
 * to the front. The function is not called while the page is hidden, or while its last call runs.
 * @param pause ms */
export function pollWhileVisible(pause: number, run: () => Promise<void>, signal: AbortSignal) {
  const clock = window.setInterval(runOnReturn(run, signal), pause);
  signal.addEventListener("abort", () => window.clearInterval(clock));
}

/** Call an asynchronous function when the browser goes online or the page comes to the front. Return a
 * function that calls it too, unless the page is hidden or the last call still runs. */
export function runOnReturn(run: () => Promise<void>, signal: AbortSignal) {
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
