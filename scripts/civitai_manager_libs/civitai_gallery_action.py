"""Functions that a host calls to download a gallery's images into the cache."""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from . import civitai, setting, util
from .core import run_parallel, thumbnail_url
from .errors import CivitaiShortcutError
from .http_client import CivitaiHttpClient
from .i18n import LANGUAGES, messages
from .library import image_cache

_EXTRA_WORKERS = 2
_MIN_CHUNK = 1024  # bytes; with smaller ones an image would take minutes
_OWN_DOWNLOAD_FILE = CivitaiHttpClient.download_file

_http_client: CivitaiHttpClient | None = None
_http_client_lock = threading.Lock()

ProgressCallback = Callable[[int, int, str], None]  # done, total, message for the user


@dataclass
class DownloadSummary:
    """The numbers of saved, skipped and failed downloads; `failed` has (url, path) pairs."""

    total: int = 0
    saved: int = 0
    skipped: int = 0
    failed: list[tuple[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Return how many downloads have ended."""
        return self.saved + self.skipped + len(self.failed)

    def add(self, other: DownloadSummary) -> None:
        self.total += other.total
        self.saved += other.saved
        self.skipped += other.skipped
        self.failed += other.failed


def __getattr__(name: str) -> Any:
    """Return the module gradio if `name` is `gr`; import it at the first use.

    Importing gradio takes seconds and 80 MB, and the gallery's own server does not need it.
    """
    if name != "gr":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import gradio

    return gradio


def get_http_client() -> CivitaiHttpClient:
    """Return the HTTP client that this process shares; create it at the first call."""
    global _http_client
    with _http_client_lock:
        if _http_client is None:
            _http_client = CivitaiHttpClient()
        return _http_client


def download_images(dn_image_list: Iterable[Any] | None) -> DownloadSummary:
    """Download the images of a list of URLs into the cache, and return the counts.

    The counts are those of the images saved, of those skipped because they were in the cache, and
    of the failed ones. Duplicates are downloaded once. An entry that is not a URL counts as failed.
    """
    return download_images_with_progress(dn_image_list)


def download_images_with_progress(
    dn_image_list: Iterable[Any] | None, progress_callback: ProgressCallback | None = None
) -> DownloadSummary:
    """Download the images of a list of URLs into the cache, report the progress, and return counts.

    The counts are those of saved, skipped (already cached) and failed images. progress_callback:
    called after each image with the number of finished images, the total, and a message for the
    user.
    """
    entries = _list_unique_entries(dn_image_list)
    if entries:
        _log(f"Downloading pictures: {len(entries)}")
    summary = _download(entries, progress_callback)
    _log_summary(summary)
    return summary


def download_images_batch(
    dn_image_list: Iterable[Any] | None, batch_size: int | None = None
) -> DownloadSummary:
    """Download the images of a list of URLs in batches, with a pause between them; return counts.

    The counts are those of saved, skipped (already cached) and failed images. batch_size: URLs in a
    batch, None for the number in the settings. No pause follows a batch whose images were all in
    the cache.
    """
    entries = _list_unique_entries(dn_image_list)
    size = max(1, setting.gallery_download_batch_size if batch_size is None else batch_size)
    batches = [entries[start : start + size] for start in range(0, len(entries), size)]
    if entries:
        _log(f"Downloading pictures: {len(entries)}")
    total, last = DownloadSummary(), DownloadSummary()
    for number, batch in enumerate(batches, start=1):
        if last.saved or last.failed:
            time.sleep(setting.gallery_batch_pause)
        _log(f"Batch {number} of {len(batches)}")
        last = _download(batch)
        total.add(last)
    _log_summary(total)
    return total


def download_large_image(img_url: str, save_path: str, chunk_size: int = 8192) -> bool:
    """Download one image to a path, and return whether a file exists there afterwards.

    An existing file is not downloaded again. chunk_size: bytes to read at once, at least 1024.
    """
    client = get_http_client()
    if not _is_our_client(client):
        return _download_single_image(img_url, save_path)
    return client.save(img_url, save_path, chunk_size=max(_MIN_CHUNK, chunk_size))


def pre_loading(usergal_page_url: str | None, paging_information: Any = None) -> None:
    """Start a background thread that downloads the next page's thumbnails into the cache.

    usergal_page_url: API URL of the page on screen. paging_information: a mapping whose
    "totalPageUrls" lists the URLs of known pages. If the next page is not among them, its URL is
    fetched from Civitai. Do nothing without a URL, or if the settings switch preloading off.
    """
    if usergal_page_url and setting.usergallery_preloading:
        args, name = (usergal_page_url, paging_information), "gallery-preload"
        threading.Thread(target=_preload, args=args, name=name, daemon=True).start()


class GalleryDownloadManager:
    """Downloads images; `failed_downloads` has (URL, path) of each failed one for another try."""

    def __init__(self) -> None:
        self.client = get_http_client()
        self.failed_downloads: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def download_with_retry(self, img_url: str, save_path: str, max_retries: int = 2) -> bool:
        """Download one image with retries, and return whether a file exists at the path afterwards.

        max_retries: number of tries after the first. A failed image is added to `failed_downloads`,
        and removed as soon as a later call succeeds.
        """
        retries = max(0, max_retries)
        if _is_our_client(self.client):
            is_saved = bool(self.client.save(img_url, save_path, max_retries=retries))
        else:
            is_saved = _save(self.client, img_url, save_path)
            for retry in range(retries):
                if is_saved:
                    break
                time.sleep(setting.http_retry_delay * 2**retry)
                is_saved = _save(self.client, img_url, save_path)
        entry = (img_url, save_path)
        with self._lock:
            if is_saved and entry in self.failed_downloads:
                self.failed_downloads.remove(entry)
            elif not is_saved and entry not in self.failed_downloads:
                self.failed_downloads.append(entry)
        return is_saved

    def retry_failed_downloads(self) -> int:
        """Download all images of `failed_downloads` again; return how many succeeded.

        Each image gets two tries. Afterwards `failed_downloads` contains those that failed again.
        """
        with self._lock:
            remaining = list(self.failed_downloads)
            self.failed_downloads.clear()
        saved = 0
        try:
            while remaining:
                saved += self.download_with_retry(*remaining[0], max_retries=1)
                del remaining[0]
        finally:  # after an error: the images that were not tried
            self.failed_downloads += remaining
        return saved


def _is_our_client(client: Any) -> bool:
    return getattr(client.download_file, "__func__", None) is _OWN_DOWNLOAD_FILE


def _download_single_image(img_url: str, save_path: str) -> bool:
    return _save(get_http_client(), img_url, save_path)


def _save(client: Any, url: str, path: str) -> bool:
    return os.path.isfile(path) or bool(client.download_file(url, path))


def _list_unique_entries(entries: Iterable[Any] | None) -> list[Any]:
    """Return the entries in order, without duplicates; None gives []. Entries may be unhashable."""
    return list({e if isinstance(e, str) else (repr(e),): e for e in entries or ()}.values())


def _download(
    entries: Iterable[Any], progress_callback: ProgressCallback | None = None
) -> DownloadSummary:
    wanted = list(entries)
    summary = DownloadSummary(total=len(wanted))
    # Our client limits its requests itself: further threads can write files meanwhile.
    extra = _EXTRA_WORKERS if _is_our_client(get_http_client()) else 0
    workers = setting.gallery_max_concurrent_downloads + extra
    with closing(run_parallel(wanted, _fetch_entry, workers)) as results:
        for entry, outcome in results:
            summary.skipped += outcome == "skipped"
            summary.saved += outcome == "saved"
            if outcome == "failed":
                summary.failed.append((entry, _file_for(entry)))
            if progress_callback is not None:
                now = {"done": summary.done, "total": summary.total}
                message = messages.translate("progress", _choose_language(), **now)
                progress_callback(summary.done, summary.total, message)
    image_cache.trim_soon()
    return summary


def _fetch_entry(entry: Any) -> str:
    """Download an image into the cache; return "saved", "skipped" or "failed"."""
    path = _file_for(entry)
    if os.path.isfile(path):
        return "skipped"
    is_saved = isinstance(entry, str) and _download_single_image(entry, path)
    return "saved" if is_saved else "failed"


def _file_for(entry: Any) -> str:
    return setting.get_image_url_to_gallery_file(entry) if isinstance(entry, str) else ""


def _log(line: str) -> None:
    util.printD(f"[civitai_gallery_action] {line}")


def _choose_language() -> str:
    return setting.language if setting.language in LANGUAGES else "zh-TW"


def _log_summary(summary: DownloadSummary) -> None:
    """Log the counts and each failed image; if an image failed, show a warning in gradio."""
    for entry, _ in summary.failed:
        _log(f"Failed: {util.without_query(entry if isinstance(entry, str) else repr(entry))}")
    if summary.total:
        counts = f"{summary.saved} succeeded, {summary.skipped} already there"
        _log(f"{counts}, {len(summary.failed)} failed")
    if summary.failed:
        gr = sys.modules[__name__].gr  # __getattr__ is not called from inside the module
        gr.Warning(messages.translate("some_failed", _choose_language(), n=len(summary.failed)))


def _preload(page_url: str, paging_information: Any) -> None:
    get_json = getattr(get_http_client(), "get_json", None)  # a stand-in may have none
    if get_json is None:
        return
    try:
        listed_url = _find_next_listed_url(page_url, paging_information)
        next_url = listed_url or _fetch_next_url(page_url, get_json)
        body = get_json(next_url) if next_url else None
        images = civitai.parse_page(body).images if body is not None else ()
        if images:
            _download(_list_unique_entries(map(thumbnail_url, images)))
    except CivitaiShortcutError as error:  # no caller waits for the thread
        _log(f"preloading: {error}")


def _find_next_listed_url(page_url: str, paging_information: Any) -> str:
    information = paging_information if isinstance(paging_information, Mapping) else {}
    urls = information.get("totalPageUrls")
    if not isinstance(urls, (list, tuple)) or page_url not in urls:
        return ""
    following = urls[urls.index(page_url) + 1 :]
    return following[0] if following and isinstance(following[0], str) else ""


def _fetch_next_url(page_url: str, get_json: Callable[[str], Any]) -> str:
    body = get_json(page_url)
    # Not the response's own `nextPage`, which could lead to any host.
    cursor = civitai.parse_page(body).next_cursor if body is not None else None
    if cursor is None:
        return ""
    parts = urlsplit(page_url)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "cursor"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("cursor", cursor)])))
