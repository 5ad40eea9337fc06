/** The header of the open gallery: its name, its filters, what can be done with it, and folded below,
 * what the model is. */

import type { ModelView } from "../contract";
import { button, el, fill, icon, observeSize, setLabel } from "../core/dom";
import { type MenuItem, makeItem, makeMenuButton } from "../core/menu";
import { formatNumber } from "../core/text";
import { makeLimitField, makePopover, makeToolbar } from "../core/widgets";
import { GetModel } from "../details/file_controls";
import { makePermissions } from "../details/sections";
import { getModelTypeName, makeNeedsQuery } from "../state/model_files";
import { getSource, getWatchKey } from "../state/query";
import { getPost, getSetting, getShown } from "../state/state";
import type { Context, State, Where } from "../types";
import { getGalleryName } from "./chips";
import type { Filters } from "./filters";

const LIMIT = "gallery_download_limit";

class DownloadOptions {
  #limit;
  #all;
  #popover;
  /** Opens the options. */
  trigger;

  /** @param other a button below which the options open on a narrow page, where their own button
   *     is hidden */
  constructor(
    private readonly context: Context,
    other: HTMLElement,
  ) {
    const { store, translate, root, signal } = context;
    const setting = store.get().bootstrap?.settings.find((one) => one.name === LIMIT);
    const [value, high] = [Number(setting?.value ?? 100), setting?.high ?? null];
    const limit = { name: "limit", label: "download_most", value, high };
    this.#limit = makeLimitField(translate, limit);
    const label = translate("do_download_marked");
    this.#all = button(
      { action: "download-all", icon: "download", label: "", class: "primary" },
      () => this.#start(Number(this.#limit.max)),
    );
    this.trigger = button({ action: "download-options", icon: "download", label }, () => {
      const { images, ended } = store.get();
      const key = ended && images.length ? "download_all_n" : "download_whole";
      setLabel(this.#all, translate(key, { n: formatNumber(images.length) }));
    });
    this.#popover = makePopover(
      this.trigger,
      {
        id: "download-options",
        label,
        getAnchor: () => (this.trigger.getClientRects().length ? this.trigger : other),
      },
      this.#makeForm(),
    );
    root.append(this.#popover);
    // a changed setting, or the length of a list; what the user has typed stays otherwise
    const getMost = ({ bootstrap, total }: State) => total ?? getSetting(bootstrap, LIMIT);
    const showMost = (now: State) => {
      this.#limit.value = String(getMost(now));
    };
    store.on([getMost], showMost, { signal });
  }

  #makeForm() {
    const { translate } = this.context;
    const look = { action: "download-gallery", label: translate("do_download_marked") };
    const start = button(look, () =>
      this.#limit.reportValidity() ? this.#start(this.#limit.valueAsNumber) : undefined,
    );
    const submit = (event: Event) => {
      event.preventDefault();
      start.click();
    };
    return el(
      "form",
      { class: "download-options", on: { submit } },
      this.#all,
      el("label", {}, el("span", { text: translate("download_most") }), this.#limit),
      start,
    );
  }

  #start(limit: number) {
    this.#popover.hidePopover();
    return this.context.actions.downloadGallery(limit);
  }
}

const MOST_WORDS = 24; // trigger words in sight
/** What has no words, by the room that there is: `data-signs` of the header's line. */
const SIGNS = ["", "figures", "figures author", "figures actions", "figures author actions"];

export class GalleryHeader {
  #section = el("section", { class: "gallery-header", hidden: true });
  #title = el("div", { class: "title" });
  #links = el("div", { class: "model-links" });
  #line = el("div", { class: "line" });
  #facts = el("p", { class: "row" });
  #triggerWords = el("div", { class: "trigger-words row", role: "group" });
  #licence = el("div", { class: "licence" });
  #description = el("p", { dir: "auto" });
  #tags = el("p", { class: "row" });
  #about = el("div", { class: "about", hidden: true });
  #unfold;
  #watch;
  #stats;
  #download;
  #actions = el("div", { class: "actions" });
  #waited: number | null | undefined; // the model whose name was not known at first

  /** @param header the page's header, which the section is appended to */
  constructor(
    private readonly context: Context,
    header: HTMLElement,
    { element: filters, sizeSlider, sortNote, heldBack }: Filters,
  ) {
    const { store, translate, actions, signal } = context;
    this.#unfold = button(
      { action: "about", icon: "fold", label: translate("about_model"), class: "unfold quiet" },
      () => this.#showAbout(this.#about.hidden === true),
    );
    this.#watch = button(
      {
        action: "watch",
        icon: "bell",
        label: translate("do_watch"),
        title: translate("watch_hint"),
      },
      () => actions.toggleWatch(),
    );
    this.#stats = button(
      { action: "figures", icon: "stats", label: translate("stats_title") },
      () => actions.panel("stats"),
    );
    const more = makeMenuButton(context, "gallery-menu", "open_more", () => this.#listMenu());
    this.#download = new DownloadOptions(context, more).trigger;
    const get = new GetModel(context).element;
    this.#actions.append(get, this.#watch, this.#stats, this.#download);
    this.#triggerWords.setAttribute("aria-label", translate("trained_words"));
    const links = [this.#links, this.#unfold]; // behind the filters, which they must not move
    this.#line.append(this.#title, filters, ...links, this.#actions, more, sizeSlider);
    makeToolbar(this.#line, translate("toolbar_gallery"), signal);
    for (const one of [this.#line, this.#title, get])
      observeSize(one, () => this.#fitWords(), signal);
    this.#about.append(
      this.#facts,
      this.#triggerWords,
      this.#description,
      this.#licence,
      this.#tags,
    );
    this.#section.append(this.#line, sortNote, heldBack, this.#about);
    header.append(this.#section);
    const keys = ["where", "model", "title", "total", "results"] as const;
    store.on([...keys, getPost], (now) => this.#draw(now), { signal });
    store.on(["model", getPost], (now) => this.#drawAbout(now), { signal });
    store.on(["watches", "where"], (now) => this.#drawWatch(now), { signal });
    // last: the chips and the buttons have been drawn
    store.on(["where", "loadedWords", "widened", "watches"], () => this.#fitWords(), { signal });
    this.#draw(store.get());
    this.#drawAbout(store.get());
    this.#drawWatch(store.get());
  }

  #draw(now: State) {
    const { where, model, results } = now;
    this.#section.hidden = !getSource(where) || results !== null;
    if (this.#section.hidden) return;
    this.#stats.hidden = where.model === null && !where.images;
    this.#section.toggleAttribute("data-model", where.model !== null);
    this.#download.hidden = where.search !== null;
    this.#drawTitle(now);
    this.#drawTriggerWords(model, where.version);
    const isWaiting = where.model !== null && !model && !now.title;
    this.#section.toggleAttribute("data-waits", isWaiting);
    // the room of an unknown name is kept for the name
    if (isWaiting) this.#waited = where.model;
    this.#section.toggleAttribute("data-waited", this.#waited === where.model);
  }

  /** Show in words what there is room for in one row, beside the model's name and the chips. */
  #fitWords() {
    const getWidth = (one: Element) => one.getBoundingClientRect().width;
    const room = getWidth(this.#line);
    this.#line.setAttribute("data-measured", ""); // as wide as its contents
    for (const name of this.#title.children)
      this.#title.style.setProperty("--name", `${Math.ceil(getWidth(name))}px`);
    for (const signs of SIGNS) {
      this.#line.dataset.signs = signs;
      if (getWidth(this.#line) <= room) break;
    }
    this.#line.removeAttribute("data-measured");
  }

  #drawTitle(now: State) {
    const { translate } = this.context;
    const { where, model, bootstrap } = now;
    const url = buildGalleryUrl(where, bootstrap?.civitai_url ?? "");
    const name = getGalleryName(now, translate);
    const creator = model?.creator || getPost(now)?.user;
    const heading = el("h2", { class: "one-line", dir: "auto", text: name, title: name });
    const type = model && getModelTypeName(model.type, translate);
    const about = [type, creator].filter(Boolean).join(" · ");
    fill(this.#title, heading);
    const button = creator && this.#makeCreatorButton(creator, about);
    fill(this.#links, button, url && this.#makeLink(url));
    this.#fitWords();
  }

  #makeLink(url: string) {
    const words = this.context.translate("see_on_civitai");
    const props = { class: "button icon quiet", href: url, target: "_blank", rel: "noreferrer" };
    return el(
      "a",
      { ...props, "aria-label": words, title: words, "data-do": "see-on-civitai" },
      icon("external"),
    );
  }

  #makeCreatorButton(user: string, label = user) {
    const { translate, actions } = this.context;
    const title = translate("see_creator", { user });
    return button({ action: "open-user", label, title, class: "quiet" }, () =>
      actions.openUser(user),
    );
  }

  #drawTriggerWords(model: ModelView | null, version: number | null) {
    const { translate, actions } = this.context;
    const shown = (model?.versions ?? []).filter((one) => version === null || one.id === version);
    const triggers = [...new Set(shown.flatMap((one) => one.trained_words))].slice(0, MOST_WORDS);
    this.#triggerWords.hidden = !triggers.length;
    this.#triggerWords.replaceChildren(
      el("span", { class: "dim", text: translate("trained_words") }),
      ...triggers.map((one) => {
        const title = translate("copy_words", { words: one });
        return button({ action: "copy-words", label: one, title, class: "chip" }, () =>
          actions.copy(one),
        );
      }),
    );
  }

  #drawAbout(now: State) {
    const { model } = now;
    const post = getPost(now);
    const { translate } = this.context;
    const { description = "", tags = [], creator = "", licence = [] } = model ?? {};
    fill(
      this.#facts,
      model && makeTag(getModelTypeName(model.type, translate)),
      creator && this.#makeCreatorButton(creator),
      model?.url && this.#makeLink(model.url),
    );
    this.#description.textContent = (description || (post?.text ?? "")).trim();
    this.#licence.hidden = !model;
    this.#licence.replaceChildren(
      el("h3", { text: translate("licence_title") }),
      makePermissions(licence),
      el("p", { class: "dim", text: translate("licence_note") }),
    );
    this.#tags.replaceChildren(...tags.map(makeTag));
    this.#unfold.toggleAttribute("data-empty", !model && !post?.text);
    this.#showAbout(!model && Boolean(post?.text));
  }

  #showAbout(isShown: boolean) {
    this.#about.hidden = !isShown;
    this.#unfold.setAttribute("aria-expanded", String(isShown));
  }

  #drawWatch({ where, watches }: State) {
    const { translate } = this.context;
    const gallery = getWatchKey(where);
    const isWatched = watches?.galleries.some((one) => one.gallery === gallery) ?? false;
    setLabel(this.#watch, translate(isWatched ? "is_watched" : "do_watch"));
    this.#watch.toggleAttribute("data-on", isWatched);
    const isKnown = watches && (watches.galleries.length > 0 || !watches.problem);
    this.#watch.hidden = !gallery || !isKnown;
  }

  /** Return what does not fit on a narrow page, and what is seldom needed. */
  #listMenu(): MenuItem[] {
    const { store, translate, actions } = this.context;
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
    return [...this.#listHiddenButtons(), ...items];
  }

  #listHiddenButtons() {
    const about = this.#unfold.hasAttribute("data-empty") ? [] : [this.#unfold];
    const buttons = [...this.#actions.children, ...about] as HTMLElement[];
    const links = [...this.#links.children] as HTMLElement[];
    return [...buttons, ...links]
      .filter((one) => !one.hidden && !one.getClientRects().length)
      .map((one) => {
        const text = (links.includes(one) ? one.title : one.textContent) ?? "";
        return makeItem(one.dataset.do ?? "", text, () => one.click());
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
