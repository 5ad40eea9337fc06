"""Which page of a gallery comes next. Pure: whoever asks Civitai hands the answers in.

A cursor is opaque: it belongs to one query, and only `next` is ever known.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ..ground import Image

__all__ = ["ImageQuery", "PERIODS", "Page", "SORTS", "TYPES", "cursor_to_send", "walk"]

# As `GET /api/v1/images` spells them. Its `Random` is left out: it has no pages.
SORTS = ("Newest", "Oldest", "Most Reactions", "Most Comments", "Most Collected")
PERIODS = ("AllTime", "Year", "Month", "Week", "Day")
TYPES = ("image", "video", "audio")
_SORTS_BY_ID = ("Newest", "Oldest")
_USERNAME = re.compile(r"[A-Za-z0-9_]{0,60}")
_ALL_LEVELS = 31
_MAX_ID = 2**31 - 1
_MAX_BLANK_PAGES = 3  # in a row; the site filters after it has cut a page, so one means nothing
_MAX_PAGES = 2_000


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

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> ImageQuery:
        """The reverse of `to_json`; what is missing or makes no sense takes its default."""
        given = data if isinstance(data, dict) else {}
        names = (entry.name for entry in fields(cls))
        kept = {n: given[n] for n in names if n in given and _makes_sense(n, given[n])}
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


def cursor_to_send(query: ImageQuery, cursor: str | None) -> str | None:
    """The cursor as the request must carry it.

    The site's SQL path names the first row not shown, then asks for ids *below* it: that row
    would be lost. One more brings it back. Upwards (`Oldest`) the site is exact; all other
    paths have cursors of another kind.
    """
    lost = query.takes_sql_path and query.sort != "Oldest"
    if cursor is None or not lost or not re.fullmatch(r"[0-9]{1,18}", cursor):
        return cursor
    return str(int(cursor) + 1)


def walk(
    read_page: Callable[[str | None], Page],
    start_cursor: str | None = None,
    known_ids: Iterable[int] = (),
    max_pages: int = _MAX_PAGES,
) -> Iterator[tuple[Page, str | None]]:
    """Each page with the cursor to go on from once it is dealt with; None there means the end.

    A page holds only images that are in none before it nor in `known_ids`; it may be empty.
    After `max_pages` it stops with a cursor in hand, so that a later walk can go on.
    """
    known, seen = set(known_ids), set[int]()
    cursor, cursors, blanks = start_cursor, {start_cursor}, 0
    for _ in range(max_pages):
        page = read_page(cursor)
        blanks = 0 if any(image_id not in seen for image_id in page.ids) else blanks + 1
        seen.update(page.other_ids)
        cursor = page.next_cursor
        if cursor in cursors or blanks >= _MAX_BLANK_PAGES:
            cursor = None
        cursors.add(cursor)
        yield replace(page, images=_not_in(page.images, seen, known), next_cursor=cursor), cursor
        if cursor is None:
            return


def _not_in(images: tuple[Image, ...], seen: set[int], known: set[int]) -> tuple[Image, ...]:
    fresh = []
    for image in images:
        if image.id not in seen and image.id not in known:
            fresh.append(image)
        seen.add(image.id)
    return tuple(fresh)


def _makes_sense(name: str, value: Any) -> bool:
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
