/** The parts of the details: each shows one thing about a picture, and copies it by a click. */

import { button, el } from "../core/dom.js";
import { momentOf } from "../core/format.js";
import { icon } from "../core/icons.js";
import { longText } from "../core/long_text.js";
import { parameterName } from "../state/state.js";

/** @typedef {import("../types.js").Context} Context */
/** @typedef {import("../types.js").PictureRecord} PictureRecord */
/** @typedef {import("../types.js").View} View */

/**
 * Who, when, how well liked: known before the record comes.
 *
 * @param {Context} context
 * @param {View} view
 * @param {PictureRecord} [record]
 */
export function about(context, view, record) {
  if (!view.kind) return el("header"); // nothing is known of it but its id
  const { store, words } = context;
  const { hello } = store.get();
  const level = hello?.choices.level.find((choice) => choice.value === view.level)?.label;
  return el(
    "header",
    { class: "about" },
    author(context, view, record),
    el(
      "p",
      { class: "dim" },
      ...joined([momentOf(view.date, hello?.language), sizeOf(view), record?.extension]),
    ),
    el(
      "p",
      { class: "chips" },
      level && el("span", { class: "tag", title: words("rating") }, level),
      view.gone &&
        el("span", {
          class: "tag",
          text: words("gone_since", { date: momentOf(view.gone, hello?.language) }),
        }),
      view.base_model && el("span", { class: "tag", dir: "auto" }, view.base_model),
      el("span", { class: "tag", title: reactionsOf(view, record) }, icon("heart"), view.reactions),
    ),
  );
}

/**
 * @param {Context} context
 * @param {View} view
 * @param {PictureRecord} [record]
 */
function author({ words, acts }, view, record) {
  if (!view.user) return el("p", { class: "author dim" }, words("anonymous"));
  const open = el("button", {
    type: "button",
    "data-do": "open-user",
    dir: "auto",
    title: words("see_creator", { user: view.user }),
    text: view.user,
    on: {
      click() {
        acts.close();
        void acts.openUser(view.user);
      },
    },
  });
  const profile = record?.user_page ? outside(record.user_page, "", "on-civitai-user") : null;
  profile?.setAttribute("aria-label", words("see_on_civitai"));
  return el("p", { class: "author" }, open, profile);
}

/**
 * @param {Context} context
 * @param {string} name  of the deed and of the words
 * @param {string} text
 */
export function prose(context, name, text) {
  if (!text) return null;
  const { words } = context;
  const body = longText(text, words);
  copiesByClick(context, body, text);
  return el("section", { class: name }, titled(context, words(name), `copy-${name}`, text), body);
}

/**
 * @param {Context} context
 * @param {[string, string][]} rows
 */
export function table(context, rows) {
  if (!rows.length) return null;
  const { words, store } = context;
  const { hello } = store.get();
  const all = rows.map(([name, value]) => `${name}: ${value}`).join(", ");
  const lines = rows.flatMap(([field, value]) => {
    const name = parameterName(hello, field);
    return [
      el("dt", { dir: "auto" }, name),
      el("dd", {}, copyButton(context, value, words("copy_of", { name }))),
    ];
  });
  return el(
    "section",
    { class: "parameters" },
    titled(context, words("parameters"), "copy-parameters", all),
    el("dl", {}, ...lines),
  );
}

/** @param {PictureRecord} record */
export function problems(record) {
  if (!record.problems.length) return null;
  const lines = record.problems.map((problem) => el("li", { dir: "auto" }, problem));
  return el("section", { class: "problems" }, icon("warning"), el("ul", {}, ...lines));
}

/**
 * @param {Context} context
 * @param {PictureRecord} record
 */
export function places({ words }, record) {
  return el(
    "section",
    { class: "places" },
    record.page && outside(record.page, words("see_on_civitai"), "on-civitai"),
    record.post_page && outside(record.post_page, words("its_post"), "post"),
    record.saved_path &&
      el(
        "p",
        { class: "dim" },
        words("saved_at"),
        " ",
        el("bdi", { class: "path" }, record.saved_path),
      ),
  );
}

/**
 * @param {Context} context
 * @param {string} title
 * @param {string} deed
 * @param {string} text
 */
function titled({ words, acts }, title, deed, text) {
  const copy = button(
    { deed, icon: icon("copy"), words: words("copy_of", { name: title }), isBare: true },
    () => void acts.copy(text),
  );
  return el("div", { class: "title" }, el("h3", {}, title), copy);
}

/**
 * @param {Context} context
 * @param {string} value
 * @param {string} name
 */
function copyButton({ acts }, value, name) {
  const copy = el(
    "button",
    { type: "button", class: "value", title: name, dir: "auto" },
    clipped(value),
  );
  copy.addEventListener("click", () => void acts.copy(value));
  return copy;
}

/**
 * For the mouse only: the button beside the title is there for everyone. What one selects in the
 * text is left alone.
 *
 * @param {Context} context
 * @param {HTMLElement} body
 * @param {string} text
 */
function copiesByClick({ acts }, body, text) {
  body.classList.add("copies");
  body.addEventListener("click", (event) => {
    const isControl = event.target instanceof HTMLButtonElement;
    if (!isControl && getSelection()?.isCollapsed !== false) void acts.copy(text);
  });
}

/**
 * @param {string} url
 * @param {string} text
 * @param {string} [deed]
 */
export function outside(url, text, deed) {
  const safe = /^https?:\/\//.test(url);
  if (!safe) return el("bdi", {}, text);
  const props = { href: url, target: "_blank", rel: "noopener noreferrer", "data-do": deed };
  return el("a", props, el("bdi", {}, text), icon("external"));
}

/** @param {View} view */
function sizeOf({ width, height }) {
  return width > 0 && height > 0 ? `${width} × ${height}` : "";
}

/**
 * @param {View} view
 * @param {PictureRecord} [record]
 */
function reactionsOf(view, record) {
  if (!record) return String(view.reactions);
  return `👍 ${record.likes}  ❤ ${record.hearts}  😄 ${record.laughs}  😢 ${record.cries}`;
}

/** @param {(string | undefined)[]} parts */
function joined(parts) {
  return parts
    .filter(Boolean)
    .flatMap((part, at) => (at ? [" · ", el("bdi", {}, part)] : [el("bdi", {}, part)]));
}

/** A value of a parameter may be as long as a prompt. @param {string} value */
function clipped(value) {
  return value.length > 400 ? `${value.slice(0, 400)}…` : value;
}
