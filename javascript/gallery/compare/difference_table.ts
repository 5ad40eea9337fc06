/** The table of generation data in which compared images differ, with texts compared word by
 * word. */

import type { ImageDetails } from "../contract";
import { el, icon, makePair } from "../core/dom";
import { CREATED, formatParameter } from "../core/text";
import { getParameterLabel } from "../state/state";
import type { Context } from "../types";

type Part = { text: string; differs: boolean };
type Row = { name: string; values: string[]; differs: boolean };
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

/** Compare infotexts field by field. Return a row for each field; an infotext without the field has
 * the value "" in that row.
 * @param names labels of the prompts */
export function compareFields(
  infotexts: { prompt: string; negative: string; parameters: [name: string, value: string][] }[],
  names: { prompt: string; negative: string },
): Row[] {
  const maps = infotexts.map(
    ({ prompt, negative, parameters }) =>
      new Map([[names.prompt, prompt], [names.negative, negative], ...parameters]),
  );
  const all = new Set(maps.flatMap((one) => [...one.keys()]));
  const rows = [...all].map((name) => {
    const values = maps.map((one) => formatParameter(name, one.get(name) ?? ""));
    return { name, values, differs: values.some((value) => value !== values[0]) };
  });
  return rows.filter(({ values }) => values.some(Boolean));
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

/** number: shown on the image; label: the column's head instead of the number and the author. */
export type ComparedData = Pick<
  ImageDetails,
  "user" | "infotext" | "prompt" | "negative" | "parameters"
> & { label?: string; number?: number };

/** Return a table of the fields that differ, and one of the fields that are equal. */
export function makeDifferenceTable({ translate, store }: Context, records: ComparedData[]) {
  const { bootstrap } = store.get();
  const compared = compareFields(records, {
    prompt: translate("prompt"),
    negative: translate("negative"),
  });
  const name = (row: Row) => ({ ...row, name: getParameterLabel(bootstrap, row.name) });
  const isDate = (row: Row) => row.name === CREATED && row.differs;
  const rows = compared.filter((row) => !isDate(row)).map(name);
  const dates = compared.filter(isDate).map(name); // no difference of how they were made
  const different = rows.filter((row) => row.differs);
  const same = rows.filter((row) => !row.differs);
  const lacking = records.filter((record) => !record.infotext).length;
  return [
    lacking ? el("p", { class: "dim" }, translate("compare_lacking", { n: lacking })) : "",
    different.length
      ? makeTable(
          records,
          [...different, ...dates],
          translate("compare_different", { n: different.length }),
        )
      : el("p", {}, translate("compare_no_difference")),
    same.length
      ? el(
          "details",
          { class: "same" },
          el("summary", {}, icon("fold"), translate("compare_same", { n: same.length })),
          el("dl", {}, ...same.map(({ name, values }) => makePair(name, values[0]))),
        )
      : "",
  ];
}

function makeTable(records: ComparedData[], rows: Row[], caption: string) {
  const head = records.map(({ label, number, user }) =>
    el("th", { scope: "col", dir: "auto" }, label ?? number, !label && user && ` · ${user}`),
  );
  return el(
    "table",
    { "data-count": records.length },
    el("caption", {}, caption),
    el("thead", {}, el("tr", {}, el("td"), ...head)),
    el("tbody", {}, ...rows.map((row) => makeRow(row))),
  );
}

function makeRow({ name, values }: Row) {
  const cells = compareTexts(values).map((parts) =>
    el(
      "td",
      { dir: "auto" },
      ...(parts.length
        ? parts.map(({ text, differs }) => el(differs ? "mark" : "span", {}, text))
        : [el("span", { class: "dim" }, "–")]),
    ),
  );
  return el("tr", {}, el("th", { scope: "row" }, name), ...cells);
}
