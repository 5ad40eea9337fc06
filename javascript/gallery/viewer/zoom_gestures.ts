/** Zooms and pans an image by gestures: two fingers, the wheel, a double tap, a drag. */

import type { Slide } from "./slide";
import { dragPose, limitPose, type Point, type Pose, pinchPose, toggleZoom, zoomAt } from "./zoom";

/** setPose: zooms and pans the slide. */
type Target = { slide: Slide | undefined; setPose: (pose: Pose, smoothly: boolean) => void };

export class ZoomGestures {
  /** the image's pose when the drag or the pinch began */
  from: Pose = { scale: 1, x: 0, y: 0 };
  #pinchedAt: Point = { x: 0, y: 0 };
  #target;

  constructor(target: Target) {
    this.#target = target;
  }

  /** Remember the image's pose at the start of a drag.
   * @param _axis the drag's axis */
  dragStart(_axis: "x" | "y") {
    this.#begin();
  }

  /** Pan the image.
   * @param by distance since the start of the drag */
  drag(by: Point) {
    this.#change(({ sizes }) => dragPose(this.from, by, sizes));
  }

  /** Move the image back inside its limits after a drag. */
  dragEnd(_end: { by: Point; speed: Point }) {
    this.#change(({ pose, sizes }) => limitPose(pose, sizes), true);
  }

  /** Remember the image's pose at the start of a pinch.
   * @param point between the fingers */
  pinchStart(point: Point) {
    this.#begin();
    this.#pinchedAt = point;
  }

  /** Zoom the image with two fingers.
   * @param factor since the start of the pinch
   * @param point between the fingers */
  pinch(factor: number, point: Point) {
    this.#change(({ sizes }) => pinchPose(this.from, factor, this.#pinchedAt, point, sizes));
  }

  pinchEnd() {
    this.#change(({ pose, sizes }) => limitPose(pose, sizes), true);
  }

  /** Zoom at the pointer.
   * @param factor relative to the current zoom
   * @param point of the pointer */
  wheel(factor: number, point: Point) {
    this.#change(({ pose, sizes }) => zoomAt(pose, pose.scale * factor, point, sizes));
  }

  /** Zoom into a point, or back to the whole image.
   * @param _isTouch whether a finger has tapped */
  doubleTap(point: Point, _isTouch: boolean) {
    this.#change(({ pose, sizes }) => toggleZoom(pose, point, sizes), true);
  }

  #begin() {
    this.from = this.#target.slide?.pose ?? this.from;
  }

  /** Zoom and pan the slide, if there is one.
   * @param getPose returns the new pose of the slide
   * @param smoothly whether to animate the change */
  #change(getPose: (slide: Slide) => Pose, smoothly: boolean = false) {
    const { slide } = this.#target;
    if (slide) this.#target.setPose(getPose(slide), smoothly);
  }
}
