/** Turns pointers, wheel and pinches into gestures on an image. */

import { preventFlicks } from "../core/dom";
import type { Slide } from "./slide";
import { dragPose, limitPose, type Point, type Pose, pinchPose, toggleZoom, zoomAt } from "./zoom";

/** Points are from the element's middle, in CSS pixels. */
export interface Handlers {
  isGesture: (event: PointerEvent) => boolean; // whether a press is a gesture
  // whether the browser drags the pressed element, which is no gesture
  isNativeDrag?: (event: PointerEvent | DragEvent) => boolean;
  dragStart: (axis: "x" | "y") => void;
  drag: (by: Point) => void; // by: distance since the start of the drag
  dragEnd: (end: { by: Point; speed: Point }) => void; // speed in pixels a millisecond
  pinchStart: (point: Point) => void;
  pinch: (factor: number, point: Point) => void; // factor: since its start
  pinchEnd: () => void;
  tap: (event: MouseEvent, isTouch: boolean) => void;
  doubleTap: (point: Point, isTouch: boolean) => void; // called after a `tap`
  wheel: (factor: number, point: Point) => void; // factor: relative to the current zoom
}

export const SLOP = 8; // pixels that a finger may tremble
const DOUBLE_TAP = 300; // ms
const SPEED_OVER = 100; // ms before the finger left, over which its speed is taken
const WHEEL_LINE = 40; // pixels, as browsers scroll for one line

export class Gestures {
  #fingers = new Map<number, Point>();
  #start: Point = { x: 0, y: 0 };
  #trail: { x: number; y: number; time: number }[] = [];
  #doing: "" | "drag" | "pinch" | "done" = "";
  #pinchDistance = 1; // between the fingers when the pinch began
  #lastTap: { time: number; point: Point; isTouch: boolean } = {
    time: 0,
    point: { x: 0, y: 0 },
    isTouch: false,
  };

  constructor(
    readonly element: HTMLElement,
    readonly handlers: Handlers,
    signal: AbortSignal,
  ) {
    element.addEventListener("pointerdown", (event) => this.#onDown(event), { signal });
    element.addEventListener("pointermove", (event) => this.#onMove(event), { signal });
    element.addEventListener("pointerup", (event) => this.#onUp(event), { signal });
    element.addEventListener("pointercancel", (event) => this.#onUp(event), { signal });
    preventFlicks(element, signal, () => this.#doing !== "");
    element.addEventListener("click", (event) => this.#onClick(event), { signal });
    element.addEventListener("wheel", (event) => this.#onWheel(event), { signal, passive: false });
    // The browser's own drag would end the pointer's events.
    const keepDrag = (event: DragEvent) => {
      if (this.#fingers.size > 0 || !handlers.isNativeDrag?.(event)) event.preventDefault();
    };
    element.addEventListener("dragstart", keepDrag, { signal });
    // A finger that rests opens a menu: moving and lifting it does no more.
    const stop = () => {
      this.#doing = "done";
    };
    element.addEventListener("longpress", stop, { signal });
  }

  #onDown(event: PointerEvent) {
    if (event.pointerType === "mouse" && event.button !== 0) return;
    if (this.#fingers.size === 0) this.#doing = "";
    if (!this.handlers.isGesture(event)) return;
    if (event.pointerType === "mouse" && this.handlers.isNativeDrag?.(event)) return;
    if (this.#fingers.size > 1) return;
    this.#fingers.set(event.pointerId, this.#getPoint(event));
    if (this.#fingers.size === 2) this.#startPinch();
    else {
      this.#start = this.#getPoint(event);
      this.#trail = [{ ...this.#start, time: event.timeStamp }];
    }
  }

  #onMove(event: PointerEvent) {
    if (!this.#fingers.has(event.pointerId)) return;
    const point = this.#getPoint(event);
    this.#fingers.set(event.pointerId, point);
    if (this.#doing === "pinch") {
      const { distance, middle } = this.#twoFingers();
      return this.handlers.pinch(distance / this.#pinchDistance, middle);
    }
    if (this.#doing === "done") return;
    this.#trail.push({ ...point, time: event.timeStamp });
    const by = subtractPoints(point, this.#start);
    if (this.#doing === "" && !this.#startDrag(by, event)) return;
    this.handlers.drag(by);
  }

  #startDrag(by: Point, event: PointerEvent) {
    if (Math.hypot(by.x, by.y) < SLOP) return false;
    this.#doing = "drag";
    // only now: a captured pointer's click would go to the element, not to a video's controls
    this.element.setPointerCapture(event.pointerId);
    this.handlers.dragStart(Math.abs(by.x) > Math.abs(by.y) ? "x" : "y");
    return true;
  }

  #startPinch() {
    if (this.#doing === "drag") this.#endDrag({ x: 0, y: 0 });
    this.#doing = "pinch";
    for (const id of this.#fingers.keys()) this.element.setPointerCapture(id);
    const { distance, middle } = this.#twoFingers();
    this.#pinchDistance = Math.max(distance, 1);
    this.handlers.pinchStart(middle);
  }

  #twoFingers() {
    const [one, two] = [...this.#fingers.values()];
    const distance = Math.hypot(one.x - two.x, one.y - two.y);
    return { distance, middle: { x: (one.x + two.x) / 2, y: (one.y + two.y) / 2 } };
  }

  #onUp(event: PointerEvent) {
    if (!this.#fingers.delete(event.pointerId)) return;
    if (this.#doing === "pinch") {
      this.#doing = "done"; // the finger that stays on pans nothing
      this.handlers.pinchEnd();
    } else if (this.#doing === "drag") {
      this.#doing = "done";
      this.#endDrag(
        event.type === "pointercancel" ? { x: 0, y: 0 } : this.#getSpeed(event.timeStamp),
      );
    }
  }

  #endDrag(speed: Point) {
    const last = this.#trail.at(-1) ?? this.#start;
    this.handlers.dragEnd({ by: subtractPoints(last, this.#start), speed });
  }

  #getSpeed(now: number) {
    const recent = this.#trail.filter((at) => now - at.time <= SPEED_OVER);
    if (recent.length < 2) return { x: 0, y: 0 };
    const by = subtractPoints(recent[recent.length - 1], recent[0]);
    const time = Math.max(1, now - recent[0].time);
    return { x: by.x / time, y: by.y / time };
  }

  #onClick(event: MouseEvent) {
    if (this.#doing !== "") return;
    const isTouch = event instanceof PointerEvent && event.pointerType !== "mouse";
    const tap = { time: event.timeStamp, point: this.#getPoint(event), isTouch };
    const by = subtractPoints(tap.point, this.#lastTap.point);
    const again = tap.time - this.#lastTap.time < DOUBLE_TAP && Math.hypot(by.x, by.y) < SLOP * 3;
    this.#lastTap = again ? { ...tap, time: 0 } : tap;
    if (again) this.handlers.doubleTap(tap.point, isTouch);
    else this.handlers.tap(event, isTouch);
  }

  #onWheel(event: WheelEvent) {
    event.preventDefault();
    const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE;
    const turned = event.deltaY * (lines ? WHEEL_LINE : 1);
    // a pinch on a touchpad comes as a wheel with Ctrl, in small steps
    this.handlers.wheel(Math.exp(-turned * (event.ctrlKey ? 0.01 : 0.002)), this.#getPoint(event));
  }

  #getPoint(event: MouseEvent): Point {
    const box = this.element.getBoundingClientRect();
    return {
      x: event.clientX - box.left - box.width / 2,
      y: event.clientY - box.top - box.height / 2,
    };
  }
}

function subtractPoints(one: Point, other: Point): Point {
  return { x: one.x - other.x, y: one.y - other.y };
}

/** setPose: zooms and pans the slide. */
type Target = { slide: Slide | undefined; setPose: (pose: Pose, smoothly: boolean) => void };

export class ZoomGestures {
  /** the image's pose when the drag or the pinch began */
  from: Pose = { scale: 1, x: 0, y: 0 };
  #pinchedAt: Point = { x: 0, y: 0 };

  constructor(private readonly target: Target) {}

  /** Remember the image's pose at the start of a drag. */
  dragStart(_axis: "x" | "y") {
    this.#begin();
  }

  /** Pan the image. */
  drag(by: Point) {
    this.#change(({ sizes }) => dragPose(this.from, by, sizes));
  }

  /** Move the image back inside its limits after a drag. */
  dragEnd(_end: { by: Point; speed: Point }) {
    this.#change(({ pose, sizes }) => limitPose(pose, sizes), true);
  }

  /** Remember the image's pose at the start of a pinch. */
  pinchStart(point: Point) {
    this.#begin();
    this.#pinchedAt = point;
  }

  /** Zoom with two fingers by a factor since the start of the pinch. */
  pinch(factor: number, point: Point) {
    this.#change(({ sizes }) => pinchPose(this.from, factor, this.#pinchedAt, point, sizes));
  }

  pinchEnd() {
    this.#change(({ pose, sizes }) => limitPose(pose, sizes), true);
  }

  /** Zoom at the pointer by a factor of the current zoom. */
  wheel(factor: number, point: Point) {
    const isStep = Math.abs(Math.log(factor)) > 0.1; // a notch of a wheel, not a touchpad's flow
    this.#change(({ pose, sizes }) => zoomAt(pose, pose.scale * factor, point, sizes), isStep);
  }

  /** Zoom into a point, or back to the whole image. */
  doubleTap(point: Point, _isTouch: boolean) {
    this.#change(({ pose, sizes }) => toggleZoom(pose, point, sizes), true);
  }

  #begin() {
    this.from = this.target.slide?.pose ?? this.from;
  }

  #change(getPose: (slide: Slide) => Pose, smoothly = false) {
    const { slide } = this.target;
    if (slide) this.target.setPose(getPose(slide), smoothly);
  }
}
