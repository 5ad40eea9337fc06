"""Which page of a gallery comes next. Pure: whoever asks Civitai hands the answers in.

A cursor is opaque: it belongs to one query, and only `next` is ever known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ..core import Image

__all__ = ["ImageQuery", "PERIODS", "Page", "SORTS", "TYPES", "adjust_cursor"]
__all__ += ["may_be_cut", "may_be_time_limit", "walk_pages"]

# As `GET /api/v1/images` spells them. Its `Random` is left out: it has no pages.
SORTS = ("Newest", "Oldest", "Most Reactions", "Most Comments", "Most Collected")
PERIODS = ("AllTime", "Year", "Month", "Week", "Day")
TYPES = ("image", "video", "audio")
_SORTS_BY_ID = ("Newest", "Oldest")
_USERNAME = re.compile(r"[A-Za-z0-9_]{0,60}")
_ALL_LEVELS = 31
_MAX_ID = 2**31 - 1
_MAX_PAGES = 2_000
_MAX_REPEATS = 3  # pages in a row that have only images which the walk has seen
# Rows asked for in a row that brought nothing: the site leaves out an author's drafts after it has
# cut a page, and one may have hundreds of them before the first image that is shown.
_MAX_EMPTY_ROWS = 5_000
_MINUTE = 60_000  # milliseconds
_INDEX_CURSOR = re.compile(r"([0-9]{1,9})\|([0-9]{13})")


@dataclass(frozen=True)
class ImageQuery:
    """What is asked of a gallery: of a model or version, of a post, of a user; or one image.

    level: mask of browsing levels. type: one of TYPES, None for images and videos. with_meta: only
    what has generation data, which is chosen here, since the site has no such filter. base_models:
    as the site spells them; it refuses names that it does not know.
    """

    model_id: int | None = None
    version_id: int | None = None
    sort: str = "Newest"
    period: str = "AllTime"
    level: int = 1
    type: str | None = None
    with_meta: bool = False
    post_id: int | None = None
    username: str = ""
    image_id: int | None = None
    base_models: tuple[str, ...] = ()

    @property
    def takes_sql_path(self) -> bool:
        """A model without a version: the site then sorts by image id alone, newest or oldest."""
        return self.image_id is not None or self.model_id is not None and self.version_id is None

    @property
    def drops_sort(self) -> bool:
        """Whether the site will not heed the sort that is asked for."""
        return self.takes_sql_path and self.sort not in _SORTS_BY_ID

    @property
    def reverse(self) -> ImageQuery:
        """Return the query for the same images in an order that begins where this one ends."""
        return replace(self, sort="Newest" if self.sort == "Oldest" else "Oldest")

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> ImageQuery:
        """The reverse of `to_json`; what is missing or makes no sense takes its default."""
        given = data if isinstance(data, dict) else {}
        names = (entry.name for entry in fields(cls))
        kept = {n: given[n] for n in names if n in given and _is_valid_field(n, given[n])}
        if "base_models" in kept:  # which JSON has as a list
            kept["base_models"] = tuple(kept["base_models"])
        return cls(**kept)


@dataclass(frozen=True)
class Page:
    """One answer of the API.

    next_cursor: None at the end. dropped: rows that could not be read, or whose address is not
    Civitai's. other_ids: readable rows that were not asked for (rating, type, generation data).
    without_data: how many of those have but no generation data.
    """

    images: tuple[Image, ...] = ()
    next_cursor: str | None = None
    dropped: int = 0
    other_ids: tuple[int, ...] = ()
    without_data: int = 0

    @property
    def ids(self) -> tuple[int, ...]:
        return (*(image.id for image in self.images), *self.other_ids)


def adjust_cursor(query: ImageQuery, cursor: str | None) -> str | None:
    """Return the cursor as the request must carry it, so that the next page skips no image.

    The SQL path names the first row not shown, then asks for ids *below* it: one more brings that
    row back. Upwards (`Oldest`) it is exact.

    The index path (`offset|time of the newest image`) under `Newest` rounds the time down to the
    minute, leaves out what is later, and skips `offset` of the rest: what page 1 had of that minute
    is skipped twice. With the time rounded up beforehand nothing is left out. The feed path heeds
    only the offset.
    """
    if cursor is None:
        return None
    if query.takes_sql_path:
        is_exact = query.sort == "Oldest" or not re.fullmatch(r"[0-9]{1,18}", cursor)
        return cursor if is_exact else str(int(cursor) + 1)
    place = _INDEX_CURSOR.fullmatch(cursor) if query.sort == "Newest" else None
    if place is None:
        return cursor
    return f"{place[1]}|{-(-int(place[2]) // _MINUTE) * _MINUTE}"


def may_be_time_limit(query: ImageQuery, cursor: str | None, has_images: bool = False) -> bool:
    """Return whether an empty page that names no next page may come of Civitai's time limit of 20
    seconds for the queries of a model, and not be the end.

    cursor: of that page. has_images: the gallery is known to have some.
    """
    return has_images or cursor is not None or query.takes_sql_path


def may_be_cut(query: ImageQuery, page: Page, rows: int) -> bool:
    """Return whether images between this page and the next may be shown on neither.

    The BitDex path (cursors `offset|bdx:...`, none at the end) fills a short page from the next
    one, cuts it to the `rows` asked for, and goes on after the *whole* next page. What was cut is
    among twice as many rows from the same cursor.
    """
    is_full = len(page.ids) + page.dropped >= rows and not query.takes_sql_path
    return is_full and (page.next_cursor is None or "|bdx:" in page.next_cursor)


def walk_pages(
    read_page: Callable[[str | None], Page],
    start_cursor: str | None = None,
    known_ids: Iterable[int] = (),
    max_pages: int = _MAX_PAGES,
    page_rows: int = 100,
) -> Iterator[tuple[Page, str | None]]:
    """Yield each page with the cursor to go on from once it is dealt with; None there is the end.

    A page holds only images that are in none before it nor in `known_ids`; it may be empty.
    After `max_pages` it stops with a cursor in hand, so that a later walk can go on. page_rows: how
    many rows `read_page` asks for.
    """
    known, seen = set(known_ids), set[int]()
    cursor, cursors, repeats, empty_rows = start_cursor, {start_cursor}, 0, 0
    for _ in range(max_pages):
        page = read_page(cursor)
        if any(image_id not in seen for image_id in page.ids):
            repeats = empty_rows = 0
        elif page.ids:
            repeats += 1
        else:
            empty_rows += page_rows
        seen.update(page.other_ids)
        cursor = page.next_cursor
        if cursor in cursors or repeats >= _MAX_REPEATS or empty_rows >= _MAX_EMPTY_ROWS:
            cursor = None
        cursors.add(cursor)
        yield replace(page, images=_drop_seen(page.images, seen, known), next_cursor=cursor), cursor
        if cursor is None:
            return


def _drop_seen(images: tuple[Image, ...], seen: set[int], known: set[int]) -> tuple[Image, ...]:
    fresh = []
    for image in images:
        if image.id not in seen and image.id not in known:
            fresh.append(image)
        seen.add(image.id)
    return tuple(fresh)


def _is_valid_field(name: str, value: Any) -> bool:
    if name in ("sort", "period"):
        return value in (SORTS if name == "sort" else PERIODS)
    if name == "type":
        return value is None or value in TYPES
    if name == "with_meta":
        return isinstance(value, bool)
    if name == "username":
        return isinstance(value, str) and bool(_USERNAME.fullmatch(value))
    if name == "base_models":
        return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
    if value is None:
        return name != "level"
    top = _ALL_LEVELS if name == "level" else _MAX_ID
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= top
