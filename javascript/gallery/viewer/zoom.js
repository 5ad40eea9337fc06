/** Where a picture lies on its stage and how large: fitting, zooming, panning. Pure. */

/** @typedef {{width: number, height: number}} Size */
/** @typedef {{x: number, y: number}} Point  of the stage's middle, in CSS pixels */
/** @typedef {{scale: number, x: number, y: number}} Pose  scale 1 is one CSS pixel a pixel; x, y: the picture's middle from the stage's */

const MOST_ENLARGED = 2; // a small picture fills the stage up to here: beyond, it is only blur
const DEEPEST = 8;
const RESISTANCE = 0.35;

/** What a picture of unknown size is shown as until its file tells.
 * @type {Readonly<Size>} */
const UNKNOWN = { width: 1024, height: 1024 };

/**
 * The size to lay out with: a record may say 0 × 0.
 * @param {Size} size
 * @returns {Size}
 */
export function known(size) {
  return size.width > 0 && size.height > 0 ? size : UNKNOWN;
}

/**
 * The scale at which the whole picture is seen.
 * @param {Size} picture
 * @param {Size} stage
 */
export function fitScale(picture, stage) {
  return Math.min(stage.width / picture.width, stage.height / picture.height, MOST_ENLARGED);
}

/**
 * @param {Size} picture
 * @param {Size} stage
 */
function deepestScale(picture, stage) {
  return Math.max(DEEPEST, fitScale(picture, stage) * 4);
}

/**
 * The whole picture in the middle.
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Pose}
 */
export function fitted(picture, stage) {
  return { scale: fitScale(picture, stage), x: 0, y: 0 };
}

/**
 * Larger than fitted, so that a drag pans and does not leaf.
 * @param {Pose} pose
 * @param {Size} picture
 * @param {Size} stage
 */
export function isZoomed(pose, picture, stage) {
  return pose.scale > fitScale(picture, stage) * 1.001;
}

/**
 * How far the middle may lie from the stage's, on each axis: nothing but picture at the edges.
 * @param {number} scale
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Point}
 */
export function reach(scale, picture, stage) {
  return {
    x: Math.max(0, (picture.width * scale - stage.width) / 2),
    y: Math.max(0, (picture.height * scale - stage.height) / 2),
  };
}

/**
 * @param {Pose} pose
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Pose}
 */
export function bounded(pose, picture, stage) {
  const low = fitScale(picture, stage);
  const scale = clamp(pose.scale, low, deepestScale(picture, stage));
  const far = reach(scale, picture, stage);
  return { scale, x: clamp(pose.x, -far.x, far.x), y: clamp(pose.y, -far.y, far.y) };
}

/**
 * Another scale, with what lies under `point` staying there.
 * @param {Pose} pose
 * @param {number} scale
 * @param {Point} point
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Pose}
 */
export function zoomedAt(pose, scale, point, picture, stage) {
  const to = clamp(scale, fitScale(picture, stage), deepestScale(picture, stage));
  const ratio = to / pose.scale;
  const x = point.x - (point.x - pose.x) * ratio;
  const y = point.y - (point.y - pose.y) * ratio;
  return bounded({ scale: to, x, y }, picture, stage);
}

/**
 * Dragged by a finger: beyond an edge it follows less and less willingly.
 * @param {Pose} pose  where it was when the drag began
 * @param {Point} by
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Pose}
 */
export function dragged(pose, by, picture, stage) {
  const far = reach(pose.scale, picture, stage);
  return {
    scale: pose.scale,
    x: resisted(pose.x + by.x, far.x),
    y: resisted(pose.y + by.y, far.y),
  };
}

/**
 * Two fingers: what lay between them stays there, and a little beyond the bounds is allowed.
 * @param {Pose} pose  where it was when they came down
 * @param {number} factor  by which they went apart
 * @param {Point} start  between them then
 * @param {Point} now  between them now
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Pose}
 */
export function pinched(pose, factor, start, now, picture, stage) {
  const low = fitScale(picture, stage) * 0.7;
  const scale = clamp(pose.scale * factor, low, deepestScale(picture, stage));
  const ratio = scale / pose.scale;
  return {
    scale,
    x: now.x - (start.x - pose.x) * ratio,
    y: now.y - (start.y - pose.y) * ratio,
  };
}

/**
 * What a double click does: into the point, or back to the whole.
 * @param {Pose} pose
 * @param {Point} point
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Pose}
 */
export function toggled(pose, point, picture, stage) {
  const fit = fitScale(picture, stage);
  if (isZoomed(pose, picture, stage)) return fitted(picture, stage);
  const into = fit < 0.7 ? 1 : fit * 2.5;
  return zoomedAt(pose, into, point, picture, stage);
}

/**
 * @param {number} value
 * @param {number} low
 * @param {number} high
 */
function clamp(value, low, high) {
  return Math.min(Math.max(value, low), high);
}

/**
 * @param {number} value
 * @param {number} far
 */
function resisted(value, far) {
  const inside = clamp(value, -far, far);
  return inside + (value - inside) * RESISTANCE;
}
