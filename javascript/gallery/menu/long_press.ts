/** Reports a finger that rests on an image; browsers have no common event for this. */

const REST = 500; // ms
const SLOP = 10; // pixels that a finger may tremble
const ENDS = ["pointerup", "pointercancel"] as const;

/** Dispatch a `longpress` event when a finger rests on a tile or on the open image. The event's
 * detail contains the point and the pointer's id. */
export function reportLongPresses(root: ShadowRoot, signal: AbortSignal) {
  let timer = 0;
  let start = { x: 0, y: 0 };
  let isReported = false;
  const stop = () => window.clearTimeout(timer);
  root.addEventListener(
    "pointerdown",
    (event) => {
      stop(); // a second finger is no rest
      isReported = false;
      if (!(event instanceof PointerEvent) || event.pointerType === "mouse") return;
      const { target, isPrimary, pointerId, clientX: x, clientY: y } = event;
      if (!isPrimary || !(target instanceof Element)) return;
      if (!target.closest("[data-tile], .stage") || target.closest("button")) return;
      start = { x, y };
      const report = () => {
        isReported = true;
        const detail = { x, y, pointerId };
        target.dispatchEvent(new CustomEvent("longpress", { bubbles: true, detail }));
      };
      timer = window.setTimeout(report, REST);
    },
    { signal, capture: true },
  );
  root.addEventListener(
    "pointermove",
    (event) => {
      if (!(event instanceof PointerEvent)) return;
      if (Math.hypot(event.clientX - start.x, event.clientY - start.y) > SLOP) stop();
    },
    { signal },
  );
  for (const type of ENDS) root.addEventListener(type, stop, { signal });
  // Else the finger's end is a click, on whatever lies there by then.
  const end = (event: Event) => isReported && event.preventDefault();
  root.addEventListener("touchend", end, { signal, passive: false });
  signal.addEventListener("abort", stop);
}
