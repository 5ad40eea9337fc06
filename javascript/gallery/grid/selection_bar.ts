/** The bar at the window's lower edge: the position in the gallery, or what can be done with the
 * selected images. */

import type { ImageView } from "../contract";
import {
  button,
  el,
  type IconName,
  iconButton,
  observeSize,
  setAttribute,
  setDisabled,
  setLabel,
  setText,
} from "../core/dom";
import { makeItem, makeMenuButton, openMenu } from "../core/menu";
import { formatNumber } from "../core/text";
import { makeToolbar } from "../core/widgets";
import { MOST_COMPARED } from "../state/selection";
import { getTiles, isSelecting, type Key, listMarked } from "../state/state";
import type { Context, State } from "../types";

export function addSelectionBar(context: Context) {
  const { actions, root, signal, store, translate } = context;
  const section = el("div", { class: "selection-bar surface row", hidden: true });
  const where = el("p", { class: "where" });
  const count = el("p", { class: "count", role: "status" });
  const unseenNote = el("p", { class: "dim" });
  const compare = makeButton("compare", "compare", "compare_title", () => actions.compare());
  // disabled, it says why
  const explain = () => compare.ariaDisabled === "true" && actions.compare();
  compare.addEventListener("click", explain);
  const send = makeButton("send-marked", "send", "do_send", () =>
    actions.sendFrom(send, listIds()[0]),
  );
  if (!store.get().bootstrap?.host.send_to.length) setLabel(send, translate("menu_copy_infotext"));
  const hidden = el("button", {
    type: "button",
    class: "plain dim",
    "data-do": "hidden",
    "aria-haspopup": "menu",
    on: { click: openHiddenMenu },
  });
  const favourite = makeButton("favourite-marked", "heart", "do_favourite", () =>
    actions.favourite(listIds()),
  );
  const marked = makeMarkedGroup();
  const top = iconButton("top", "top", translate("to_top"), () => {
    actions.toTop();
    back.focus(); // at the top there is no way up
  });
  const back = makeButton("back", "place", "back_to_place", () => void actions.back());
  const select = makeButton("select", "check", "mark_picture", () => actions.startSelecting());
  const all = makeButton("mark-all", "check", "do_mark_all", () => actions.markAll());
  section.append(where, hidden, back, select, marked, all, top);
  makeToolbar(section, translate("toolbar_bar"), signal);
  root.append(el("div", { class: "bar-place" }, section));
  for (const one of [root.host, section]) observeSize(one, place, signal);
  window.addEventListener("resize", place, { signal });
  const keys: Key[] = [
    getTiles,
    "marks",
    "selecting",
    "passed",
    "loading",
    "ended",
    "results",
    "place",
  ];
  store.on([...keys, "hiddenCount", "showsHidden"], draw, context);

  function listIds() {
    return listMarked(store.get());
  }

  function place() {
    const host = root.host as HTMLElement;
    const { left, width } = host.getBoundingClientRect();
    if (!width) return; // another tab is in front
    host.style.setProperty("--cs-host-center", `${left + width / 2}px`);
    host.style.setProperty("--cs-host-width", `${width}px`);
    host.style.setProperty("--cs-selection-bar-height", `${section.offsetHeight}px`);
  }

  function openHiddenMenu() {
    const { showsHidden } = store.get();
    const show = () => actions.showHidden(!showsHidden);
    const items = [
      makeItem("show-hidden", translate("show_hidden"), show, { isChecked: showsHidden }),
      makeItem("hidden-rules", translate("hidden_list"), () => actions.openHiddenRules()),
    ];
    openMenu(root, hidden, items, signal);
  }

  function makeButton(
    action: string,
    glyph: IconName,
    key: string,
    press: () => unknown,
    look = "quiet",
  ) {
    return button({ action, icon: glyph, label: translate(key), class: look }, press);
  }

  function makeMarkedGroup() {
    const clear = () => actions.markNone();
    const more = makeMenuButton(context, "more-marked", "open_more", listMore);
    more.classList.remove("icon");
    more.append(el("span", { text: translate("open_more") }));
    return el(
      "div",
      { class: "marked", role: "group", "aria-label": translate("toolbar_marked"), hidden: true },
      iconButton("mark-none", "close", translate("do_mark_none"), clear, "quiet"),
      count,
      unseenNote,
      makeButton(
        "download-marked",
        "download",
        "do_download_marked",
        () => actions.download(listIds()),
        "primary",
      ),
      favourite,
      send,
      compare,
      makeButton("models-marked", "model", "do_get_models", () => actions.listNeeds(listIds())),
      more,
    );
  }

  async function listMore() {
    await actions.findEnginesSoon();
    const collect = () => actions.collect();
    const check = () => actions.checkImages({ ids: listIds() });
    return [
      ...actions.listTakeOut(listIds()),
      makeItem("sets-marked", translate("do_add_to_collection"), collect),
      makeItem("mark-all", translate("do_mark_all"), () => actions.markAll()),
      makeItem("copy-list", translate("copy_list"), () => actions.copyList(listIds())),
      makeItem("check-images", translate("check_images"), check),
      makeItem("invert", translate("do_invert"), () => actions.invert()),
      ...actions.listMakers(listIds()).map((item, at) => ({ ...item, startsGroup: !at })),
    ];
  }

  function draw(now: State) {
    const { marks, passed, hiddenCount, showsHidden } = now;
    const shown = getTiles(now);
    section.hidden = now.results !== null || (!shown.length && (!marks.size || now.loading));
    const selects = isSelecting(now);
    root.host.toggleAttribute("data-marking", selects && !section.hidden);
    if (section.hidden) return;
    const counts = {
      at: formatNumber(Math.min(passed, shown.length)),
      n: formatNumber(shown.length),
    };
    where.textContent = translate(now.ended ? "of_all" : "so_far", counts);
    where.toggleAttribute("data-waits", now.loading);
    hidden.hidden = !hiddenCount && !showsHidden;
    hidden.textContent = showsHidden
      ? translate("hidden_shown")
      : translate("hidden_count", { n: hiddenCount });
    marked.hidden = !selects;
    select.hidden = selects;
    const { length } = listIds();
    all.hidden = length > 0; // in the menu then
    const unseen = marks.size - length;
    for (const one of marked.querySelectorAll<HTMLElement>("p ~ button")) one.hidden = !length;
    const isLeft = ({ id, favourite }: ImageView) => marks.has(id) && !favourite;
    setAttribute(favourite, "aria-pressed", String(!now.images.some(isLeft))); // takes them out
    send.hidden = length !== 1;
    const isTooMany = length > MOST_COMPARED;
    compare.hidden = length < 2;
    setDisabled(compare, isTooMany);
    compare.title = translate(isTooMany ? "compare_marks" : "compare_title");
    setText(count, selects ? translate("marked_count", { n: length }) : "");
    unseenNote.hidden = !unseen;
    unseenNote.textContent = translate("marked_unseen", { n: unseen });
    back.hidden = now.place === null;
  }
}
