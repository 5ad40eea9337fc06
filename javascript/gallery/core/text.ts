/** Texts: in the user's language, formatted, split and copied. */

import type { Translate } from "../types";
import { el } from "./dom";

let language: string | undefined; // until the server has told it, the browser's

/** Write numbers and dates in this language from now on. */
export function setLanguage(shown: string | undefined) {
  language = shown;
}

export function getLanguage() {
  return language;
}

/** Cached, for creating a format takes longer than using it a thousand times. */
const formats = new Map<string, Intl.NumberFormat>();

/** Format a number. With the notation "compact", 12,000 becomes 12K. */
export function formatNumber(value: number, notation: "standard" | "compact" = "standard") {
  const key = `${language} ${notation}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language, { notation });
    formats.set(key, format);
  }
  return format.format(value);
}

/** Format an ISO 8601 date, with the time unless `hasTime` is false; "" if it is invalid. */
export function formatDate(iso: string, hasTime = true): string {
  const time = new Date(iso);
  if (!iso || Number.isNaN(time.getTime())) return "";
  const timeStyle = hasTime ? "short" : undefined;
  return time.toLocaleString(language, { dateStyle: "medium", timeStyle });
}

/** The infotext field that tells when an image was made, not how. */
export const CREATED = "Created Date";

/** Return the value of an infotext field as it is shown: a date in the user's language. */
export function formatParameter(name: string, value: string) {
  return (name === CREATED && formatDate(value)) || value;
}

/** Format a number of bytes in kB, MB or GB, "" for 0. */
export function formatBytes(size: number) {
  if (!size) return "";
  const step = size < 1e6 ? 1 : size < 1e9 ? 2 : 3;
  const number = size / 1024 ** step;
  const digits = number < 10 ? 1 : 0;
  return `${formatNumber(Number(number.toFixed(digits)))} ${["kB", "MB", "GB"][step - 1]}`;
}

/** Return the parts of a name that a line may break between: a browser would cut words instead. */
export function splitName(name: string) {
  return name.split(/(?<=[_\-.])/).flatMap((part, at) => (at ? [el("wbr"), part] : [part]));
}

const encoder = new TextEncoder();

/** Yield parts of a list of limited size. A larger entry is a part of its own. */
export function* splitBySize<T>(entries: readonly T[], mostBytes: number): Generator<T[]> {
  let part: T[] = [];
  let size = 0;
  for (const entry of entries) {
    const bytes = encoder.encode(JSON.stringify(entry)).length + 1; // and a comma
    if (part.length && size + bytes > mostBytes) {
      yield part;
      part = [];
      size = 0;
    }
    part.push(entry);
    size += bytes;
  }
  if (part.length) yield part;
}

/** Return 32 random hexadecimal digits; `crypto.randomUUID` exists only over HTTPS. */
export function makeUuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The messages until the server has sent any: English, Traditional and Simplified Chinese. */
const FIRST: Record<string, [string, string, string]> = {
  problem_offline: [
    "This page's server does not answer. The page continues by itself once it does.",
    "本頁面的伺服器沒有回應，恢復後會自動繼續。",
    "本页面的服务器没有响应，恢复后会自动继续。",
  ],
  server_slow: [
    "This page's server has not answered yet.",
    "本頁面的伺服器還沒有回應。",
    "本页面的服务器还没有响应。",
  ],
  problem_login: [
    "The WebUI wants you to log in again: please reload this page.",
    "需要重新登入 WebUI：請重新整理這個網頁。",
    "需要重新登录 WebUI：请刷新这个网页。",
  ],
  problem_bad_answer: [
    "The answer could not be read.",
    "收到看不懂的回應。",
    "收到无法理解的响应。",
  ],
  problem_other: [
    "The server answered with an error ({code}).",
    "伺服器回應錯誤（{code}）。",
    "服务器返回错误（{code}）。",
  ],
  do_retry: ["Try again", "再試一次", "再试一次"],
  do_reload: ["Reload", "重新載入", "重新加载"],
  reading: ["Loading…", "載入中…", "加载中…"],
};

const PLACE = /\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}/g; // {n}, or {n:picture|pictures}

/** Return a function that returns the message for a key, with values filled in. An unknown key
 * itself is made readable.
 * @param catalogue returns the messages by key, undefined until the server has sent them */
export function makeTranslate(catalogue: () => Record<string, string> | undefined): Translate {
  const language = navigator.language.toLowerCase();
  const column = !language.startsWith("zh") ? 0 : /hans|cn|sg|my/.test(language) ? 2 : 1;
  return (key, values = {}) => {
    const text = catalogue()?.[key] ?? FIRST[key]?.[column] ?? humanizeKey(key);
    return text.replace(PLACE, (whole, name, one, more) => {
      const given = values[name] ?? whole;
      const value = typeof given === "number" ? formatNumber(given) : String(given);
      if (one === undefined) return value;
      return value === "1" ? one : more;
    });
  };
}

function humanizeKey(key: string) {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
