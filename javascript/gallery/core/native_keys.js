/** Which keys an element uses itself, by what it is: of a text field it is all of them. */

const OWN = {
  press: ["Enter", " "],
  tick: [" "],
  slide: ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End", "PageUp", "PageDown"],
};

/**
 * Whether the focused element needs this key for itself.
 * @param {{localName: string, type?: string, isContentEditable?: boolean}} element
 * @param {string} key
 */
export function isItsOwn(element, key) {
  if (element.isContentEditable) return true;
  switch (element.localName) {
    case "textarea":
    case "select":
      return true;
    case "button":
    case "summary":
    case "a":
      return OWN.press.includes(key);
    case "video":
    case "audio":
      return OWN.tick.includes(key);
    case "input":
      return isInputsOwn(element.type ?? "text", key);
    default:
      return false;
  }
}

/**
 * @param {string} type
 * @param {string} key
 */
function isInputsOwn(type, key) {
  if (type === "checkbox") return OWN.tick.includes(key);
  if (type === "radio") return OWN.tick.includes(key) || OWN.slide.includes(key);
  if (type === "range") return OWN.slide.includes(key);
  if (type === "button" || type === "submit") return OWN.press.includes(key);
  return true;
}
