/** Which pictures stay blurred until they are asked for. */

/** @typedef {import("./types.js").State} State */

const LEVELS = ["None", "Soft", "Mature", "X", "XXX"];

/**
 * @param {Pick<State, "hello" | "bared">} state
 * @param {Pick<import("./types.js").View, "id" | "level">} view
 */
export function isBlurred({ hello, bared }, { id, level }) {
  const setting = hello?.settings.find((one) => one.name === "blur_level");
  const highest = LEVELS.indexOf(String(setting?.value ?? "XXX"));
  return highest >= 0 && LEVELS.indexOf(level) > highest && !bared.has(id);
}
