/** The sections of the details: who made the image, its links, prose, parameters and problems. */

import type { ImageDetails, ImageView, PermissionView } from "../contract";
import { el, icon, iconButton } from "../core/dom";
import { type MenuItem, makeItem, makeMenuButton } from "../core/menu";
import { formatDate, formatParameter, splitName } from "../core/text";
import { makeLongText } from "../core/widgets";
import { getParameterLabel } from "../state/state";
import type { Context } from "../types";

/** Return the menu items that hide images: those of an author, if the author is known, and those
 * with a word.
 * @param user the author, "" if unknown */
export function listHideItems(
  { id, user }: { id: number; user: string },
  { translate, actions }: Pick<Context, "translate" | "actions">,
): MenuItem[] {
  const hideOne = () => actions.hide({ kind: "image", text: String(id) });
  const hide = () => actions.hide({ kind: "author", text: user });
  const add = () => actions.openHiddenRules({ isToAdd: true });
  return [
    makeItem("hide-image", translate("hide_image"), hideOne),
    ...(user ? [makeItem("hide-author", translate("hide_author", { user }), hide)] : []),
    makeItem("hide-word", translate("hide_word"), add),
  ];
}

/** Return who made an image and when, and its figures; empty if only its id is known. */
export function makeAbout(
  context: Context,
  view: ImageView,
  record?: ImageDetails,
  stars?: HTMLElement,
) {
  if (!view.kind) return el("header"); // only the id is known
  const { store, translate } = context;
  const { bootstrap } = store.get();
  const size = view.width > 0 && view.height > 0 ? `${view.width} × ${view.height}` : "";
  const level = bootstrap?.choices.level.find((choice) => choice.value === view.level)?.label;
  const facts = [formatDate(view.date), size, record?.extension].filter(Boolean);
  const reactions = record
    ? `👍 ${record.likes}  ❤ ${record.hearts}  😄 ${record.laughs}  😢 ${record.cries}`
    : String(view.reactions);
  const goneSince = translate("gone_since", { date: formatDate(view.last_seen) });
  return el(
    "header",
    { class: "about" },
    makeAuthor(context, view, record),
    el(
      "p",
      { class: "dim one-line small", title: facts.join(" · ") },
      ...facts.flatMap((fact, at) => [at > 0 && " · ", el("bdi", {}, fact)]),
    ),
    el(
      "div",
      { class: "chips row" },
      view.last_seen && el("span", { class: "tag", text: goneSince, title: goneSince }),
      level && el("span", { class: "tag", title: translate("rating") }, level),
      view.base_model && el("span", { class: "tag", dir: "auto" }, view.base_model),
      el("span", { class: "tag", title: reactions }, icon("like"), view.reactions),
      stars,
    ),
  );
}

function makeAuthor(context: Context, view: ImageView, record?: ImageDetails) {
  const { translate, actions } = context;
  if (!view.user) return el("p", { class: "author dim" }, translate("anonymous"));
  const open = el("button", {
    type: "button",
    class: "plain",
    "data-do": "open-user",
    dir: "auto",
    title: translate("see_creator", { user: view.user }),
    text: view.user,
    on: {
      click() {
        actions.close();
        void actions.openUser(view.user);
      },
    },
  });
  const profile = record?.user_url
    ? makeExternalLink(record.user_url, "", "on-civitai-user")
    : null;
  profile?.setAttribute("aria-label", translate("see_on_civitai"));
  const listItems = () => listHideItems(view, context);
  const menu = makeMenuButton(context, "author-menu", "author_menu", listItems);
  return el("p", { class: "author" }, open, profile, menu);
}

/** What is shown of a long prompt, so that the parameters below it are in the window. */
const SHOWN = { prompt: { letters: 290, lines: 6 }, negative: { letters: 110, lines: 2 } };
/** Letters that fit half of the details' width. */
const HALF = { name: 22, value: 15 };

/** Return a section with a prompt, null for an empty prompt. */
export function makeProse(context: Context, name: "prompt" | "negative", text: string) {
  if (!text) return null;
  const { translate } = context;
  const body = makeLongText(text, translate, SHOWN[name]);
  copyOnClick(context, body, text);
  return el(
    "section",
    { class: name },
    makeTitle(context, translate(name), `copy-${name}`, text),
    body,
  );
}

/** Return the generation parameters as a list, null if there are none. */
export function makeParameters(context: Context, rows: [name: string, value: string][]) {
  if (!rows.length) return null;
  const { translate, store } = context;
  const { bootstrap } = store.get();
  const all = rows.map(([name, value]) => `${name}: ${value}`).join(", ");
  const lines = rows.map(([field, stored]) => {
    const value = formatParameter(field, stored);
    const name = getParameterLabel(bootstrap, field);
    const shown = value.length > 400 ? `${value.slice(0, 400)}…` : value; // it may be very long
    const on = { click: () => void context.actions.copy(value) };
    const title = translate("copy_of", { name });
    const props = { type: "button", class: "value plain", title, dir: "auto", on };
    return el(
      "div",
      { class: (name.length > HALF.name || value.length > HALF.value) && "wide" },
      el("dt", { dir: "auto" }, name),
      el("dd", {}, el("button", props, ...splitName(shown))),
    );
  });
  return el(
    "section",
    { class: "parameters" },
    makeTitle(context, translate("parameters"), "copy-parameters", all),
    el("dl", {}, ...lines),
  );
}

/** Return the record's problems; null for none, or without an infotext, said elsewhere. */
export function makeProblems(record: ImageDetails) {
  if (!record.problems.length || record.infotext_source === "none") return null;
  const lines = record.problems.map((problem) => el("li", { dir: "auto" }, problem));
  return el("section", { class: "problems" }, icon("warning"), el("ul", {}, ...lines));
}

const MARKS = { allowed: "check", forbidden: "close", unknown: "help" } as const;

/** Return the list of what the creators of models permit. */
export function makePermissions(licence: readonly PermissionView[]) {
  const lines = licence.map(({ name, state, text }) =>
    el(
      "li",
      { "data-permission": name, "data-state": state, dir: "auto" },
      icon(MARKS[state]),
      text,
    ),
  );
  return el("ul", { class: "permissions stack" }, ...lines);
}

/** Return the links to Civitai and the path of the saved file. */
export function makeLinks({ translate }: Context, record: ImageDetails) {
  return el(
    "section",
    { class: "links row" },
    record.url && makeExternalLink(record.url, translate("see_on_civitai"), "on-civitai"),
    record.post_url && makeExternalLink(record.post_url, translate("its_post"), "post"),
    record.saved_path &&
      el(
        "p",
        { class: "dim" },
        translate("saved_at"),
        " ",
        el("bdi", { class: "path" }, record.saved_path),
      ),
  );
}

function makeTitle(context: Context, title: string, action: string, text: string) {
  const copy = makeCopyIcon(context, title, action, () => text);
  return el("div", { class: "title" }, el("h3", {}, title), copy);
}

/** Return a button that copies a text. */
export function makeCopyIcon(
  { translate, actions }: Context,
  name: string,
  action: string,
  getText: () => string,
) {
  const copy = () => void actions.copy(getText());
  return iconButton(action, "copy", translate("copy_of", { name }), copy, "quiet");
}

/** Copy a text at a click of the mouse on it, unless a part is being selected. */
function copyOnClick({ actions }: Context, body: HTMLElement, text: string) {
  body.classList.add("copies");
  body.addEventListener("click", (event) => {
    const isControl = event.target instanceof HTMLButtonElement;
    if (!isControl && getSelection()?.isCollapsed !== false) void actions.copy(text);
  });
}

/** Return a link that opens in a new tab, or plain text if the URL is not http(s). */
export function makeExternalLink(url: string, text: string, action?: string) {
  const safe = /^https?:\/\//.test(url);
  const name = el("bdi", {}, ...splitName(text));
  if (!safe) return name;
  const target = { href: url, target: "_blank", rel: "noopener noreferrer" };
  const props = { ...target, class: "external", "data-do": action };
  return el("a", props, name, icon("external"));
}
