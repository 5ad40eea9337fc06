/** The keys that an element handles itself; a text field handles all keys. */

const NATIVE_KEYS = {
  press: ["Enter", " "],
  tick: [" "],
  slide: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"],
};

/** Return whether a focused element handles a key itself, such as an arrow key in a text field.
 * @param {{localName: string, type?: string, isContentEditable?: boolean}} element
 * @param {string} key */
export function usesKey(element, key) {
  if (element.isContentEditable) return true;
  switch (element.localName) {
    case "textarea":
    case "select":
      return true;
    case "button":
    case "summary":
    case "a":
      return NATIVE_KEYS.press.includes(key);
    case "video":
    case "audio":
      return NATIVE_KEYS.tick.includes(key);
    case "input":
      return inputUsesKey(element.type ?? "text", key);
    default:
      return false;
  }
}

/** Return whether an input of this type handles a key itself.
 * @param {string} type
 * @param {string} key */
function inputUsesKey(type, key) {
  if (type === "checkbox") return NATIVE_KEYS.tick.includes(key);
  if (type === "radio") return NATIVE_KEYS.tick.includes(key) || NATIVE_KEYS.slide.includes(key);
  if (type === "range") return NATIVE_KEYS.slide.includes(key);
  if (type === "button" || type === "submit") return NATIVE_KEYS.press.includes(key);
  return true;
}
