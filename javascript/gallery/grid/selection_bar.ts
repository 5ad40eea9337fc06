/** The bar at the window's lower edge: the position in the gallery, or what can be done with the
 * selected images. */

import { button, el, type IconName, iconButton, observeSize, setLabel, setText } from "../core/dom";
import { makeItem, makeMenuButton, openMenu } from "../core/menu";
import { formatNumber } from "../core/text";
import { makeToolbar } from "../core/widgets";
import { canCompare } from "../state/selection";
import { getTiles, type Key, listMarked } from "../state/state";
import type { Context, State } from "../types";

export class SelectionBar {
  #section = el("div", { class: "selection-bar surface", hidden: true });
  #where = el("p", { class: "where" });
  #hidden;
  #count = el("p", { class: "count", role: "status" });
  #unseen = el("p", { class: "dim" });
  #marked;
  #all;
  #back;
  #send;
  #compare;

  constructor(private readonly context: Context) {
    const { root, store, translate, actions, signal } = context;
    this.#compare = this.#makeButton("compare", "compare", "compare_title", () =>
      actions.compare(),
    );
    this.#send = this.#makeButton("send-marked", "send", "do_send", () =>
      actions.sendFrom(this.#send, this.#ids[0]),
    );
    if (!store.get().bootstrap?.host.send_to.length)
      setLabel(this.#send, translate("menu_copy_infotext"));
    this.#hidden = el("button", {
      type: "button",
      class: "plain dim",
      "data-do": "hidden",
      "aria-haspopup": "menu",
      on: { click: () => this.#openHiddenMenu() },
    });
    this.#marked = this.#makeMarkedGroup();
    const top = iconButton("top", "top", translate("to_top"), () => {
      actions.toTop();
      this.#back.focus(); // at the top there is no way up
    });
    this.#back = this.#makeButton("back", "place", "back_to_place", () => void actions.back());
    this.#all = this.#makeButton("mark-all", "check", "do_mark_all", () => actions.markAll());
    this.#section.append(this.#where, this.#hidden, this.#back, this.#all, this.#marked, top);
    makeToolbar(this.#section, translate("toolbar_bar"), signal);
    root.append(el("div", { class: "bar-place" }, this.#section));
    for (const one of [root.host, this.#section]) observeSize(one, () => this.#place(), signal);
    window.addEventListener("resize", () => this.#place(), { signal });
    const keys: Key[] = [getTiles, "marks", "passed", "loading", "ended", "results", "place"];
    store.on([...keys, "hiddenCount", "showsHidden"], (now) => this.#draw(now), context);
  }

  get #ids() {
    return listMarked(this.context.store.get());
  }

  /** Set the style's variables from which the bar's position is computed. */
  #place() {
    const host = this.context.root.host as HTMLElement;
    const { left, width } = host.getBoundingClientRect();
    if (!width) return; // another tab is in front
    host.style.setProperty("--cs-host-center", `${left + width / 2}px`);
    host.style.setProperty("--cs-host-width", `${width}px`);
    host.style.setProperty("--cs-selection-bar-height", `${this.#section.offsetHeight}px`);
  }

  #openHiddenMenu() {
    const { root, translate, actions, store, signal } = this.context;
    const { showsHidden } = store.get();
    const show = () => actions.showHidden(!showsHidden);
    const items = [
      makeItem("show-hidden", translate("show_hidden"), show, { isChecked: showsHidden }),
      makeItem("hidden-rules", translate("hidden_list"), () => actions.openHiddenRules()),
    ];
    openMenu(root, this.#hidden, items, signal);
  }

  #makeButton(action: string, glyph: IconName, key: string, press: () => unknown, look = "quiet") {
    return button({ action, icon: glyph, label: this.context.translate(key), class: look }, press);
  }

  #makeMarkedGroup() {
    const { translate, actions } = this.context;
    const clear = () => actions.markNone();
    const more = makeMenuButton(this.context, "more-marked", "open_more", () => this.#listMore());
    more.classList.remove("icon");
    more.append(el("span", { text: translate("open_more") }));
    return el(
      "div",
      { class: "marked", role: "group", "aria-label": translate("toolbar_marked"), hidden: true },
      iconButton("mark-none", "close", translate("do_mark_none"), clear, "quiet"),
      this.#count,
      this.#unseen,
      this.#makeButton(
        "download-marked",
        "download",
        "do_download_marked",
        () => actions.download(this.#ids),
        "primary",
      ),
      this.#makeButton("favourite-marked", "heart", "do_favourite", () =>
        actions.favourite(this.#ids),
      ),
      this.#send,
      this.#compare,
      this.#makeButton("models-marked", "model", "do_get_models", () =>
        actions.listNeeds(this.#ids),
      ),
      more,
    );
  }

  async #listMore() {
    const { translate, actions } = this.context;
    await actions.findEnginesSoon();
    const collect = () => actions.collect();
    const check = () => actions.checkImages({ ids: this.#ids });
    return [
      ...actions.listTakeOut(this.#ids),
      makeItem("sets-marked", translate("do_add_to_collection"), collect),
      makeItem("mark-all", translate("do_mark_all"), () => actions.markAll()),
      makeItem("copy-list", translate("copy_list"), () => actions.copyList(this.#ids)),
      makeItem("check-images", translate("check_images"), check),
      makeItem("invert", translate("do_invert"), () => actions.invert()),
      ...actions.listMakers(this.#ids).map((item, at) => ({ ...item, startsGroup: !at })),
    ];
  }

  #draw(now: State) {
    const { marks, passed, hiddenCount, showsHidden } = now;
    const shown = getTiles(now);
    const { translate, root } = this.context;
    this.#section.hidden = now.results !== null || (!shown.length && (!marks.size || now.loading));
    root.host.toggleAttribute("data-marking", marks.size > 0 && !this.#section.hidden);
    if (this.#section.hidden) return;
    const counts = {
      at: formatNumber(Math.min(passed, shown.length)),
      n: formatNumber(shown.length),
    };
    this.#where.textContent = translate(now.ended ? "of_all" : "so_far", counts);
    this.#where.toggleAttribute("data-waits", now.loading);
    this.#hidden.hidden = !hiddenCount && !showsHidden;
    this.#hidden.textContent = showsHidden
      ? translate("hidden_shown")
      : translate("hidden_count", { n: formatNumber(hiddenCount) });
    this.#marked.hidden = marks.size === 0;
    this.#all.hidden = marks.size > 0; // in the menu then
    const { length } = this.#ids;
    const unseen = marks.size - length;
    for (const one of this.#marked.querySelectorAll<HTMLElement>("p ~ button"))
      one.hidden = !length;
    this.#send.hidden = length !== 1;
    this.#compare.hidden = !canCompare(this.#ids);
    setText(this.#count, marks.size ? translate("marked_count", { n: formatNumber(length) }) : "");
    this.#unseen.hidden = !unseen;
    this.#unseen.textContent = translate("marked_unseen", { n: formatNumber(unseen) });
    this.#back.hidden = now.place === null;
  }
}
