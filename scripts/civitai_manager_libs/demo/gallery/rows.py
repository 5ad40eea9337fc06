"""What is cheap to know of a picture: everything that filters, sorts and pages a gallery."""

from __future__ import annotations

import functools
from datetime import datetime, timezone
from typing import NamedTuple, TypeVar

from .catalogue import Model, MODELS, Version

__all__ = ["NOW", "PEOPLE", "Row", "everything", "gallery", "iso", "mixed", "row_of", "showcase"]

NOW = 1_786_276_800_000  # ms; the demo's today is 2026-08-09, so that periods have content for ever
_SPAN = 690 * 86_400_000  # ms; a gallery's oldest picture is that old
_FIRST_ID, _BLOCK = 90_000_000, 100_000  # image ids; each model has a block of them
_GAP = 3  # ids between two pictures, since real ids have gaps too
_SHOWCASE = 30_000  # the position in a block from where a creator's own pictures lie
_SHOWN = 8  # of them for each version
_MASK = (1 << 64) - 1
_T = TypeVar("_T")

PEOPLE: tuple[str | None, ...] = (
    *("harbor_artist", "ridge_walker", "papercut_lab", "neon_courier", "meadow_studio"),
    *("field_theory", "tide_loop", "node_walker", "lumen", "Kestrel77", "old_photon", "marisol"),
    *("inkwell_", "tessellate", "fjordling", "seven_suns", "quiet_riot_2", "b1rch", "saffron"),
    *("papermoon", "drift", "Okapi", "noctiluca", "halcyon_days", "wren", None),
)
# Upper ends of a hundred: mostly PG.
_LEVELS = ((67, 1), (79, 2), (89, 4), (96, 8), (100, 16))
_KINDS = ((58, "a1111"), (68, "none"), (81, "comfy"), (90, "onsite"), (97, "old"), (100, "hidden"))


class Row(NamedTuple):
    """kind: how it was made, and so what generation data it has. level: one browsing-level bit.

    uploaded, sorted_at: ms since 1970; the index sorts by the later one.
    """

    id: int
    model: Model
    version: Version
    post_id: int
    username: str | None
    level: int
    type: str
    kind: str
    uploaded: int
    sorted_at: int
    likes: int
    hearts: int
    laughs: int
    cries: int
    comments: int
    collected: int

    @property
    def reactions(self) -> int:
        return self.likes + self.hearts + self.laughs + self.cries


def mixed(number: int, salt: int) -> int:
    """64 random bits that depend on nothing but the arguments (splitmix64)."""
    z = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03) & _MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & _MASK
    return z ^ z >> 31


def iso(ms: int) -> str:
    """Milliseconds since 1970 as the API writes times."""
    when = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def _pick(table: tuple[tuple[int, _T], ...], percent: int) -> _T:
    return next(value for end, value in table if percent < end)


def _id_at(model: Model, position: int) -> int:
    first = _FIRST_ID + _BLOCK * model.number + _GAP * position
    return first + mixed(first, 1) % _GAP


def row_of(image_id: int) -> Row | None:
    """The picture with that id: of a gallery or a showcase; None if there is none."""
    block, rest = divmod(image_id - _FIRST_ID, _BLOCK)
    if not 1 <= block <= len(MODELS):
        return None
    model, position = MODELS[block - 1], rest // _GAP
    shown = _SHOWN * len(model.versions)
    if not (position < model.size or _SHOWCASE <= position < _SHOWCASE + shown):
        return None
    return _row(model, position) if _id_at(model, position) == image_id else None


def _row(model: Model, position: int) -> Row:
    image_id = _id_at(model, position)
    own = position >= _SHOWCASE
    bits = mixed(image_id, 2)
    post = position if own else position // 3
    post_bits = mixed(model.id * _BLOCK + post, 3)
    people = model.people or PEOPLE
    version = _version(model, position, post_bits)
    uploaded = _uploaded(model, version, position)
    video = (bits >> 20) % 1000 < 1000 * model.videos
    return Row(
        image_id,
        model,
        version,
        post_id=21_000_000 + _BLOCK * model.number + post,
        username=model.creator if own else people[post_bits % len(people)],
        level=1 if own and position % _SHOWN == 0 else _pick(_LEVELS, bits % 100),
        type="video" if video else "image",
        kind=_kind(bits, video),
        uploaded=uploaded,
        sorted_at=uploaded + mixed(image_id, 4) % 5_400_000,
        **_figures(bits),
    )


def _figures(bits: int) -> dict[str, int]:
    """Few pictures are famous."""
    fame = (bits >> 40) % 1000 / 1000
    likes = round(240 * fame**6 + 12 * fame)
    return {
        "likes": likes,
        "hearts": likes * ((bits >> 8) % 70) // 100,
        "laughs": (bits >> 16) % 5 * likes // 40,
        "cries": (bits >> 24) % 3 * likes // 60,
        "comments": (bits >> 32) % 7 if likes > 20 else 0,
        "collected": (bits >> 48) % (likes + 1),
    }


def _kind(bits: int, video: bool) -> str:
    kind = _pick(_KINDS, (bits >> 12) % 100)
    return kind if not video or kind in ("none", "hidden") else "video"


def _version(model: Model, position: int, bits: int) -> Version:
    """The newest version has the most pictures."""
    versions = model.versions
    if position >= _SHOWCASE:
        return versions[(position - _SHOWCASE) // _SHOWN]
    return versions[min(bits % (len(versions) + 1), bits // 97 % len(versions))]


def _uploaded(model: Model, version: Version, position: int) -> int:
    """Later for a larger id; many in the last weeks, few long ago."""
    if position >= _SHOWCASE:
        published = datetime.fromisoformat(version.published.replace("Z", "+00:00"))
        return round(published.timestamp() * 1000) + position % _SHOWN
    share = (model.size - position) / model.size
    return NOW - round(_SPAN * share * share)


@functools.lru_cache(maxsize=len(MODELS))
def gallery(model: Model) -> tuple[Row, ...]:
    """All pictures of a model, oldest id first."""
    return tuple(_row(model, position) for position in range(model.size))


@functools.lru_cache(maxsize=1)
def everything() -> tuple[Row, ...]:
    return tuple(row for model in MODELS for row in gallery(model))


def showcase(model: Model, version: Version) -> list[Row]:
    """The pictures that the creator put beside a version; the first one is PG."""
    first = _SHOWCASE + _SHOWN * model.versions.index(version)
    return [_row(model, first + i) for i in range(_SHOWN)]
