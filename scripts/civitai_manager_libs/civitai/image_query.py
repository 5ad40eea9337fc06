"""A query for the images of a gallery, and a page that answers it."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from ..core import Image, LAST_ID

# As `GET /api/v1/images` spells them. Its `Random` is left out: it has no pages.
SORTS = ("Newest", "Oldest", "Most Reactions", "Most Comments", "Most Collected")
PERIODS = ("AllTime", "Year", "Month", "Week", "Day")
TYPES = ("image", "video", "audio")
# The most frequent ones; Civitai has more.
BASE_MODELS = ("SD 1.5", "SDXL 1.0", "Pony", "Illustrious", "NoobAI", "Flux.1 D", "Flux.1 S")
_USERNAME = re.compile(r"[A-Za-z0-9_]{0,60}")
_LISTED = re.compile(r"[0-9]{1,10}(?:,[0-9]{1,10}){0,999}|list-[0-9a-f]{16}|")


@dataclass(frozen=True)
class ImageQuery:
    """A query for the images of a model, version, post, user, tag or list, or for one image.

    images: the ids of a list, separated by commas, or the key of a stored list. level: bit mask of
    browsing levels. type: one of TYPES; None for images and videos. with_meta: whether to leave out
    images without generation data; our code does this, as Civitai has no such filter. base_models:
    names as Civitai spells them; Civitai refuses unknown names. tag_id: only images with this tag.
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
    tag_id: int | None = None

    @property
    def uses_sql_database(self) -> bool:
        """Return whether Civitai answers this query from its SQL database, which sorts only by id.

        Civitai uses that database for a model without a version, and for a single image.
        """
        return self.image_id is not None or self.model_id is not None and self.version_id is None

    @property
    def ignores_sort(self) -> bool:
        """Return whether Civitai ignores the sort order: its SQL database can only sort by id."""
        return self.uses_sql_database and self.sort not in ("Newest", "Oldest")

    def to_json(self) -> dict[str, Any]:
        """Return the query as a dict that can be written as JSON.

        Without a tag or a list, the dict is that of older versions, by which pages are stored.
        """
        data = asdict(self)
        return {name: v for name, v in data.items() if v or name not in ("images", "tag_id")}

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
    top = 31 if name == "level" else LAST_ID  # all five browsing levels
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= top
