/** Which pictures stay blurred until they are asked for. */

import { settingOf } from "./state.js";

/** @typedef {import("../types.js").State} State */

const LEVELS = ["None", "Soft", "Mature", "X", "XXX"];

/**
 * @param {Pick<State, "hello" | "bared">} state
 * @param {Pick<import("../types.js").View, "id" | "level">} view
 */
export function isBlurred({ hello, bared }, { id, level }) {
  const highest = LEVELS.indexOf(String(settingOf(hello, "blur_level") ?? "XXX"));
  return highest >= 0 && LEVELS.indexOf(level) > highest && !bared.has(id);
}
