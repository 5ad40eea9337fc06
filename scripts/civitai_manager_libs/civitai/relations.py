"""Images in a model's gallery that, by their records, were made with other models."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from ..core import Image

__all__ = ["count_unrelated", "seem_unrelated"]

_FEWEST = 10  # images that list their versions; fewer prove nothing
_MOST_RELATED = 0.1  # of the images that list their versions


def count_unrelated(images: Iterable[Image], version_ids: Collection[int]) -> int:
    """Count the images whose records list model versions, but none of `version_ids`.

    Return 0 if `version_ids` is empty.
    """
    if not version_ids:
        return 0
    return sum(
        set(image.version_ids).isdisjoint(version_ids) for image in _images_with_versions(images)
    )


def seem_unrelated(images: Iterable[Image], version_ids: Collection[int]) -> bool:
    """Return whether fewer than a tenth of the images were made with the versions `version_ids`.

    Only images whose records list their versions are considered. Return False if there are fewer
    than 10 of these, or if `version_ids` is empty.
    """
    listing = _images_with_versions(images)
    related = len(listing) - count_unrelated(listing, version_ids)
    return bool(version_ids) and len(listing) >= _FEWEST and related < _MOST_RELATED * len(listing)


def _images_with_versions(images: Iterable[Image]) -> list[Image]:
    return [image for image in images if image.version_ids]
