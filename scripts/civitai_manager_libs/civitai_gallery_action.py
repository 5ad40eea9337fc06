"""The plan's names for downloading a gallery's pictures into the cache, as a host calls them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import gradio as gr

from . import civitai, setting, util
from .errors import CivitaiShortcutError
from .ground import thumbnail_url
from .http_client import CivitaiHttpClient
from .library import cache
from .network import download_all, Summary
from .words import messages

__all__ = ["GalleryDownloadManager", "download_images", "download_images_batch"]
__all__ += ["download_images_with_progress", "download_large_image", "get_http_client"]
__all__ += ["pre_loading"]

_LEAST_CHUNK = 1024  # bytes; by smaller pieces a picture would take minutes

_http_client: CivitaiHttpClient | None = None
_http_client_lock = threading.Lock()

ProgressCallback = Callable[[int, int, str], None]  # done, total, words for the user


def get_http_client() -> CivitaiHttpClient:
    """The one client of this process, made when it is first asked for."""
    global _http_client
    with _http_client_lock:
        if _http_client is None:
            _http_client = CivitaiHttpClient()
        return _http_client


def download_images(dn_image_list: Iterable[str] | None) -> Summary:
    """Every URL of the list into the cache; what is not http(s) is passed over."""
    return download_images_with_progress(dn_image_list)


def download_images_with_progress(
    dn_image_list: Iterable[str] | None, progress_callback: ProgressCallback | None = None
) -> Summary:
    """`download_images`, telling after each picture how far it is."""
    summary = _download(_urls(dn_image_list), progress_callback)
    _tell_failures(summary)
    return summary


def download_images_batch(
    dn_image_list: Iterable[str] | None, batch_size: int | None = None
) -> Summary:
    """`download_images` by batches of `batch_size` (None: the setting's).

    There is a pause before a batch when the one before it has asked for anything.
    """
    size = setting.gallery_download_batch_size if batch_size is None else batch_size
    urls = iter(_urls(dn_image_list))
    whole, part = Summary(), Summary()
    while batch := list(islice(urls, max(1, size))):
        if part.saved or part.failed:
            time.sleep(setting.gallery_batch_pause)
        part = _download(batch)
        whole.total += part.total
        whole.saved += part.saved
        whole.skipped += part.skipped
        whole.failed += part.failed
    _tell_failures(whole)
    return whole


def download_large_image(img_url: str, save_path: str, chunk_size: int = 8192) -> bool:
    """One picture in pieces of `chunk_size` bytes (1 KiB or more); False when it fails."""
    client = _our_client()
    if client is None:
        return _download_single_image(img_url, save_path)
    return client.save(img_url, save_path, chunk_size=max(_LEAST_CHUNK, chunk_size))


def pre_loading(usergal_page_url: str | None, paging_information: Any = None) -> None:
    """Bring the thumbnails of the page after this one into the cache, in the background.

    usergal_page_url: the API address of the page on screen. paging_information: a mapping whose
    "totalPageUrls" lists the pages known so far; where that has no next page, the page's own
    answer tells it. Does nothing when the user has switched preloading off.
    """
    if usergal_page_url and setting.usergallery_preloading:
        asked = (usergal_page_url, paging_information)
        name = "gallery-preload"
        threading.Thread(target=_preloaded, args=asked, name=name, daemon=True).start()


class GalleryDownloadManager:
    """Downloads that remember what failed: `failed_downloads` is a list of (url, path)."""

    def __init__(self) -> None:
        self.failed_downloads: list[tuple[str, str]] = []
        self._lock = threading.Lock()

    def download_with_retry(self, img_url: str, save_path: str, max_retries: int = 2) -> bool:
        """One picture, tried again `max_retries` times where that can help."""
        got = _saved_in_tries(img_url, save_path, max_retries)
        asked = (img_url, save_path)
        with self._lock:
            if got and asked in self.failed_downloads:
                self.failed_downloads.remove(asked)
            elif not got and asked not in self.failed_downloads:
                self.failed_downloads.append(asked)
        return got

    def retry_failed_downloads(self) -> int:
        """Try each that failed once more; returns how many came, and keeps the rest listed."""
        return sum(self.download_with_retry(*asked) for asked in list(self.failed_downloads))


def _download_single_image(img_url: str, save_path: str) -> bool:
    """One picture; one that is there already is taken as whole."""
    client = _our_client()
    if client is not None:  # looks for the file itself
        return client.download_file(img_url, save_path)
    return os.path.isfile(save_path) or bool(get_http_client().download_file(img_url, save_path))


def _our_client() -> CivitaiHttpClient | None:
    """The client if it is exactly ours: a stand-in, of whatever kind, promises `download_file`."""
    client = get_http_client()
    return client if type(client) is CivitaiHttpClient else None


def _saved_in_tries(url: str, path: str, max_retries: int) -> bool:
    """Our client tries again by itself, and knows when not to; a stand-in only says False."""
    client = _our_client()
    if client is not None:
        return client.save(url, path, max_retries=max_retries)
    for tried in range(max(0, max_retries) + 1):
        if tried:
            time.sleep(setting.http_retry_delay * 2 ** (tried - 1))
        if _download_single_image(url, path):
            return True
    return False


def _urls(given: Iterable[str] | None) -> list[str]:
    """Each URL once; what else is in the list is passed over."""
    urls = (url for url in given or () if isinstance(url, str) and _is_url(url))
    return list(dict.fromkeys(urls))


def _is_url(text: str) -> bool:
    return text.lower().startswith(("http://", "https://"))


def _download(urls: Iterable[str], progress_callback: ProgressCallback | None = None) -> Summary:
    def told(summary: Summary) -> None:
        if progress_callback is not None:
            done, total = summary.done, summary.total
            words = messages.text("progress", setting.language, done=done, total=total)
            progress_callback(done, total, words)

    summary = download_all(
        urls,
        _download_single_image,
        setting.get_image_url_to_gallery_file,
        setting.gallery_max_concurrent_downloads,
        told,
    )
    cache.trim_soon()
    return summary


def _tell_failures(summary: Summary) -> None:
    if summary.failed:
        count = len(summary.failed)
        words = messages.text("some_failed", setting.language, n=count)
        util.printD(f"[civitai_gallery_action] {words}")
        gr.Warning(words)


def _preloaded(page_url: str, paging_information: Any) -> None:
    try:
        _preload_after(page_url, paging_information)
    except CivitaiShortcutError as error:  # nobody waits for it
        util.printD(f"[civitai_gallery_action] preloading: {error}")


def _preload_after(page_url: str, paging_information: Any) -> None:
    read = getattr(get_http_client(), "get_json", None)  # a stand-in may have none
    if read is None:
        return
    next_url = _listed_after(page_url, paging_information) or _told_after(page_url, read)
    body = read(next_url) if next_url else None
    if body is not None:
        _download([thumbnail_url(image) for image in civitai.page_of(body).images])


def _listed_after(page_url: str, paging_information: Any) -> str:
    known = paging_information if isinstance(paging_information, Mapping) else {}
    urls = known.get("totalPageUrls")
    if not isinstance(urls, (list, tuple)) or page_url not in urls:
        return ""
    following = urls[urls.index(page_url) + 1 :]
    return following[0] if following and isinstance(following[0], str) else ""


def _told_after(page_url: str, read: Callable[[str], Any]) -> str:
    """The same query with the next cursor; the answer's own `nextPage` could lead anywhere."""
    body = read(page_url)
    cursor = civitai.page_of(body).next_cursor if body is not None else None
    if cursor is None:
        return ""
    parts = urlsplit(page_url)
    query = [pair for pair in parse_qsl(parts.query) if pair[0] != "cursor"]
    return urlunsplit(parts._replace(query=urlencode([*query, ("cursor", cursor)])))
