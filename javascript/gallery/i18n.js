/** The page's messages, in the language that the server chose for this browser. */

/** What must be said before the server has sent any. @type {Record<string, [string, string]>} */
const FIRST = {
  problem_offline: [
    "The WebUI does not answer. This page goes on by itself when it is back.",
    "WebUI 沒有回應。它恢復後這裡會自動繼續。",
  ],
  problem_login: [
    "The WebUI wants you to log in again: please reload this page.",
    "需要重新登入 WebUI：請重新整理這個網頁。",
  ],
  do_retry: ["Try again", "再試一次"],
  do_reload: ["Reload", "重新載入"],
  reading: ["Loading…", "載入中…"],
};

const PLACE = /\{(\w+)(?::([^{}|]*)\|([^{}|]*))?\}/g; // {n}, or {n:picture|pictures}

/** Return the function that looks up a message and fills in its values.
 * @param {() => Record<string, string> | undefined} catalogue
 * @returns {import("./types.js").Words} */
export function makeWords(catalogue) {
  const chinese = navigator.language.startsWith("zh") ? 1 : 0;
  return (key, values = {}) => {
    const text = catalogue()?.[key] ?? FIRST[key]?.[chinese] ?? humanizeKey(key);
    return text.replace(PLACE, (whole, name, one, more) => {
      const value = String(values[name] ?? whole);
      if (one === undefined) return value;
      return value === "1" ? one : more;
    });
  };
}

/** Turn the key of an unknown message into a readable text. @param {string} key */
function humanizeKey(key) {
  const words = key.replaceAll("_", " ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
