/** The page's messages, in the language that the server chose for this browser. */

import type { Translate } from "./types";

/** The messages for the time before the server has sent any: English, Traditional and Simplified
 * Chinese. */
const FIRST: Record<string, [string, string, string]> = {
  problem_offline: [
    "This page's server does not answer; the page goes on by itself when it is back.",
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
      const value = String(values[name] ?? whole);
      if (one === undefined) return value;
      return value === "1" ? one : more;
    });
  };
}

/** Turn the key of an unknown message into readable text. */
function humanizeKey(key: string) {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
