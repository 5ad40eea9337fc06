"""Pages and pictures of galleries for whoever looks at them, each asked for once."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from .. import civitai, setting, util
from ..civitai import ImageQuery, Page
from ..errors import CivitaiShortcutError
from ..ground import Cancellation, Flights, Image, in_parallel, never, thumbnail_url
from ..http_client import CivitaiHttpClient
from . import cache

__all__ = ["original", "preload", "read_page", "thumbnails"]

_PAGES_KEPT = 60
_FRESH = 600.0  # seconds; Civitai's own edge keeps a page for about five minutes

_Key = tuple[str, ImageQuery, "str | None", int]


class _Pages:
    """The pages read last, for all browser pages: they hold nothing of anyone's own."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: OrderedDict[_Key, tuple[float, Page]] = OrderedDict()
        self._flights: Flights[Page] = Flights()

    def read(self, client: CivitaiHttpClient, key: _Key, cancelled: Cancellation) -> Page:
        with self._lock:
            read_at, page = self._kept.get(key, (0.0, None))
        if page is not None and time.monotonic() - read_at < _FRESH:
            return page
        asked = partial(self._asked, client, key, cancelled)
        return self._flights.join(repr(key), asked, cancelled)

    def _asked(self, client: CivitaiHttpClient, key: _Key, cancelled: Cancellation) -> Page:
        _, query, cursor, size = key
        page = civitai.read_images(client, query, cursor, size, cancelled)
        with self._lock:
            self._kept[key] = (time.monotonic(), page)
            while len(self._kept) > _PAGES_KEPT:
                self._kept.popitem(last=False)
        return page


_pages = _Pages()


def read_page(
    client: CivitaiHttpClient,
    query: ImageQuery,
    cursor: str | None,
    size: int,
    cancelled: Cancellation | None = None,
) -> Page:
    """One page, from a moment ago if it was read then. Raises what the client raises."""
    key = (setting.base_url(), query, cursor, size)
    return _pages.read(client, key, cancelled or never())


def thumbnails(
    client: Any,
    images: Sequence[Image],
    cancelled: Cancellation | None = None,
    urgent: bool = True,
) -> Iterator[list[str | CivitaiShortcutError | None]]:
    """The thumbnail files of `images` in order, None where one is still on its way.

    First at once with what the cache has, then again after each one that arrives or fails, and at
    least five times a second; ends early when it is cancelled.
    """
    wish = cancelled or never()
    urls = [thumbnail_url(image) for image in images]
    paths: list[str | CivitaiShortcutError | None] = [cache.cached(url) for url in urls]
    yield list(paths)

    def fetch(index: int) -> str | CivitaiShortcutError:
        try:
            return cache.fetched(
                urls[index],
                lambda url, path: client.fetch(url, path, cancelled=wish, urgent=urgent),
            )
        except CivitaiShortcutError as error:
            return error

    missing = [index for index, path in enumerate(paths) if path is None]
    width = setting.gallery_max_concurrent_downloads
    for done in in_parallel(missing, fetch, width, wish, ticks=True):
        if done is not None:
            index, paths[index] = done
        yield list(paths)
    if missing:
        cache.trim_soon()


def original(client: Any, image: Image, cancelled: Cancellation | None = None) -> str:
    """The file of the upload itself. Raises what the client raises."""
    path = cache.fetched(
        image.url,
        lambda url, path: client.fetch(url, path, cancelled=cancelled, urgent=True),
    )
    cache.trim_soon()
    return path


def preload(client: Any, query: ImageQuery, cursor: str, size: int) -> None:
    """Bring a page and its thumbnails near, in the background; what fails waits for the user."""
    threading.Thread(target=_preload, args=(client, query, cursor, size), daemon=True).start()


def _preload(client: Any, query: ImageQuery, cursor: str, size: int) -> None:
    try:
        page = read_page(client, query, cursor, size)
        for _ in thumbnails(client, page.images, urgent=False):
            continue
    except CivitaiShortcutError as error:
        util.printD(f"[gallery] preloading: {error}")
