"""Which page of a gallery comes next. Pure: whoever asks Civitai hands the answers in.

A cursor is opaque: it belongs to one query, and only `next` is ever known. "Back" is our own
list of the cursors that led here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

from ..ground import Image

__all__ = ["ImageQuery", "PERIODS", "Page", "PageState", "SORTS", "TYPES", "cursor_to_send", "walk"]

# As `GET /api/v1/images` spells them. Its `Random` is left out: it has no pages.
SORTS = ("Newest", "Oldest", "Most Reactions", "Most Comments", "Most Collected")
PERIODS = ("AllTime", "Year", "Month", "Week", "Day")
TYPES = ("image", "video", "audio")
_ALL_LEVELS = 31
_MAX_ID = 2**31 - 1
_MAX_BLANK_PAGES = 3  # in a row; the site filters after it has cut a page, so one means nothing
_MAX_PAGES = 2_000


@dataclass(frozen=True)
class ImageQuery:
    """What is asked of a gallery.

    level: mask of browsing levels. type: one of TYPES, None for images and videos. with_meta: only
    what has generation data, which is chosen here, since the site has no such filter.
    """

    model_id: int | None = None
    version_id: int | None = None
    sort: str = "Newest"
    period: str = "AllTime"
    level: int = 1
    type: str | None = None
    with_meta: bool = False

    @property
    def takes_sql_path(self) -> bool:
        """A model without a version: the site then sorts by image id alone, newest or oldest."""
        return self.model_id is not None and self.version_id is None

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, data: Any) -> ImageQuery:
        """The reverse of `to_json`; what is missing or makes no sense takes its default."""
        given = data if isinstance(data, dict) else {}
        names = (entry.name for entry in fields(cls))
        return cls(**{n: given[n] for n in names if n in given and _makes_sense(n, given[n])})


@dataclass(frozen=True)
class Page:
    """One answer of the API.

    next_cursor: None at the end. dropped: rows that could not be read, or whose address is not
    Civitai's. other_ids: readable rows that were not asked for (rating, type, generation data).
    """

    images: tuple[Image, ...] = ()
    next_cursor: str | None = None
    dropped: int = 0
    other_ids: tuple[int, ...] = ()

    @property
    def ids(self) -> tuple[int, ...]:
        return (*(image.id for image in self.images), *self.other_ids)


@dataclass(frozen=True)
class PageState:
    """Where one browser tab is in a gallery. Every method gives a new state.

    size: pictures asked for at a time. cursors: one for each page that can be gone to; the
    first is None. index: the page that is on screen, 0 is the first. shown: the image ids of
    each page that arrived. ended: the last of them is the end. blanks: pages passed over
    since the last one with something on it.

    After a move: read `cursor`, hand the page to `arrived`, and do so again while `needs_page`.
    """

    query: ImageQuery = ImageQuery()
    size: int = 12
    cursors: tuple[str | None, ...] = (None,)
    index: int = 0
    shown: tuple[tuple[int, ...], ...] = ()
    ended: bool = False
    blanks: int = 0

    @property
    def cursor(self) -> str | None:
        return self.cursors[self.index]

    @property
    def next_cursor(self) -> str | None:
        """For preloading; None when there is no next page, or it is not known yet."""
        return self.cursors[self.index + 1] if self.can_go_forward else None

    @property
    def needs_page(self) -> bool:
        return self.index >= len(self.shown) and not self.ended

    @property
    def can_go_back(self) -> bool:
        return self.index > 0

    @property
    def can_go_forward(self) -> bool:
        return not self.at_end and self.index + 1 < len(self.cursors)

    @property
    def at_end(self) -> bool:
        return self.ended and self.index >= len(self.shown) - 1

    @property
    def number(self) -> int:
        """Of the page on screen, counted from 1."""
        return self.index + 1

    @property
    def known_pages(self) -> int:
        """How far a slider reaches: the pages that were on screen."""
        return max(len(self.shown), self.number)

    def asking(self, query: ImageQuery, size: int) -> PageState:
        """This state if it asks just that, else a new one: cursors never outlive their query."""
        same = (query, size) == (self.query, self.size)
        return self if same else PageState(query, size)

    def forward(self) -> PageState:
        return self.go_to(self.index + 1) if self.can_go_forward else self

    def back(self) -> PageState:
        return self.go_to(self.index - 1)

    def first(self) -> PageState:
        return self.go_to(0)

    def go_to(self, index: int) -> PageState:
        """`index` counts from 0; beyond what is known it stops at the nearest known page."""
        nearest = max(0, min(index, len(self.cursors) - 1))
        return replace(self, index=nearest, blanks=0)

    def arrived(self, page: Page) -> PageState:
        """Take in the page that `cursor` led to. A page that was here before stays as it was."""
        if self.index < len(self.shown):
            return self
        known = {image_id for ids in self.shown for image_id in ids}
        fresh = tuple(dict.fromkeys(i.id for i in page.images if i.id not in known))
        following = None if page.next_cursor in self.cursors else page.next_cursor
        if fresh:
            return self._with_page(fresh, following)
        if following is not None and self.blanks + 1 < _MAX_BLANK_PAGES:
            skipped = (*self.cursors[:-1], following)
            return replace(self, cursors=skipped, blanks=self.blanks + 1)
        if following is not None and any(image_id not in known for image_id in page.ids):
            return self._with_page((), following)  # nothing for this user here, but a way on
        return replace(self, ended=True, blanks=0)

    def pictures(self, page: Page) -> tuple[Image, ...]:
        """Those of the page on screen that belong there: none twice, none that joined later."""
        wanted = set(self.shown[self.index]) if self.index < len(self.shown) else set()
        found: dict[int, Image] = {}
        for image in page.images:
            if image.id in wanted:
                found.setdefault(image.id, image)
        return tuple(found.values())

    def _with_page(self, ids: tuple[int, ...], following: str | None) -> PageState:
        cursors = self.cursors if following is None else (*self.cursors, following)
        shown = (*self.shown, ids)
        return replace(self, cursors=cursors, shown=shown, ended=following is None, blanks=0)


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
    if value is None:
        return name != "level"
    top = _ALL_LEVELS if name == "level" else _MAX_ID
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= top
