"""Whether images were made with the model in whose gallery they came, as their records tell."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..core import Image

__all__ = ["count_unrelated", "seem_unrelated"]

_FEWEST = 10  # images that name their versions; fewer say nothing about a gallery
_MOST_RELATED = 0.1  # share of them


def count_unrelated(images: Iterable[Image], version_ids: Collection[int]) -> int:
    """Return how many images name versions of models, but none of these; 0 if none are given.

    A few are usual: an image can be posted to a version that its data does not name.
    """
    if not version_ids:
        return 0
    return sum(
        set(image.version_ids).isdisjoint(version_ids) for image in _images_with_versions(images)
    )


def seem_unrelated(images: Iterable[Image], version_ids: Collection[int]) -> bool:
    """Return whether hardly any of these images belongs to a gallery of these versions."""
    telling = _images_with_versions(images)
    related = len(telling) - count_unrelated(telling, version_ids)
    return bool(version_ids) and len(telling) >= _FEWEST and related < _MOST_RELATED * len(telling)


def _images_with_versions(images: Iterable[Image]) -> list[Image]:
    return [image for image in images if image.version_ids]
