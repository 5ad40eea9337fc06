/** The arithmetic of zoom and pan: the size and position of an image on its stage. Pure. */

/** @typedef {{width: number, height: number}} Size */
/** @typedef {{x: number, y: number}} Point  from the stage's middle, in CSS pixels */
/** @typedef {{scale: number, x: number, y: number}} Pose  scale 1 is one CSS pixel a pixel; x, y: the image's middle from the stage's */

const STEP_IN = 1.5; // of a press of + or -
const MIDDLE = { x: 0, y: 0 };

const MOST_ENLARGED = 2; // a small image is enlarged so much at most
const DEEPEST = 8;
const RESISTANCE = 0.35;

/** The size of an image until its real size is known from the file.
 * @type {Readonly<Size>} */
const UNKNOWN = { width: 1024, height: 1024 };

/** Return an image's size, or a default if the size is unknown.
 * @param {Size} size
 * @returns {Size} */
export function sizeOrDefault(size) {
  return size.width > 0 && size.height > 0 ? size : UNKNOWN;
}

/** Return the scale at which the whole image fits the stage.
 * @param {Size} image
 * @param {Size} stage */
export function getFitScale(image, stage) {
  return Math.min(stage.width / image.width, stage.height / image.height, MOST_ENLARGED);
}

/** Return the largest scale to which an image can be zoomed.
 * @param {Size} image
 * @param {Size} stage */
function getMaxScale(image, stage) {
  return Math.max(DEEPEST, getFitScale(image, stage) * 4);
}

/** Return the pose that shows the whole image in the middle of the stage.
 * @param {Size} image
 * @param {Size} stage
 * @returns {Pose} */
export function fitPose(image, stage) {
  return { scale: getFitScale(image, stage), x: 0, y: 0 };
}

/** Return whether an image is larger than the stage, so that it can be panned.
 * @param {Pose} pose
 * @param {Size} image
 * @param {Size} stage */
export function isZoomed(pose, image, stage) {
  return pose.scale > getFitScale(image, stage) * 1.001;
}

/** Return how far an image may be panned from the middle in each direction, without showing an
 * empty edge.
 * @param {number} scale
 * @param {Size} image
 * @param {Size} stage
 * @returns {Point} */
export function getPanLimits(scale, image, stage) {
  return {
    x: Math.max(0, (image.width * scale - stage.width) / 2),
    y: Math.max(0, (image.height * scale - stage.height) / 2),
  };
}

/** Return the nearest pose within the limits of zooming and panning.
 * @param {Pose} pose
 * @param {Size} image
 * @param {Size} stage
 * @returns {Pose} */
export function limitPose(pose, image, stage) {
  const low = getFitScale(image, stage);
  const scale = clamp(pose.scale, low, getMaxScale(image, stage));
  const far = getPanLimits(scale, image, stage);
  return { scale, x: clamp(pose.x, -far.x, far.x), y: clamp(pose.y, -far.y, far.y) };
}

/** Return the pose at another scale, in which one point of the image stays in place.
 * @param {Pose} pose
 * @param {number} scale
 * @param {Point} point
 * @param {Size} image
 * @param {Size} stage
 * @returns {Pose} */
export function zoomAt(pose, scale, point, image, stage) {
  const to = clamp(scale, getFitScale(image, stage), getMaxScale(image, stage));
  const ratio = to / pose.scale;
  const x = point.x - (point.x - pose.x) * ratio;
  const y = point.y - (point.y - pose.y) * ratio;
  return limitPose({ scale: to, x, y }, image, stage);
}

/** Return the pose during a drag. Beyond its edge, the image moves less than the finger.
 * @param {Pose} pose  at the beginning of the drag
 * @param {Point} by  how far the finger has moved
 * @param {Size} image
 * @param {Size} stage
 * @returns {Pose} */
export function dragPose(pose, by, image, stage) {
  const far = getPanLimits(pose.scale, image, stage);
  return {
    scale: pose.scale,
    x: resistLimit(pose.x + by.x, far.x),
    y: resistLimit(pose.y + by.y, far.y),
  };
}

/** Return the pose during a pinch. The image follows both fingers, and may exceed its limits a
 * little.
 * @param {Pose} pose  at the beginning of the pinch
 * @param {number} factor  of the distance between the fingers
 * @param {Point} start  the point between the fingers at the beginning
 * @param {Point} now  the point between the fingers now
 * @param {Size} image
 * @param {Size} stage
 * @returns {Pose} */
export function pinchPose(pose, factor, start, now, image, stage) {
  const low = getFitScale(image, stage) * 0.7;
  const scale = clamp(pose.scale * factor, low, getMaxScale(image, stage));
  const ratio = scale / pose.scale;
  return {
    scale,
    x: now.x - (start.x - pose.x) * ratio,
    y: now.y - (start.y - pose.y) * ratio,
  };
}

/** Return the pose after a double click: enlarged at the clicked point, or the whole image again.
 * @param {Pose} pose
 * @param {Point} point
 * @param {Size} image
 * @param {Size} stage
 * @returns {Pose} */
export function toggleZoom(pose, point, image, stage) {
  const fit = getFitScale(image, stage);
  if (isZoomed(pose, image, stage)) return fitPose(image, stage);
  const into = fit < 0.7 ? 1 : fit * 2.5;
  return zoomAt(pose, into, point, image, stage);
}

/** Return the value limited to a range.
 * @param {number} value
 * @param {number} low
 * @param {number} high */
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/** Return a value with its excess above `limit` or below `-limit` reduced, so that an image dragged
 * beyond its edge moves less than the finger.
 * @param {number} value
 * @param {number} limit */
function resistLimit(value, limit) {
  const inside = clamp(value, -limit, limit);
  return inside + (value - inside) * RESISTANCE;
}

/** Return the pose after one step of zooming in or out around the middle of the stage.
 * @param {Pose} pose
 * @param {import("../types.js").ZoomStep} how
 * @param {Size} image
 * @param {Size} stage
 * @returns {Pose} */
export function stepZoom(pose, how, image, stage) {
  if (how === "toggle" && isZoomed(pose, image, stage)) return fitPose(image, stage);
  const scales = { in: pose.scale * STEP_IN, out: pose.scale / STEP_IN, toggle: 1 };
  return zoomAt(pose, scales[how], MIDDLE, image, stage);
}
