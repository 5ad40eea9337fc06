/** The header of the open gallery: its name, its filters, what can be done with it, and folded below,
 * what the model is. */

import type { ModelView } from "../contract";
import { button, el, fill, icon, observeSize, scrollBy, setLabel } from "../core/dom";
import { type MenuItem, makeItem, makeMenuButton } from "../core/menu";
import { makeLimitField, makePopover, makeToolbar } from "../core/widgets";
import { makeGetModel } from "../details/file_controls";
import { makePermissions } from "../details/sections";
import { getModelTypeName, makeNeedsQuery } from "../state/model_files";
import { getGalleryName, getSource, getWatchKey } from "../state/query";
import { getPost, getSetting, getShown } from "../state/state";
import type { Context, State, Where } from "../types";
import type { Filters } from "./filters";

const LIMIT = "gallery_download_limit";

/** @param other a button below which the options open on a narrow page, where their own button
 *     is hidden */
function makeDownloadOptions(context: Context, other: HTMLElement) {
  const { actions, root, signal, store, translate } = context;
  const setting = store.get().bootstrap?.settings.find((one) => one.name === LIMIT);
  const [value, high] = [Number(setting?.value ?? 100), setting?.high ?? null];
  const limit = { name: "limit", label: "download_most", value, high };
  const field = makeLimitField(translate, limit);
  const label = translate("do_download_marked");
  const all = button(
    { action: "download-all", icon: "download", label: "", class: "primary" },
    () => begin(Number(field.max)),
  );
  /** Opens the options. */
  const trigger = button({ action: "download-options", icon: "download", label }, () => {
    const { images, ended } = store.get();
    const key = ended && images.length ? "download_all_n" : "download_whole";
    setLabel(all, translate(key, { n: images.length }));
  });
  const popover = makePopover(
    trigger,
    {
      id: "download-options",
      label,
      getAnchor: () => (trigger.getClientRects().length ? trigger : other),
    },
    makeForm(),
  );
  root.append(popover);
  // a changed setting, or the length of a list; what the user has typed stays otherwise
  const getMost = ({ bootstrap, total }: State) => total ?? getSetting(bootstrap, LIMIT);
  const showMost = (now: State) => {
    field.value = String(getMost(now));
  };
  store.on([getMost], showMost, { signal });

  function makeForm() {
    const look = { action: "download-gallery", label: translate("do_download_marked") };
    const start = button(look, () =>
      field.reportValidity() ? begin(field.valueAsNumber) : undefined,
    );
    const submit = (event: Event) => {
      event.preventDefault();
      start.click();
    };
    return el(
      "form",
      { class: "download-options stack", on: { submit } },
      all,
      el("label", {}, el("span", { text: translate("download_most") }), field),
      start,
    );
  }

  function begin(limit: number) {
    popover.hidePopover();
    return actions.downloadGallery(limit);
  }
  return { trigger };
}

const MOST_WORDS = 24; // trigger words in sight
/** What has no words, by the room that there is: `data-signs` of the header's line. */
const SIGNS = ["", "figures", "figures author", "figures actions", "figures author actions"];

/** @param header the page's header, which the section is appended to */
export function addGalleryHeader(
  context: Context,
  header: HTMLElement,
  { element: filters, sizeSlider, sortNote, heldBack }: Filters,
) {
  const { actions, signal, store, translate } = context;
  const section = el("section", { class: "gallery-header", hidden: true });
  const title = el("div", { class: "title" });
  const modelLinks = el("div", { class: "model-links" });
  const line = el("div", { class: "line" });
  const facts = el("p", { class: "row" });
  const triggerWords = el("div", { class: "trigger-words row", role: "group" });
  const licenceBox = el("div", { class: "licence stack" });
  const descriptionText = el("p", { dir: "auto" });
  const tagRow = el("p", { class: "row" });
  const about = el("div", { class: "about stack", hidden: true });
  const tools = el("div", { class: "actions" });
  let waited: number | null | undefined; // the model whose name was not known at first
  const unfold = button(
    { action: "about", icon: "fold", label: translate("about_model"), class: "unfold quiet" },
    () => showAbout(about.hidden === true),
  );
  const watch = button(
    {
      action: "watch",
      icon: "bell",
      label: translate("do_watch"),
      title: translate("watch_hint"),
    },
    () => actions.toggleWatch(),
  );
  const stats = button({ action: "figures", icon: "stats", label: translate("stats_title") }, () =>
    actions.panel("stats"),
  );
  const more = makeMenuButton(context, "gallery-menu", "open_more", listMenu);
  const download = makeDownloadOptions(context, more).trigger;
  const get = makeGetModel(context).element;
  tools.append(watch, stats, download);
  const first = el("div", { class: "actions" }, get); // it comes late, and must move nothing
  triggerWords.setAttribute("aria-label", translate("trained_words"));
  const links = [modelLinks, unfold]; // behind the filters, which they must not move
  line.append(title, filters, first, ...links, tools, more, sizeSlider);
  makeToolbar(line, translate("toolbar_gallery"), signal);
  for (const one of [line, title, get]) observeSize(one, fitWords, signal);
  about.append(facts, triggerWords, descriptionText, licenceBox, tagRow);
  section.append(line, sortNote, heldBack, about);
  header.append(section);
  const keys = ["where", "model", "title", "total", "results"] as const;
  store.on([...keys, getPost], draw, { signal });
  store.on(["model", getPost], drawAbout, { signal });
  store.on(["watches", "where"], drawWatch, { signal });
  store.on(["isHeaderAway"], foldAbout, { signal });
  // last: the chips and the buttons have been drawn
  const widths = ["where", "loadedWords", "widened", "watches"] as const;
  store.on([...widths, ({ needs }) => needs.gallery], fitWords, { signal });
  draw(store.get());
  drawAbout(store.get());
  drawWatch(store.get());

  function draw(now: State) {
    const { where, model, results } = now;
    section.hidden = !getSource(where) || results !== null;
    if (section.hidden) return;
    stats.hidden = where.model === null && !where.images;
    section.toggleAttribute("data-model", where.model !== null);
    download.hidden = where.search !== null;
    drawTitle(now);
    drawTriggerWords(model, where.version);
    const isWaiting = where.model !== null && !model && !now.title;
    section.toggleAttribute("data-waits", isWaiting);
    // the room of an unknown name is kept for the name
    if (isWaiting) waited = where.model;
    section.toggleAttribute("data-waited", waited === where.model);
  }

  /** Show in words what there is room for in one row, beside the model's name and the chips. */
  function fitWords() {
    const getWidth = (one: Element) => one.getBoundingClientRect().width;
    const room = getWidth(line);
    line.setAttribute("data-measured", ""); // as wide as its contents
    for (const name of title.children)
      title.style.setProperty("--name", `${Math.ceil(getWidth(name))}px`);
    for (const signs of SIGNS) {
      line.dataset.signs = signs;
      if (getWidth(line) <= room) break;
    }
    line.removeAttribute("data-measured");
  }

  function drawTitle(now: State) {
    const { where, model, bootstrap } = now;
    const url = buildGalleryUrl(where, bootstrap?.civitai_url ?? "");
    const name = getGalleryName(now, translate);
    const creator = model?.creator || getPost(now)?.user;
    const heading = el("h2", { class: "one-line", dir: "auto", text: name, title: name });
    const type = model && getModelTypeName(model.type, translate);
    const about = [type, creator].filter(Boolean).join(" · ");
    fill(title, heading);
    const button = creator && makeCreatorButton(creator, about);
    fill(modelLinks, button, url && makeLink(url));
    fitWords();
  }

  function makeLink(url: string) {
    const words = translate("see_on_civitai");
    const props = { class: "button icon quiet", href: url, target: "_blank", rel: "noreferrer" };
    return el(
      "a",
      { ...props, "aria-label": words, title: words, "data-do": "see-on-civitai" },
      icon("external"),
    );
  }

  function makeCreatorButton(user: string, label = user) {
    const title = translate("see_creator", { user });
    return button({ action: "open-user", label, title, class: "quiet" }, () =>
      actions.openUser(user),
    );
  }

  function drawTriggerWords(model: ModelView | null, version: number | null) {
    const shown = (model?.versions ?? []).filter((one) => version === null || one.id === version);
    const triggers = [...new Set(shown.flatMap((one) => one.trained_words))].slice(0, MOST_WORDS);
    triggerWords.hidden = !triggers.length;
    triggerWords.replaceChildren(
      el("span", { class: "dim", text: translate("trained_words") }),
      ...triggers.map((one) => {
        const title = translate("copy_words", { words: one });
        return button({ action: "copy-words", label: one, title, class: "chip" }, () =>
          actions.copy(one),
        );
      }),
    );
  }

  function drawAbout(now: State) {
    const { model } = now;
    const post = getPost(now);
    const { description = "", tags = [], creator = "", licence = [] } = model ?? {};
    fill(
      facts,
      model && makeTag(getModelTypeName(model.type, translate)),
      creator && makeCreatorButton(creator),
      model?.url && makeLink(model.url),
    );
    descriptionText.textContent = (description || (post?.text ?? "")).trim();
    licenceBox.hidden = !model;
    licenceBox.replaceChildren(
      el("h3", { text: translate("licence_title") }),
      makePermissions(licence),
      el("p", { class: "dim", text: translate("licence_note") }),
    );
    tagRow.replaceChildren(...tags.map(makeTag));
    unfold.toggleAttribute("data-empty", !model && !post?.text);
    showAbout(!model && Boolean(post?.text));
  }

  function showAbout(isShown: boolean) {
    about.hidden = !isShown;
    unfold.setAttribute("aria-expanded", String(isShown));
  }

  /** Fold what the model is once it is scrolled away: it must not come back over the images. */
  function foldAbout({ isHeaderAway }: State) {
    if (!isHeaderAway || about.hidden) return;
    const before = header.offsetHeight;
    showAbout(false);
    scrollBy(header, header.offsetHeight - before);
  }

  function drawWatch({ where, watches }: State) {
    const gallery = getWatchKey(where);
    const isWatched = watches?.galleries.some((one) => one.gallery === gallery) ?? false;
    setLabel(watch, translate(isWatched ? "is_watched" : "do_watch"));
    watch.toggleAttribute("data-on", isWatched);
    const isKnown = watches && (watches.galleries.length > 0 || !watches.problem);
    watch.hidden = !gallery || !isKnown;
  }

  /** Return what does not fit on a narrow page, and what is seldom needed. */
  function listMenu(): MenuItem[] {
    const state = store.get();
    const list = makeNeedsQuery({ images: state.where.images });
    const isDisabled = !getShown(state).length;
    const copy = () => actions.copyList();
    const items = [makeItem("copy-list", translate("copy_list"), copy, { isDisabled })];
    if (state.where.images && state.where.search === null) {
      items.push(
        makeItem("save-list", translate("save_list"), () => actions.saveList()),
        makeItem("models-of-list", translate("list_models"), () => actions.listNeeds(list)),
      );
    }
    if (state.where.search !== null) {
      const check = () => actions.checkImages({ query: state.where });
      items.push(makeItem("check-images", translate("check_images"), check));
    }
    return [...listHiddenButtons(), ...items];
  }

  function listHiddenButtons() {
    const about = unfold.hasAttribute("data-empty") ? [] : [unfold];
    const buttons = [get, ...tools.children, ...about] as HTMLElement[];
    const links = [...modelLinks.children] as HTMLElement[];
    return [...buttons, ...links]
      .filter((one) => !one.hidden && !one.getClientRects().length)
      .map((one) => {
        const press = () => one.click();
        if (one === watch)
          return makeItem("watch", translate("do_watch"), press, {
            isChecked: one.hasAttribute("data-on"),
          });
        const text = (links.includes(one) ? one.title : one.textContent) ?? "";
        return makeItem(one.dataset.do ?? "", text, press);
      });
  }
}

function makeTag(text: string) {
  return el("span", { class: "tag", text });
}

function buildGalleryUrl({ model, user, post, tag }: Where, civitai: string) {
  if (model !== null) return `${civitai}/models/${model}`;
  if (post === null && !user && tag) return `${civitai}/images?tags=${Number.parseInt(tag, 10)}`;
  if (user) return `${civitai}/user/${encodeURIComponent(user)}`;
  return post === null ? "" : `${civitai}/posts/${post}`;
}
