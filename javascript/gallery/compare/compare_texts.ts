/** Finds the words in which texts differ. */

type Part = { text: string; differs: boolean };
/** For each word of two texts, whether it is common. */
type CommonWords = [one: boolean[], other: boolean[]];

const MOST = 1500; // words that are aligned; longer texts are compared as sets of words
// Scripts without blanks are split by letter; a tag or a weight is one word.
const WORD =
  /<[^<>\n]{1,300}>|[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]|[\p{L}\p{N}\p{M}_]+(?:[.'’-][\p{L}\p{N}\p{M}_]+)*|\s+|./gsu;

/** Split each text into parts that all contain in the same order, and parts that differ. */
export function compareTexts(texts: string[]): Part[][] {
  const words = texts.map((text) => text.match(WORD) ?? []);
  const isCommon = words.map((list) => list.map(() => true));
  for (const [at, one] of words.entries()) {
    for (let to = at + 1; to < words.length; to += 1) {
      const [here, there] = markCommon(one, words[to]);
      isCommon[at] = isCommon[at].map((is, word) => is && here[word]);
      isCommon[to] = isCommon[to].map((is, word) => is && there[word]);
    }
  }
  return words.map((list, at) => joinParts(list, isCommon[at]));
}

/** Mark the words that both texts contain in the same order; of long texts, in any order. */
function markCommon(one: string[], other: string[]): CommonWords {
  let start = 0;
  while (start < one.length && start < other.length && one[start] === other[start]) start += 1;
  let end = 0;
  const room = Math.min(one.length, other.length) - start;
  while (end < room && one[one.length - 1 - end] === other[other.length - 1 - end]) end += 1;
  const middle = one.slice(start, one.length - end);
  const across = other.slice(start, other.length - end);
  const isLong = Math.max(middle.length, across.length) > MOST;
  const [here, there] = isLong
    ? [markKnown(middle, across), markKnown(across, middle)]
    : alignWords(middle, across);
  const before = new Array(start).fill(true);
  const after = new Array(end).fill(true);
  return [
    [...before, ...here, ...after],
    [...before, ...there, ...after],
  ];
}

function markKnown(one: string[], other: string[]) {
  const known = new Set(other);
  return one.map((word) => known.has(word));
}

/** Mark the longest common subsequence. A word weighs more than a separator. */
function alignWords(one: string[], other: string[]): CommonWords {
  const width = other.length + 1;
  const heaviest = new Uint16Array((one.length + 1) * width);
  for (let at = one.length - 1; at >= 0; at -= 1) {
    const weight = /[\p{L}\p{N}]/u.test(one[at]) ? 4 : 1;
    for (let to = other.length - 1; to >= 0; to -= 1) {
      const here = at * width + to;
      heaviest[here] =
        one[at] === other[to]
          ? heaviest[here + width + 1] + weight
          : Math.max(heaviest[here + width], heaviest[here + 1]);
    }
  }
  const here = new Array(one.length).fill(false);
  const there = new Array(other.length).fill(false);
  for (let at = 0, to = 0; at < one.length && to < other.length; ) {
    const place = at * width + to;
    if (one[at] === other[to]) {
      here[at++] = true;
      there[to++] = true;
    } else if (heaviest[place + width] >= heaviest[place + 1]) at += 1;
    else to += 1;
  }
  return [here, there];
}

/** Join neighbouring words. A separator between two differing words counts as differing. */
function joinParts(words: string[], isCommon: boolean[]): Part[] {
  const parts: Part[] = [];
  words.forEach((text, at) => {
    const isBetween = !text.trim() && isCommon[at - 1] === false && isCommon[at + 1] === false;
    const differs = !isCommon[at] || isBetween;
    const last = parts.at(-1);
    if (last?.differs === differs) last.text += text;
    else parts.push({ text, differs });
  });
  return parts;
}
