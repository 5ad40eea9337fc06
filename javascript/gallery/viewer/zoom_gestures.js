/** Zooms and pans an image by gestures: two fingers, the wheel, a double tap, a drag. */

import { dragPose, limitPose, pinchPose, toggleZoom, zoomAt } from "./zoom.js";

/** @import { Slide } from "./slide.js" */
/** @import { Point, Pose } from "./zoom.js" */
/** @typedef {{slide: Slide | undefined, setPose: (pose: Pose, smoothly: boolean) => void}} Target  setPose: zooms and pans the slide */

export class ZoomGestures {
  /** @type {Pose} the image's pose when the drag or the pinch began */
  from = { scale: 1, x: 0, y: 0 };
  /** @type {Point} */
  #pinchedAt = { x: 0, y: 0 };
  #target;

  /** @param {Target} target */
  constructor(target) {
    this.#target = target;
  }

  /** Remember the image's pose at the start of a drag. @param {"x" | "y"} _axis  the drag's axis */
  dragStart(_axis) {
    this.#begin();
  }

  /** Pan the image. @param {Point} by  distance since the start of the drag */
  drag(by) {
    this.#change(({ sizes }) => dragPose(this.from, by, sizes));
  }

  /** Move the image back inside its limits after a drag. @param {{by: Point, speed: Point}} _end */
  dragEnd(_end) {
    this.#change(({ pose, sizes }) => limitPose(pose, sizes), true);
  }

  /** Remember the image's pose at the start of a pinch. @param {Point} point  between the fingers */
  pinchStart(point) {
    this.#begin();
    this.#pinchedAt = point;
  }

  /** Zoom the image with two fingers.
   * @param {number} factor  since the start of the pinch
   * @param {Point} point  between the fingers */
  pinch(factor, point) {
    this.#change(({ sizes }) => pinchPose(this.from, factor, this.#pinchedAt, point, sizes));
  }

  pinchEnd() {
    this.#change(({ pose, sizes }) => limitPose(pose, sizes), true);
  }

  /** Zoom at the pointer.
   * @param {number} factor  relative to the current zoom
   * @param {Point} point  of the pointer */
  wheel(factor, point) {
    this.#change(({ pose, sizes }) => zoomAt(pose, pose.scale * factor, point, sizes));
  }

  /** Zoom into a point, or back to the whole image.
   * @param {Point} point
   * @param {boolean} _isTouch  whether a finger has tapped */
  doubleTap(point, _isTouch) {
    this.#change(({ pose, sizes }) => toggleZoom(pose, point, sizes), true);
  }

  #begin() {
    this.from = this.#target.slide?.pose ?? this.from;
  }

  /** Zoom and pan the slide, if there is one.
   * @param {(slide: Slide) => Pose} getPose  returns the new pose of the slide
   * @param {boolean} [smoothly]  whether to animate the change */
  #change(getPose, smoothly = false) {
    const { slide } = this.#target;
    if (slide) this.#target.setPose(getPose(slide), smoothly);
  }
}
