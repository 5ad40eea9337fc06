"""Posts: their titles, their texts, and the order in which the uploader has put the images."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

from .. import civitai, setting
from ..civitai import ImageQuery, Page, Post, walk_pages
from ..core import SingleFlight
from ..errors import Busy, HttpStatusError, InvalidResponse, NetworkError, NotFound, ServerError
from ..network import ApiClient, SendOptions
from .database import select_rows_or_empty, write_later

_FRESH = 86_400.0  # seconds
_PAUSE = 60.0  # seconds after which the route is tried again if it does not say when
# The route has a limit of its own, and the images of a post do not wait for it.
_SENDING = SendOptions(urgent=True, max_retries=0, patience=1.0, pauses_host=False)
_flights: SingleFlight[Post] = SingleFlight()
# Civitai's address: until when it wants no request, by `time.monotonic`.
_limited_until: dict[str, float] = {}
# (Civitai's address, id of a post that it does not have): when it said so, by `time.monotonic`.
_missing: dict[tuple[str, int], float] = {}
_PAGES_AT_ONCE = 10  # beside the first, which are sent together in the uploader's order
_UPLOADERS = "Newest"  # the sort of a post that means the uploader's order: all are of one time


def load_post(client: Any, post_id: int) -> Post | None:
    """Return a post that was fetched in the last day, else fetch and store it.

    If Civitai does not send the post, return the stored one, however old, or None. A post that it
    does not have, or an older version's missing route, is not requested again at this address for
    a day. client: None for no request. Raises Cancelled.
    """
    stored, read_at = _find(post_id)
    is_fresh = stored is not None and 0 <= time.time() - read_at < _FRESH
    now, address = time.monotonic(), setting.base_url()
    key = (address, post_id)
    is_missing = now < _missing.get(key, -_FRESH) + _FRESH
    if client is None or is_fresh or is_missing or now < _limited_until.get(address, 0.0):
        return stored
    limited = ApiClient(client, _SENDING)
    try:
        post = _flights.do(key, lambda: civitai.fetch_post(limited, post_id))
    except NotFound:
        _missing[key] = now
        return stored
    except (HttpStatusError, InvalidResponse, NetworkError) as error:
        if isinstance(error, Busy):
            _limited_until[address] = time.monotonic() + error.seconds
        elif isinstance(error, ServerError) and error.status == 429:
            _limited_until[address] = time.monotonic() + (error.retry_after or _PAUSE)
        return stored
    row = (post.id, time.time(), post.title, post.text, post.user, json.dumps(post.ids))
    sql = "INSERT OR REPLACE INTO posts VALUES (?, ?, ?, ?, ?, ?)"
    write_later(lambda db: db.execute(sql, row))
    return post


def _find(post_id: int) -> tuple[Post | None, float]:
    """Return (stored post, Unix time when it was fetched), (None, 0) if it is not stored.

    An older version has stored an empty post for one that Civitai did not have.
    """
    sql = "SELECT read_at, title, text, username, ids FROM posts WHERE id = ?"
    for read_at, title, text, username, ids in select_rows_or_empty(sql, (post_id,)):
        with suppress(ValueError, TypeError, OverflowError):  # the row is damaged
            post = Post(post_id, title, text, username, tuple(map(int, json.loads(ids))))
            return None if post == Post(post_id, "", "", "", ()) else post, read_at
    return None, 0.0


def read_rest(
    page: Page, query: ImageQuery, post: Post, read_page: Callable[[str | None], Page]
) -> Page:
    """Return a post's first page with the images of the next ten, in the uploader's order.

    Images whose place is not known follow by id. Return the page itself if the query asks for
    another sort. read_page: returns the page at a cursor.
    """
    if query.sort != _UPLOADERS:
        return page
    images = {image.id: image for image in page.images}
    # what fails is requested again when the user comes there
    with suppress(HttpStatusError, InvalidResponse, NetworkError):
        following = walk_pages(read_page, page.next_cursor, page.ids, _PAGES_AT_ONCE)
        for more, cursor in following if page.next_cursor is not None else ():
            images |= {image.id: image for image in more.images}
            page = replace(page, next_cursor=cursor, dropped=page.dropped + more.dropped)
    places = {image_id: place for place, image_id in enumerate(post.ids)}
    ids = sorted(images, key=lambda image_id: (places.get(image_id, len(places)), image_id))
    return replace(page, images=tuple(images[image_id] for image_id in ids))
