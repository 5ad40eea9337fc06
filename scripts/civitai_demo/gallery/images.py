"""The images of the galleries: what filters, sorting and paging need."""

from __future__ import annotations

import functools
from datetime import datetime, timezone
from typing import NamedTuple, TypeVar

from .catalogue import DemoModel, MODELS, DemoVersion

__all__ = ["DemoImage", "find_demo_image", "format_time", "list_demo_images", "list_gallery"]
__all__ += ["list_post", "list_showcase", "NOW"]

NOW = 1_786_276_800_000  # ms; the demo's today is always 2026-08-09
_SPAN = 690 * 86_400_000  # ms; age of a gallery's oldest image
_FIRST_ID, _BLOCK = 90_000_000, 100_000  # image ids; each model has a block of them
_GAP = 3  # ids per image, since real ids have gaps
_SHOWCASE = 30_000  # position in a block of the first showcase image
_SHOWN = 8  # showcase images of each version
_MASK = (1 << 64) - 1
_T = TypeVar("_T")

_PEOPLE: tuple[str | None, ...] = (
    *("harbor_artist", "ridge_walker", "papercut_lab", "neon_courier", "meadow_studio"),
    *("field_theory", "tide_loop", "node_walker", "lumen", "Kestrel77", "old_photon", "marisol"),
    *("inkwell_", "tessellate", "fjordling", "seven_suns", "quiet_riot_2", "b1rch", "saffron"),
    *("papermoon", "drift", "Okapi", "noctiluca", "halcyon_days", "wren", None),
)
# (upper percentile, value): two thirds are PG.
_LEVELS = ((67, 1), (79, 2), (89, 4), (96, 8), (100, 16))
_KINDS = ((58, "a1111"), (68, "none"), (81, "comfy"), (90, "onsite"), (97, "old"), (100, "hidden"))


class DemoImage(NamedTuple):
    """An image or video of the demo.

    kind: the form of its generation data: "a1111", "comfy", "onsite" (Civitai's generator), "old",
    "hidden", "video" or "none". level: its rating, one bit of the browsing levels. uploaded: the
    time in milliseconds since 1970.
    """

    id: int
    model: DemoModel
    version: DemoVersion
    post_id: int
    username: str | None
    level: int
    type: str
    kind: str
    uploaded: int
    likes: int
    hearts: int
    laughs: int
    cries: int
    comments: int
    collected: int

    @property
    def reactions(self) -> int:
        return self.likes + self.hearts + self.laughs + self.cries


def _make_random_bits(number: int, salt: int) -> int:
    """Return 64 random bits, always the same for the same number and salt (splitmix64)."""
    z = (number * 0x9E3779B97F4A7C15 + salt * 0xD1B54A32D192ED03) & _MASK
    z = ((z ^ z >> 30) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ z >> 27) * 0x94D049BB133111EB) & _MASK
    return z ^ z >> 31


def format_time(ms: int) -> str:
    """Return a time in ISO 8601 with milliseconds. ms: milliseconds since 1970."""
    when = datetime.fromtimestamp(ms / 1000, timezone.utc)
    return when.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def _pick_by_percent(table: tuple[tuple[int, _T], ...], percent: int) -> _T:
    return next(value for end, value in table if percent < end)


def _make_image_id(model: DemoModel, position: int) -> int:
    first = _FIRST_ID + _BLOCK * model.number + _GAP * position
    return first + _make_random_bits(first, 1) % _GAP


def find_demo_image(image_id: int) -> DemoImage | None:
    """Return the image or video with this id, None if there is none."""
    block, rest = divmod(image_id - _FIRST_ID, _BLOCK)
    model, position = next((one for one in MODELS if one.number == block), None), rest // _GAP
    if model is None:
        return None
    shown = _SHOWN * len(model.versions)
    if not (position < model.size or _SHOWCASE <= position < _SHOWCASE + shown):
        return None
    return _make_image(model, position) if _make_image_id(model, position) == image_id else None


def list_post(post_id: int) -> list[DemoImage]:
    """Return the images of a post in the uploader's order, [] if there is no such post."""
    images = [image for image in list_demo_images() if image.post_id == post_id]
    return sorted(images, key=lambda image: _make_random_bits(image.id, 4))


def _make_image(model: DemoModel, position: int) -> DemoImage:
    image_id = _make_image_id(model, position)
    in_showcase = position >= _SHOWCASE
    bits = _make_random_bits(image_id, 2)
    post = position if in_showcase else position // 3
    post_bits = _make_random_bits(model.id * _BLOCK + post, 3)
    people = model.people or _PEOPLE
    version = _choose_version(model, position, post_bits)
    video = (bits >> 20) % 1000 < 1000 * model.videos
    return DemoImage(
        image_id,
        model,
        version,
        post_id=21_000_000 + _BLOCK * model.number + post,
        username=model.creator if in_showcase else people[post_bits % len(people)],
        level=(
            1 if in_showcase and position % _SHOWN == 0 else _pick_by_percent(_LEVELS, bits % 100)
        ),
        type="video" if video else "image",
        kind=_choose_kind(bits, video),
        uploaded=_choose_upload_time(model, version, position),
        **_make_counts(bits),
    )


def _make_counts(bits: int) -> dict[str, int]:
    """Return an image's numbers of reactions, comments and collections by name.

    bits: random bits, from which the numbers are made. Few images have high numbers.
    """
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


def _choose_kind(bits: int, video: bool) -> str:
    kind = _pick_by_percent(_KINDS, (bits >> 12) % 100)
    return kind if not video or kind in ("none", "hidden") else "video"


def _choose_version(model: DemoModel, position: int, bits: int) -> DemoVersion:
    """Choose the model version with which an image was made, most often the newest.

    position: the image's number in the model's gallery. bits: random bits, to choose by.
    """
    versions = model.versions
    if position >= _SHOWCASE:
        return versions[(position - _SHOWCASE) // _SHOWN]
    return versions[min(bits % (len(versions) + 1), bits // 97 % len(versions))]


def _choose_upload_time(model: DemoModel, version: DemoVersion, position: int) -> int:
    """Return an image's upload time in ms since 1970. Newer times are more frequent.

    position: the image's number in the model's gallery; higher numbers are newer.
    """
    if position >= _SHOWCASE:
        published = datetime.fromisoformat(version.published.replace("Z", "+00:00"))
        return round(published.timestamp() * 1000) + position % _SHOWN
    share = (model.size - position) / model.size
    return NOW - round(_SPAN * share * share)


@functools.lru_cache(maxsize=len(MODELS))
def list_gallery(model: DemoModel) -> tuple[DemoImage, ...]:
    """Return the images and videos of a model's gallery, lowest id first."""
    return tuple(_make_image(model, position) for position in range(model.size))


@functools.lru_cache(maxsize=1)
def list_demo_images() -> tuple[DemoImage, ...]:
    """Return the images and videos of all galleries."""
    return tuple(image for model in MODELS for image in list_gallery(model))


def list_showcase(model: DemoModel, version: DemoVersion) -> list[DemoImage]:
    """Return the sample images that a version's page shows; the first is rated PG."""
    first = _SHOWCASE + _SHOWN * model.versions.index(version)
    return [_make_image(model, first + i) for i in range(_SHOWN)]
