/** Formats numbers and times in the user's language. */

/** Cached, for creating a format takes longer than using it a thousand times. */
const formats: Map<string, Intl.NumberFormat> = new Map();

/** Format a number for a language. With the notation "compact", 12,000 becomes 12K. */
export function formatNumber(
  value: number,
  language: string | undefined,
  notation: "standard" | "compact" = "standard",
) {
  const key = `${language} ${notation}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.NumberFormat(language, { notation });
    formats.set(key, format);
  }
  return format.format(value);
}

/** Format a date and time, without seconds. Return "" for an invalid time.
 * @param iso ISO 8601 */
export function formatDate(iso: string, language: string | undefined): string {
  const time = new Date(iso);
  if (!iso || Number.isNaN(time.getTime())) return "";
  return time.toLocaleString(language, { dateStyle: "medium", timeStyle: "short" });
}

/** Format a number of bytes in kB, MB or GB, "" for 0. */
export function formatBytes(size: number, language: string | undefined) {
  if (!size) return "";
  const step = size < 1e6 ? 1 : size < 1e9 ? 2 : 3;
  const number = size / 1024 ** step;
  const digits = number < 10 ? 1 : 0;
  return `${formatNumber(Number(number.toFixed(digits)), language)} ${["kB", "MB", "GB"][step - 1]}`;
}
