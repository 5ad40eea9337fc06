/** Which images stay blurred until they are asked for. */

import { getSetting } from "./state.js";

/** @typedef {import("./state.js").State} State */

const LEVELS = ["None", "Soft", "Mature", "X", "XXX"];

/**
 * @param {Pick<State, "bootstrap" | "revealed">} state
 * @param {Pick<import("../types.js").View, "id" | "level">} view
 */
export function isBlurred({ bootstrap, revealed }, { id, level }) {
  const highest = LEVELS.indexOf(String(getSetting(bootstrap, "blur_level") ?? "XXX"));
  return highest >= 0 && LEVELS.indexOf(level) > highest && !revealed.has(id);
}
