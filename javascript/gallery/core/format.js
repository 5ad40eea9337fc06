/** Formats numbers and times in the user's language. */

/** Cached, for creating a format takes longer than using it a thousand times. @type {Map<string, Intl.NumberFormat>} */
const formats = new Map();

/** Format a number for a language. With the notation "compact", 12,000 becomes 12K.
 * @param {number} value
 * @param {string | undefined} language
 * @param {"standard" | "compact"} [notation] */
export function formatNumber(value, language, notation = "standard") {
  const key = `${language} ${notation}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language, { notation });
    formats.set(key, format);
  }
  return format.format(value);
}

/** Format a date and time, without seconds. Return "" for an invalid time.
 * @param {string} iso  ISO 8601
 * @param {string | undefined} language
 * @returns {string} */
export function formatDate(iso, language) {
  const time = new Date(iso);
  if (!iso || Number.isNaN(time.getTime())) return "";
  return time.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

/** Format a number of bytes in kB, MB or GB, "" for 0.
 * @param {number} size
 * @param {string | undefined} language */
export function formatBytes(size, language) {
  if (!size) return "";
  const step = size < 1e6 ? 1 : size < 1e9 ? 2 : 3;
  const number = size / 1024 ** step;
  const digits = number < 10 ? 1 : 0;
  return `${formatNumber(Number(number.toFixed(digits)), language)} ${["kB", "MB", "GB"][step - 1]}`;
}
