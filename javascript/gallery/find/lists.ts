/** Lists of images that come from outside: pasted, dropped on the page, or opened as files. */

import type { PageContext } from "../actions";
import { receivesKeys, usesKey } from "../core/keys";
import { makeFileField } from "../core/widgets";
import { askCollectionName } from "../details/annotations";
import { acceptDrops } from "../host/drag";
import type { JobRequest } from "../panels/jobs";
import { isList, makeQueryParameters } from "../state/query";
import { getShown } from "../state/state";
import { isAddress } from "./search_rows";

/** Return the actions for lists of images. */
export function makeListActions(context: PageContext) {
  const { parts } = context;
  return {
    /** Let the user choose files with lists of images. */
    chooseList: () => parts.lists.chooseFiles(),
    /** Copy the addresses of images on Civitai, one a line.
     * @param ids omitted: all of the open list or search, or the shown images of a gallery */
    copyList: (ids?: readonly number[]) => parts.lists.copyAddresses(ids),
    /** Save the open list as a collection, whose name the user is asked for. */
    saveList: () => askCollectionName(context, (name) => parts.lists.saveOpenList(name)),
    /** Find out which images are to be had now. */
    checkImages: (of: JobRequest) => parts.jobs.startJob({ ...of, checks: true }),
  };
}

const NAMES = /\.(txt|json|url|html?|csv|md)$/i; // of files that may hold a list
const MOST_BYTES = 20 * 1024 * 1024; // of all files, as the server allows
const MOST_SAVED = 10_000; // images in a request
const DROPPED = ["Files", "text/uri-list", "text/plain"];

function isTextFile({ name, type }: File) {
  return NAMES.test(name) || type.startsWith("text/");
}

/** Return a file's text: UTF-8, or UTF-16 as PowerShell's `>` writes. */
async function readText(file: File) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const isWide = bytes[0] === 0xff && bytes[1] === 0xfe;
  return new TextDecoder(isWide ? "utf-16le" : "utf-8").decode(bytes);
}

export function makeLists(context: PageContext) {
  const { actions, api, page, parts, root, signal, store, toast, translate } = context;
  const accept = ".txt,.json,.url,.html,.htm,.csv,.md";
  const field = makeFileField("list-files", accept, openFiles, true);
  root.append(field);
  acceptDrops(page, DROPPED, open);
  document.addEventListener("paste", onPaste, { signal });

  /** Let the user choose files with lists of images. */
  function chooseFiles() {
    field.click();
  }

  function copyAddresses(ids?: readonly number[]) {
    const { where, bootstrap } = store.get();
    if (!ids && (where.search !== null || where.images)) {
      return actions.copy(api.get(`addresses?${makeQueryParameters(where)}`, context));
    }
    const shown = ids ?? getShown(store.get()).map(({ id }) => id);
    return actions.copy(shown.map((id) => `${bootstrap?.civitai_url}/images/${id}`).join("\n"));
  }

  /** Load the rest of the open list, and add its images to a collection; say how many are left
   * out. The user may stop that: then no image is added. */
  async function saveOpenList(name: string) {
    const { where } = store.get();
    const isReading = () => {
      const { ended, stopped, problems } = store.get();
      return store.get().where === where && !ended && !stopped && !problems.images;
    };
    do await actions.more();
    while (isReading());
    const { images, missing, total, ended, libraryDate } = store.get();
    if (store.get().where !== where || !ended)
      return toast(translate("list_not_saved", { name }), "bad");
    const ids = images.map(({ id }) => id);
    for (let at = 0; at < ids.length; at += MOST_SAVED)
      if (!(await actions.annotate(ids.slice(at, at + MOST_SAVED), { add_to: name }))) return;
    const n = ids.length;
    const others = (total ?? n) - n - missing.length;
    const told = [translate(n ? "collection_filled" : "list_shows_none", { n, name })];
    // Of a list from the library, the others may also be unknown.
    if (others > 0 && libraryDate) told.push(translate("list_reading", { n, total: total ?? n }));
    else if (others > 0) told.push(translate("list_left_out", { n: others }));
    if (missing.length) told.push(translate("report_gone", { n: missing.length }));
    toast(told.join(" · "), n ? "good" : "bad");
  }

  function onPaste(event: ClipboardEvent) {
    const focused = root.activeElement as HTMLInputElement | null;
    if (event.defaultPrevented || !event.clipboardData || !receivesKeys(root.host)) return;
    if (focused && usesKey(focused, "v")) return;
    if (![...event.clipboardData.files].every(isTextFile)) return; // a picture, for the host
    const text = event.clipboardData.getData("text/plain");
    const isForUs = event.clipboardData.files.length > 0 || isAddress(text) || isList(text);
    const isCovered = root.querySelector("dialog[open]") !== null;
    // what is pasted by chance must not close what one looks at, nor lie behind a question
    if (isCovered && (!isForUs || root.querySelector("dialog.ask[open]"))) return;
    open(event.clipboardData);
  }

  function open(transfer: DataTransfer) {
    if (transfer.files.length) return void openFiles([...transfer.files]);
    const uris = transfer.getData("text/uri-list").replace(/^#.*$/gm, "").trim();
    openText(uris || transfer.getData("text/plain"));
  }

  async function openFiles(files: File[]) {
    if (!files.length) return;
    if (!files.every(isTextFile)) return toast(translate("list_no_text"), "bad");
    if (files.reduce((sum, { size }) => sum + size, 0) > MOST_BYTES)
      return toast(translate("list_large"), "bad");
    const texts = await Promise.all(files.map(readText));
    openText(texts.join("\n"));
  }

  /** Open a text: an address as the search does, anything else as a list. */
  function openText(text: string) {
    if (!text.trim()) return;
    actions.panel("");
    actions.close();
    void (isAddress(text) && !isList(text) ? actions.find(text) : parts.navigation.openList(text));
    actions.leadToFound();
  }
  return { chooseFiles, copyAddresses, saveOpenList };
}

export type Lists = ReturnType<typeof makeLists>;
