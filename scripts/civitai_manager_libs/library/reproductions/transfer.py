"""Reproductions as JSON, for an export to another library."""

from __future__ import annotations

import base64
import ntpath
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from ...core import as_number, as_text, as_whole_number, clean_line
from .similarity import is_thumbnail, Similarity
from .table import iter_reproductions, Reproduction

__all__ = ["export_reproductions", "parse_exported"]

_LAST_ID = 2**63 - 1
_MAX_INFOTEXT = 300_000  # characters
_MAX_NAME = 200  # characters of a file's name
_MAX_SIDE = 1_000_000  # pixels
_MAX_THUMBNAIL = 400_000  # characters in base64; of 512 pixels a side it has some 60,000


def export_reproductions(image_ids: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield the reproductions of images as JSON objects, for `parse_exported`. Raises DiskError.

    Only the name of each file is exported, because its path means nothing on another machine.
    """
    return (_export(one, thumbnail) for one, thumbnail in iter_reproductions(image_ids))


def parse_exported(entries: Iterable[Mapping[str, Any]]) -> list[tuple[Reproduction, bytes]]:
    """Parse exported reproductions; return (reproduction, JPEG thumbnail) of each valid one."""
    return [parsed for entry in entries if (parsed := _parse(entry)) is not None]


def _export(one: Reproduction, thumbnail: bytes) -> dict[str, Any]:
    ssim, hash_distance = one.similarity or (None, None)
    return {
        "image_id": one.image_id,
        "name": ntpath.basename(one.path),
        "infotext": one.infotext,
        "made_at": one.made_at,
        "is_edited": one.is_edited,
        "width": one.width,
        "height": one.height,
        "ssim": ssim,
        "hash_distance": hash_distance,
        "thumbnail": base64.b64encode(thumbnail).decode(),
    }


def _parse(entry: Mapping[str, Any]) -> tuple[Reproduction, bytes] | None:
    image_id, made_at = as_whole_number(entry.get("image_id"), 1, _LAST_ID), _parse_time(entry)
    sides = [as_whole_number(entry.get(key), 1, _MAX_SIDE) for key in ("width", "height")]
    thumbnail = _parse_thumbnail(entry.get("thumbnail"))
    if image_id is None or None in sides or made_at is None or thumbnail is None:
        return None
    name = clean_line(ntpath.basename(as_text(entry.get("name"))), _MAX_NAME)
    infotext = as_text(entry.get("infotext"))[:_MAX_INFOTEXT]
    is_edited, similarity = entry.get("is_edited") is True, _parse_similarity(entry)
    width, height = (side or 0 for side in sides)
    new = Reproduction(0, image_id, name, infotext, made_at, is_edited, width, height, similarity)
    return new, thumbnail


def _parse_time(entry: Mapping[str, Any]) -> float | None:
    value = as_number(entry.get("made_at"))
    return value if value is not None and 0 <= value < 1e11 else None


def _parse_similarity(entry: Mapping[str, Any]) -> Similarity | None:
    ssim, distance = as_number(entry.get("ssim")), as_whole_number(
        entry.get("hash_distance"), 0, 64
    )
    is_valid = ssim is not None and -1 <= ssim <= 1 and distance is not None
    return Similarity(ssim or 0.0, distance or 0) if is_valid else None


def _parse_thumbnail(value: Any) -> bytes | None:
    """Decode a base64 thumbnail to JPEG bytes; return None if the thumbnail is invalid."""
    if not isinstance(value, str) or len(value) > _MAX_THUMBNAIL:
        return None
    try:
        thumbnail = base64.b64decode(value, validate=True)
    except ValueError:
        return None
    return thumbnail if is_thumbnail(thumbnail) else None
