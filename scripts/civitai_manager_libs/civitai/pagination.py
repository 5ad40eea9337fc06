"""Queries of image galleries, and the way from one page to the next. Pure.

A cursor is opaque and belongs to one query; there is no way back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ..core import Image, LAST_ID

__all__ = ["adjust_cursor", "ImageQuery", "may_have_timed_out", "may_lack_images", "Page"]
__all__ += ["PERIODS", "SORTS", "TYPES", "walk_pages"]

# As `GET /api/v1/images` spells them. Its `Random` is left out: it has no pages.
SORTS = ("Newest", "Oldest", "Most Reactions", "Most Comments", "Most Collected")
PERIODS = ("AllTime", "Year", "Month", "Week", "Day")
TYPES = ("image", "video", "audio")
_SORTS_BY_ID = ("Newest", "Oldest")
_USERNAME = re.compile(r"[A-Za-z0-9_]{0,60}")
_LISTED = re.compile(r"[0-9]{1,10}(?:,[0-9]{1,10}){0,999}|list-[0-9a-f]{16}|")
_ALL_LEVELS = 31
_MAX_PAGES = 2_000
_MAX_REPEATS = 3  # pages in a row without a new image
# Rows requested in a row that brought no image: the site removes an author's drafts from a page
# after it has cut the page, and an author may have hundreds of them.
_MAX_EMPTY_ROWS = 5_000
_MINUTE = 60_000  # milliseconds
_INDEX_CURSOR = re.compile(r"([0-9]{1,9})\|([0-9]{13})")


@dataclass(frozen=True)
class ImageQuery:
    """A query for the images of a model, version, post, user or list, or for one image.

    images: the ids of a list, separated by commas, or the key of a stored list. level: bit mask of
    browsing levels. type: one of TYPES; None for images and videos. with_meta: whether to leave out
    images without generation data; our code does this, as Civitai has no such filter. base_models:
    names as Civitai spells them; Civitai refuses unknown names.
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
    images: str = ""

    @property
    def uses_sql_database(self) -> bool:
        """Return whether Civitai answers this query from its SQL database, which sorts only by id.

        Civitai uses that database for a model without a version, and for a single image.
        """
        return self.image_id is not None or self.model_id is not None and self.version_id is None

    @property
    def ignores_sort(self) -> bool:
        """Return whether Civitai ignores the query's sort order.

        Civitai's SQL database ignores all sort orders but "Newest" and "Oldest".
        """
        return self.uses_sql_database and self.sort not in _SORTS_BY_ID

    @property
    def reverse(self) -> ImageQuery:
        """Return the same query with the sort "Oldest", or "Newest" if the sort is "Oldest"."""
        return replace(self, sort="Newest" if self.sort == "Oldest" else "Oldest")

    def to_json(self) -> dict[str, Any]:
        """Return the query as a dict that can be written as JSON."""
        data = asdict(self)
        if not self.images:  # pages of other galleries are stored by their query without it
            del data["images"]
        return data

    @classmethod
    def from_json(cls, data: Any) -> ImageQuery:
        """Create a query from a dict made by `to_json`; missing or invalid fields get defaults."""
        given = data if isinstance(data, dict) else {}
        names = (entry.name for entry in fields(cls))
        values = {n: given[n] for n in names if n in given and _is_valid_field(n, given[n])}
        if "base_models" in values:  # a list in JSON
            values["base_models"] = tuple(values["base_models"])
        return cls(**values)


@dataclass(frozen=True)
class Page:
    """A page of images from Civitai.

    images: those that match the query. next_cursor: cursor of the next page, None at the end.
    dropped: number of images that were invalid or had a URL that is not allowed. other_ids: ids of
    the valid images that do not match the query. missing_ids: ids of a list's images that Civitai
    does not send now; if the library has them, they are among the others too. without_data: number
    of images that would match if they had generation data. fetched_at: Unix time, 0 if unknown.
    is_stored: whether the page was read from the local library.
    """

    images: tuple[Image, ...] = ()
    next_cursor: str | None = None
    dropped: int = 0
    other_ids: tuple[int, ...] = ()
    missing_ids: tuple[int, ...] = ()
    without_data: int = 0
    fetched_at: float = 0.0
    is_stored: bool = False

    @property
    def ids(self) -> tuple[int, ...]:
        """Return the ids of all valid images of the page; those that match the query come first."""
        return (*(image.id for image in self.images), *self.other_ids)


def adjust_cursor(query: ImageQuery, cursor: str | None) -> str | None:
    """Return the cursor to send to Civitai for the next page, so that no image is skipped.

    cursor: `next_cursor` of the previous page, returned unchanged unless Civitai would skip images:
    in its SQL database with every sort but "Oldest", elsewhere only with the sort "Newest".
    """
    if cursor is None:
        return None
    if query.uses_sql_database:
        # The cursor is the id of the next page's first image, but the ids *below* the cursor are
        # sent: so 1 is added. The ascending order (`Oldest`) is exact.
        is_exact = query.sort == "Oldest" or not re.fullmatch(r"[0-9]{1,18}", cursor)
        return cursor if is_exact else str(int(cursor) + 1)
    # The index path (`offset|time of the newest image`) rounds the time down to the minute, ignores
    # later images, and skips `offset` of the rest: images of that minute are skipped twice. With
    # the time rounded up none is ignored. The feed path uses the offset alone.
    match = _INDEX_CURSOR.fullmatch(cursor) if query.sort == "Newest" else None
    if match is None:
        return cursor
    return f"{match[1]}|{-(-int(match[2]) // _MINUTE) * _MINUTE}"


def may_have_timed_out(query: ImageQuery, has_images: bool) -> bool:
    """Return whether an empty last page may be due to Civitai's time limit of 20 seconds.

    That is possible if the gallery is known to have images (`has_images`), or if Civitai answers
    the query from its SQL database. The pages of a list are not Civitai's.
    """
    return not query.images and (has_images or query.uses_sql_database)


def may_lack_images(query: ImageQuery, page: Page, rows: int) -> bool:
    """Return whether Civitai may have left out images between a page and the next one.

    That is possible if the page is full (it has `rows` images, the number requested), does not come
    from the SQL database, and is the last page or has a `next_cursor` with "|bdx:". A request for
    twice as many images returns the images that were left out.
    """
    # The BitDex path (cursors `offset|bdx:...`, None at the end) fills a short page from the next
    # page, cuts it to `rows`, and then goes on after the *whole* next page.
    is_full = len(page.ids) + page.dropped >= rows and not query.uses_sql_database
    return is_full and (page.next_cursor is None or "|bdx:" in page.next_cursor)


def walk_pages(
    read_page: Callable[[str | None], Page],
    start_cursor: str | None = None,
    known_ids: Iterable[int] = (),
    max_pages: int = _MAX_PAGES,
    page_size: int = 100,
) -> Iterator[tuple[Page, str | None]]:
    """Yield each page of a gallery with the cursor of the next page, which is None at the end.

    Images that an earlier page had, and those in `known_ids`, are removed from a page. The gallery
    counts as ended if pages repeat or if too many in a row are empty. After `max_pages` pages, the
    walk stops with the last page's cursor. read_page: returns the page at a cursor. page_size:
    number of images that `read_page` requests.
    """
    known, seen = set(known_ids), set[int]()
    cursor, cursors, repeats, empty_rows = start_cursor, {start_cursor}, 0, 0
    for _ in range(max_pages):
        page = read_page(cursor)
        if page.missing_ids or any(image_id not in seen for image_id in page.ids):
            repeats = empty_rows = 0
        elif page.ids:
            repeats += 1
        else:
            empty_rows += page_size
        seen.update(page.other_ids)
        cursor = page.next_cursor
        if cursor in cursors or repeats >= _MAX_REPEATS or empty_rows >= _MAX_EMPTY_ROWS:
            cursor = None
        cursors.add(cursor)
        fresh = []
        for image in page.images:
            if image.id not in seen and image.id not in known:
                fresh.append(image)
            seen.add(image.id)
        yield replace(page, images=tuple(fresh), next_cursor=cursor), cursor
        if cursor is None:
            return


def _is_valid_field(name: str, value: Any) -> bool:
    if name in ("sort", "period"):
        return value in (SORTS if name == "sort" else PERIODS)
    if name == "type":
        return value is None or value in TYPES
    if name == "with_meta":
        return isinstance(value, bool)
    if name == "username":
        return isinstance(value, str) and bool(_USERNAME.fullmatch(value))
    if name == "images":
        return isinstance(value, str) and bool(_LISTED.fullmatch(value))
    if name == "base_models":
        return isinstance(value, (list, tuple)) and all(isinstance(one, str) for one in value)
    if value is None:
        return name != "level"
    top = _ALL_LEVELS if name == "level" else LAST_ID
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= top
