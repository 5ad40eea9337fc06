"""Posts: their titles, their texts, and the order in which the uploader has put the images."""

from __future__ import annotations

import json
import sqlite3
import time
from typing import Any

from .. import civitai
from ..civitai import Post
from ..core import Cancellation, never_cancelled, SingleFlight
from ..errors import HttpStatusError, InvalidResponse, NetworkError, NotFound, ServerError
from ..network import ApiClient, SendOptions
from .database import select_rows_or_empty, write_later

__all__ = ["find_stored_post", "load_post"]

_FRESH = 86_400.0  # seconds
_PAUSE = 60.0  # seconds after which the route is tried again if it does not say when
# The route has a limit of its own, and the images of a post do not wait for it.
_SENDING = SendOptions(urgent=True, max_retries=0, patience=1.0, pauses_host=False)
_flights: SingleFlight[Post] = SingleFlight()
_limited_until = 0.0  # by `time.monotonic`


def load_post(client: Any, post_id: int, cancelled: Cancellation | None = None) -> Post | None:
    """Return a post that was fetched in the last day, else fetch and store it.

    If Civitai does not send the post, return the stored one, however old, or None. A post that it
    does not have, or an older version's missing route, is not requested again for a day. Raises
    Cancelled.
    """
    global _limited_until
    stored, read_at = _find(post_id)
    is_fresh = 0 <= time.time() - read_at < _FRESH
    if is_fresh or time.monotonic() < _limited_until:
        return stored
    cancelled, limited = cancelled or never_cancelled(), ApiClient(client, _SENDING)
    try:
        post = _flights.do(
            post_id, lambda: civitai.fetch_post(limited, post_id, cancelled), cancelled
        )
    except NotFound:
        post = stored or Post(post_id)
    except (HttpStatusError, InvalidResponse, NetworkError) as error:
        if isinstance(error, ServerError) and error.status == 429:
            _limited_until = time.monotonic() + (error.retry_after or _PAUSE)
        return stored
    _store(post)
    return None if post == Post(post_id) else post


def _store(post: Post) -> None:
    ids = json.dumps(post.image_ids)
    row = (post.id, time.time(), post.title, post.text, post.username, ids)

    def write(db: sqlite3.Connection) -> None:
        db.execute("INSERT OR REPLACE INTO posts VALUES (?, ?, ?, ?, ?, ?)", row)

    write_later(write)


def find_stored_post(post_id: int) -> Post | None:
    """Return a post from the local library, or None if the post is not stored."""
    return _find(post_id)[0]


def _find(post_id: int) -> tuple[Post | None, float]:
    """Return (stored post, Unix time when it was fetched); the post is None if Civitai had none."""
    sql = "SELECT read_at, title, text, username, ids FROM posts WHERE id = ?"
    for read_at, title, text, username, ids in select_rows_or_empty(sql, (post_id,)):
        post = Post(post_id, title, text, username, tuple(json.loads(ids)))
        return None if post == Post(post_id) else post, read_at
    return None, 0.0
