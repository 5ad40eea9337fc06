"""The plan's names for downloading a gallery's pictures into the cache, as a host calls them."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from . import civitai, setting, util
from .core import download_all, DownloadSummary, thumbnail_url
from .errors import CivitaiShortcutError
from .http_client import CivitaiHttpClient
from .i18n import messages
from .library import cache

__all__ = ["GalleryDownloadManager", "download_images", "download_images_batch"]
__all__ += ["download_images_with_progress", "download_large_image", "get_http_client"]
__all__ += ["pre_loading"]

_MORE_WORKERS = 2
_LEAST_CHUNK = 1024  # bytes; by smaller pieces a picture would take minutes

_http_client: CivitaiHttpClient | None = None
_http_client_lock = threading.Lock()

ProgressCallback = Callable[[int, int, str], None]  # done, total, words for the user


def __getattr__(name: str) -> Any:
    """Return gradio as `gr`. It is imported when it is first needed: it takes 80 MB and seconds,
    and our own server needs none of it."""
    if name != "gr":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import gradio

    return gradio


def get_http_client() -> CivitaiHttpClient:
    """The one client of this process, made when it is first asked for."""
    global _http_client
    with _http_client_lock:
        if _http_client is None:
            _http_client = CivitaiHttpClient()
        return _http_client


def download_images(dn_image_list: Iterable[Any] | None) -> DownloadSummary:
    """Every entry of the list into the cache, each once; what is no address counts as failed."""
    return download_images_with_progress(dn_image_list)


def download_images_with_progress(
    dn_image_list: Iterable[Any] | None, progress_callback: ProgressCallback | None = None
) -> DownloadSummary:
    """`download_images`, telling after each picture how far it is."""
    entries = _unique_entries(dn_image_list)
    _log_begin(entries)
    summary = _download(entries, progress_callback)
    _report_end(summary)
    return summary


def download_images_batch(
    dn_image_list: Iterable[Any] | None, batch_size: int | None = None
) -> DownloadSummary:
    """`download_images` by batches of `batch_size` (None: the setting's).

    There is a pause before a batch when the one before it has asked for anything.
    """
    entries = _unique_entries(dn_image_list)
    size = max(1, setting.gallery_download_batch_size if batch_size is None else batch_size)
    batches = [entries[start : start + size] for start in range(0, len(entries), size)]
    _log_begin(entries)
    whole, part = DownloadSummary(), DownloadSummary()
    for number, batch in enumerate(batches, start=1):
        if part.saved or part.failed:
            time.sleep(setting.gallery_batch_pause)
        _log(f"Batch {number} of {len(batches)}")
        part = _download(batch)
        whole.add(part)
    _report_end(whole)
    return whole


def download_large_image(img_url: str, save_path: str, chunk_size: int = 8192) -> bool:
    """One picture in pieces of `chunk_size` bytes (1 KiB or more); False when it fails."""
    saver = _find_saver(get_http_client())
    if saver is None:
        return _download_single_image(img_url, save_path)
    return saver.save(img_url, save_path, chunk_size=max(_LEAST_CHUNK, chunk_size))


def pre_loading(usergal_page_url: str | None, paging_information: Any = None) -> None:
    """Bring the thumbnails of the page after this one into the cache, in the background.

    usergal_page_url: the API address of the page on screen. paging_information: a mapping whose
    "totalPageUrls" lists the pages known so far; where that has no next page, the page's own
    answer tells it. Does nothing when the user has switched preloading off.
    """
    if usergal_page_url and setting.usergallery_preloading:
        asked = (usergal_page_url, paging_information)
        name = "gallery-preload"
        threading.Thread(target=_preload, args=asked, name=name, daemon=True).start()


class GalleryDownloadManager:
    """Downloads by `client` that remember what failed, as (url, path), in `failed_downloads`."""

    def __init__(self) -> None:
        self.client = get_http_client()
        self.failed_downloads: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def download_with_retry(self, img_url: str, save_path: str, max_retries: int = 2) -> bool:
        """One picture, tried again `max_retries` times where that can help."""
        got = _save_with_retries(self.client, img_url, save_path, max(0, max_retries))
        asked = (img_url, save_path)
        with self._lock:
            if got and asked in self.failed_downloads:
                self.failed_downloads.remove(asked)
            elif not got and asked not in self.failed_downloads:
                self.failed_downloads.append(asked)
        return got

    def retry_failed_downloads(self) -> int:
        """Each that failed, with one more try after the first; returns how many came.

        The list is empty meanwhile; what fails again is in it again.
        """
        with self._lock:
            left = list(self.failed_downloads)
            self.failed_downloads.clear()
        came = 0
        try:
            while left:
                came += self.download_with_retry(*left[0], max_retries=1)
                del left[0]
        finally:  # what an error kept from its turn
            self.failed_downloads += left
        return came


class _Saver(Protocol):
    """What a client may offer beyond `download_file`: pieces and tries that the caller names."""

    def save(
        self, url: str, filepath: str, *, chunk_size: int = ..., max_retries: int | None = ...
    ) -> bool: ...


def _find_saver(client: Any) -> _Saver | None:
    """The client, if its `save` stands beside its `download_file` in one class.

    A mock has every attribute, and whoever puts another `download_file` in means it to be used.
    """
    method = getattr(client.download_file, "__func__", None)
    kinds = (vars(kind) for kind in type(client).__mro__)
    offers = (kind.get("download_file") is method and "save" in kind for kind in kinds)
    return client if method is not None and any(offers) else None


def _download_single_image(img_url: str, save_path: str) -> bool:
    """One picture; one that is there already is taken as whole."""
    return _save(get_http_client(), img_url, save_path)


def _save(client: Any, url: str, path: str) -> bool:
    return os.path.isfile(path) or bool(client.download_file(url, path))


def _save_with_retries(client: Any, url: str, path: str, max_retries: int) -> bool:
    """Our client tries again by itself, and knows when not to; a stand-in only says False."""
    saver = _find_saver(client)
    if saver is not None:
        return saver.save(url, path, max_retries=max_retries)
    for tried in range(max_retries + 1):
        if tried:
            time.sleep(setting.http_retry_delay * 2 ** (tried - 1))
        if _save(client, url, path):
            return True
    return False


def _unique_entries(given: Iterable[Any] | None) -> list[Any]:
    """Each entry once, in order; one may be anything, also what has no hash."""
    return list({e if isinstance(e, str) else (repr(e),): e for e in given or ()}.values())


def _download(
    entries: Iterable[Any], progress_callback: ProgressCallback | None = None
) -> DownloadSummary:
    def told(summary: DownloadSummary) -> None:
        if progress_callback is not None:
            done, total = summary.done, summary.total
            words = messages.translate("progress", setting.language, done=done, total=total)
            progress_callback(done, total, words)

    summary = download_all(entries, _fetch_entry, _file_for, _count_workers(), told)
    cache.trim_soon()
    return summary


def _count_workers() -> int:
    """As many as requests at once. Our own client holds to that by itself, and there are more: some
    of them wait for the disk."""
    ours = _find_saver(get_http_client()) is not None
    return setting.gallery_max_concurrent_downloads + (_MORE_WORKERS if ours else 0)


def _fetch_entry(entry: Any, path: str) -> bool:
    """A client takes a text, whatever it says, and judges it; no more than that."""
    return isinstance(entry, str) and _download_single_image(entry, path)


def _file_for(entry: Any) -> str:
    return setting.get_image_url_to_gallery_file(entry) if isinstance(entry, str) else ""


def _log(line: str) -> None:
    util.printD(f"[civitai_gallery_action] {line}")


def _log_begin(entries: list[Any]) -> None:
    if entries:
        _log(f"Downloading pictures: {len(entries)}")


def _report_end(summary: DownloadSummary) -> None:
    """The log's end, and a notice that is seen in a page of gradio's."""
    for entry, _ in summary.failed:
        _log(f"Failed: {util.without_query(entry if isinstance(entry, str) else repr(entry))}")
    if summary.total:
        counts = f"{summary.saved} succeeded, {summary.skipped} already there"
        _log(f"{counts}, {len(summary.failed)} failed")
    if summary.failed:
        gr = sys.modules[__name__].gr  # a module's own code does not see its __getattr__
        gr.Warning(messages.translate("some_failed", setting.language, n=len(summary.failed)))


def _preload(page_url: str, paging_information: Any) -> None:
    try:
        _preload_after(page_url, paging_information)
    except CivitaiShortcutError as error:  # nobody waits for it
        _log(f"preloading: {error}")


def _preload_after(page_url: str, paging_information: Any) -> None:
    read = getattr(get_http_client(), "get_json", None)  # a stand-in may have none
    if read is None:
        return
    next_url = _next_listed_url(page_url, paging_information) or _next_cursor_url(page_url, read)
    body = read(next_url) if next_url else None
    if body is not None:
        _download(
            _unique_entries(thumbnail_url(image) for image in civitai.parse_page(body).images)
        )


def _next_listed_url(page_url: str, paging_information: Any) -> str:
    known = paging_information if isinstance(paging_information, Mapping) else {}
    urls = known.get("totalPageUrls")
    if not isinstance(urls, (list, tuple)) or page_url not in urls:
        return ""
    following = urls[urls.index(page_url) + 1 :]
    return following[0] if following and isinstance(following[0], str) else ""


def _next_cursor_url(page_url: str, read: Callable[[str], Any]) -> str:
    """The same query with the next cursor; the answer's own `nextPage` could lead anywhere."""
    body = read(page_url)
    cursor = civitai.parse_page(body).next_cursor if body is not None else None
    if cursor is None:
        return ""
    parts = urlsplit(page_url)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "cursor"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("cursor", cursor)])))
