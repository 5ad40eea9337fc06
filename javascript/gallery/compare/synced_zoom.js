/** One place and one zoom for pictures of different sizes. Pure. */

import { bounded, fitScale } from "../viewer/zoom.js";

/** @typedef {import("../viewer/zoom.js").Pose} Pose */
/** @typedef {import("../viewer/zoom.js").Size} Size */
/** @typedef {{larger: number, x: number, y: number}} Sight  larger: than fitted; x, y: how far the picture's middle lies from the stage's, in parts of its own size */

/**
 * In how many columns the pictures are seen largest.
 *
 * @param {Size[]} pictures
 * @param {Size} stage  of all of them
 */
export function columnsFor(pictures, stage) {
  const count = pictures.length;
  const seen = pictures.map((_, at) => {
    const columns = at + 1;
    const rows = Math.ceil(count / columns);
    const cell = { width: stage.width / columns, height: stage.height / rows };
    const areas = pictures.map((one) => one.width * one.height * fitScale(one, cell) ** 2);
    return areas.reduce((sum, area) => sum + area, 0);
  });
  return seen.lastIndexOf(Math.max(...seen)) + 1;
}

/** All of each. @type {Readonly<Sight>} */
export const WHOLE = { larger: 1, x: 0, y: 0 };

/**
 * @param {Pose} pose
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Sight}
 */
export function sightOf(pose, picture, stage) {
  return {
    larger: pose.scale / fitScale(picture, stage),
    x: pose.x / (picture.width * pose.scale),
    y: pose.y / (picture.height * pose.scale),
  };
}

/**
 * The same part of this picture, as large against all of it.
 *
 * @param {Sight} sight
 * @param {Size} picture
 * @param {Size} stage
 * @returns {Pose}
 */
export function poseOf({ larger, x, y }, picture, stage) {
  const scale = larger * fitScale(picture, stage);
  const pose = { scale, x: x * picture.width * scale, y: y * picture.height * scale };
  return larger <= 1 ? { scale, x: 0, y: 0 } : bounded(pose, picture, stage);
}
