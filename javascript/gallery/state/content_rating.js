/** Decides which images are blurred because of their content rating. */

import { getSetting } from "./state.js";

/** @import { State } from "../types.js" */

const LEVELS = ["None", "Soft", "Mature", "X", "XXX"];

/** Return whether an image is blurred: its content rating is above the limit in the settings, and
 * the user has not uncovered it.
 * @param {Pick<State, "bootstrap" | "revealed">} state
 * @param {Pick<import("../types.js").View, "id" | "level">} view */
export function isBlurred({ bootstrap, revealed }, { id, level }) {
  const highest = LEVELS.indexOf(String(getSetting(bootstrap, "blur_level") ?? "XXX"));
  return highest >= 0 && LEVELS.indexOf(level) > highest && !revealed.has(id);
}
