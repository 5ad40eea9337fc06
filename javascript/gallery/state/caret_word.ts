/**
 * Finds and replaces the word at the caret of the search field; a quoted phrase is one word. Pure.
 */

const BLANK = /\s/;
const QUOTE = /["“”„]/;

/** Return the words of a text. Words between quotes are one word. */
export function splitWords(text: string) {
  const words: string[] = [];
  for (let end = text.trimEnd().length; end > 0; ) {
    const start = findWordStart(text, end);
    words.unshift(text.slice(start, end));
    end = text.slice(0, start).trimEnd().length;
  }
  return words;
}

/** Return the index at which the word before the caret begins. */
function findWordStart(text: string, caret: number) {
  let start = 0;
  let isQuoted = false;
  for (let at = 0; at < caret; at++) {
    const letter = text.charAt(at);
    if (QUOTE.test(letter)) isQuoted = !isQuoted;
    else if (BLANK.test(letter) && !isQuoted) start = at + 1;
  }
  return start;
}

/** Return the word at the caret, without its part after the caret. */
export function getWordAt(text: string, caret: number) {
  return text.slice(findWordStart(text, caret), caret);
}

/** Replace the word before the caret, and return the new text and caret. A space is added after the
 * word, unless the word is a key such as "lora:" that needs a value. */
export function replaceWord(text: string, caret: number, word: string) {
  const rest = text.slice(caret).replace(/^\S+/, "").trimStart();
  const begun = text.slice(0, findWordStart(text, caret)) + word + (/[:>]$/.test(word) ? "" : " ");
  return { text: begun + rest, caret: begun.length };
}
