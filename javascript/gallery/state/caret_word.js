/** The word of a search that is being typed: what stands between quotes is one. Pure. */

const BLANK = /\s/;
const QUOTE = /["“”„]/;

/**
 * Where the word begins that the caret stands in or behind.
 *
 * @param {string} text
 * @param {number} caret
 */
function findWordStart(text, caret) {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < caret; at++) {
    const letter = text.charAt(at);
    if (QUOTE.test(letter)) isQuoted = !isQuoted;
    else if (BLANK.test(letter) && !isQuoted) start = at + 1;
  }
  return start;
}

/**
 * @param {string} text
 * @param {number} caret
 */
export function getWordAt(text, caret) {
  return text.slice(findWordStart(text, caret), caret);
}

/**
 * The text with another word in its place, and where the caret is then. A key waits for its value;
 * what is whole gets a blank after it.
 *
 * @param {string} text
 * @param {number} caret
 * @param {string} word
 */
export function replaceWord(text, caret, word) {
  const rest = text.slice(caret).replace(/^\S+/, "").trimStart();
  const begun = text.slice(0, findWordStart(text, caret)) + word + (/[:>]$/.test(word) ? "" : " ");
  return { text: begun + rest, caret: begun.length };
}
