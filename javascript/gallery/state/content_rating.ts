/** Decides which images are blurred because of their content rating. */

import type { State, View } from "../types";
import { getSetting } from "./state";

const LEVELS = ["None", "Soft", "Mature", "X", "XXX"];

/** Return whether an image is blurred: its content rating is above the limit in the settings, and
 * the user has not uncovered it. */
export function isBlurred(
  { bootstrap, revealed }: Pick<State, "bootstrap" | "revealed">,
  { id, level }: Pick<View, "id" | "level">,
) {
  const highest = LEVELS.indexOf(String(getSetting(bootstrap, "blur_level") ?? "XXX"));
  return highest >= 0 && LEVELS.indexOf(level) > highest && !revealed.has(id);
}
