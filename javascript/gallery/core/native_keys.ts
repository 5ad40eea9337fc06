/** The keys that an element handles itself; a text field handles all keys. */

const PRESS = ["Enter", " "];
const TICK = [" "];
const SLIDE = [
  "ArrowLeft",
  "ArrowRight",
  "ArrowUp",
  "ArrowDown",
  "Home",
  "End",
  "PageUp",
  "PageDown",
];
/** By the name of an element, or the type of an input. */
const KEYS: Record<string, string[]> = {
  a: PRESS,
  button: PRESS,
  submit: PRESS,
  summary: PRESS,
  audio: TICK,
  video: TICK,
  checkbox: TICK,
  radio: [...TICK, ...SLIDE],
  range: SLIDE,
};

/** Return whether a focused element handles a key itself, such as an arrow key in a text field. */
export function usesKey(
  {
    localName,
    type = "text",
    isContentEditable,
  }: { localName: string; type?: string; isContentEditable?: boolean },
  key: string,
) {
  const keys = KEYS[localName === "input" ? type : localName];
  if (keys && !isContentEditable) return keys.includes(key);
  return isContentEditable || ["input", "textarea", "select"].includes(localName);
}
