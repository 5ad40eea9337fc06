/** The arithmetic of zoom and pan: the size and position of an image on its stage. Pure. */

import type { ZoomStep } from "../types";

export type Size = { width: number; height: number };
/** Of an image, and of the area in which the image is shown. */
export type Sizes = { image: Size; stage: Size };

/** From the stage's middle, in CSS pixels. */
export type Point = { x: number; y: number };

/** Scale 1 is one CSS pixel a pixel; x, y: the image's middle from the stage's. */
export type Pose = { scale: number; x: number; y: number };

const STEP_IN = 1.5; // of a press of + or -
const MIDDLE = { x: 0, y: 0 };

const MOST_ENLARGED = 2; // a small image is enlarged so much at most
const DEEPEST = 8;
const RESISTANCE = 0.35;

const UNKNOWN: Readonly<Size> = { width: 1024, height: 1024 };

/** Return an image's size, 1024 × 1024 if it is unknown. */
export function getSizeOrDefault(size: Size): Size {
  return size.width > 0 && size.height > 0 ? size : UNKNOWN;
}

/** Return the scale at which the whole image fits the stage. */
export function getFitScale({ image, stage }: Sizes) {
  return Math.min(stage.width / image.width, stage.height / image.height, MOST_ENLARGED);
}

function getMaxScale(sizes: Sizes) {
  return Math.max(DEEPEST, getFitScale(sizes) * 4);
}

/** Return the pose that shows the whole image in the middle of the stage. */
export function fitPose(sizes: Sizes): Pose {
  return { scale: getFitScale(sizes), x: 0, y: 0 };
}

/** Return whether an image is larger than the stage, so that it can be panned. */
export function isZoomed(pose: Pose, sizes: Sizes) {
  return pose.scale > getFitScale(sizes) * 1.001;
}

/** Return the pose after the size of the image or of the stage has changed: an image that was shown
 * whole is shown whole, a zoomed one keeps its width on the screen. */
export function refitPose(pose: Pose, before: Sizes, now: Sizes): Pose {
  if (!isZoomed(pose, before)) return fitPose(now);
  const scale = (pose.scale * before.image.width) / now.image.width;
  return limitPose({ ...pose, scale }, now);
}

/** Return how far an image may be panned from the middle in each direction, without showing an
 * empty edge. */
export function getPanLimits(scale: number, { image, stage }: Sizes): Point {
  return {
    x: Math.max(0, (image.width * scale - stage.width) / 2),
    y: Math.max(0, (image.height * scale - stage.height) / 2),
  };
}

/** Return the nearest pose within the limits of zooming and panning. */
export function limitPose(pose: Pose, sizes: Sizes): Pose {
  const low = getFitScale(sizes);
  const scale = clamp(pose.scale, low, getMaxScale(sizes));
  const far = getPanLimits(scale, sizes);
  return { scale, x: clamp(pose.x, -far.x, far.x), y: clamp(pose.y, -far.y, far.y) };
}

/** Return the pose at another scale, in which one point of the image stays in place. */
export function zoomAt(pose: Pose, scale: number, point: Point, sizes: Sizes): Pose {
  const to = clamp(scale, getFitScale(sizes), getMaxScale(sizes));
  const ratio = to / pose.scale;
  const x = point.x - (point.x - pose.x) * ratio;
  const y = point.y - (point.y - pose.y) * ratio;
  return limitPose({ scale: to, x, y }, sizes);
}

/** Return the pose during a drag. Beyond its edge, the image moves less than the finger. */
export function dragPose(pose: Pose, by: Point, sizes: Sizes): Pose {
  const far = getPanLimits(pose.scale, sizes);
  return {
    scale: pose.scale,
    x: resistLimit(pose.x + by.x, far.x),
    y: resistLimit(pose.y + by.y, far.y),
  };
}

/** Return the pose during a pinch. The image follows both fingers, and may exceed its limits a
 * little. */
export function pinchPose(
  pose: Pose,
  factor: number,
  start: Point,
  now: Point,
  sizes: Sizes,
): Pose {
  const low = getFitScale(sizes) * 0.7;
  const scale = clamp(pose.scale * factor, low, getMaxScale(sizes));
  const ratio = scale / pose.scale;
  return {
    scale,
    x: now.x - (start.x - pose.x) * ratio,
    y: now.y - (start.y - pose.y) * ratio,
  };
}

/** Return the pose after a double click: enlarged at the clicked point, or the whole image
 * again. */
export function toggleZoom(pose: Pose, point: Point, sizes: Sizes): Pose {
  const fit = getFitScale(sizes);
  if (isZoomed(pose, sizes)) return fitPose(sizes);
  const into = fit < 0.7 ? 1 : fit * 2.5;
  return zoomAt(pose, into, point, sizes);
}

function clamp(value: number, low: number, high: number) {
  return Math.min(Math.max(value, low), high);
}

/** Return the position of a dragged image, which moves less beyond the limit. */
function resistLimit(value: number, limit: number) {
  const inside = clamp(value, -limit, limit);
  return inside + (value - inside) * RESISTANCE;
}

/** Return the pose after zooming around the middle of the stage.
 * @param how "in" or "out": by one step; "toggle": to the whole image if it is larger than the
 *     stage, else to its actual size */
export function stepZoom(pose: Pose, how: ZoomStep, sizes: Sizes): Pose {
  if (how === "toggle" && isZoomed(pose, sizes)) return fitPose(sizes);
  const scales = { in: pose.scale * STEP_IN, out: pose.scale / STEP_IN, toggle: 1 };
  return zoomAt(pose, scales[how], MIDDLE, sizes);
}
