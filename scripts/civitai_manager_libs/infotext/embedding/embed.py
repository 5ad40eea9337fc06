"""Replaces an image file by a copy with an embedded infotext."""

from __future__ import annotations

import os
import re
import struct
from contextlib import ExitStack
from typing import BinaryIO

from ...core import AtomicFile, detect_media_extension, is_complete, open_to_read, to_disk_error
from ..files import read_embedded_texts
from .patches import Patch, PATCHERS

__all__ = ["embed_infotext"]

_PIECE = 1_000_000  # bytes
_COMMENT_NAMES = ("parameters", "UserComment")
# A comment without content: an encoding mark alone, or what macOS writes into a screenshot.
_EMPTY_COMMENT = re.compile(  # no adjacent repetitions, so matching is linear
    r"[\s\0]*(?:(?:ASCII|UNICODE)[\s\0]*)?(?:Screenshot[\s\0]*)?", re.IGNORECASE
)


def embed_infotext(path: str, text: str) -> bool:
    """Embed an infotext into an image file; return whether the file was changed.

    The file is left unchanged if it has an infotext or comment already, is damaged, or is neither
    PNG, JPEG nor WebP. All other bytes of the file stay the same. Raises DiskError or DiskFull if
    the file cannot be read or written.
    """
    texts = read_embedded_texts(path)
    if not text or not all(
        _EMPTY_COMMENT.fullmatch(texts.get(name, "")) for name in _COMMENT_NAMES
    ):
        return False
    try:
        with ExitStack() as stack:
            with open_to_read(path) as file:  # closed before it is replaced, as Windows requires
                kind = detect_media_extension(file.read(16)) or ""
                patches = PATCHERS[kind](file, text) if kind in PATCHERS else None
                if patches is None or not is_complete(path, kind):
                    return False
                new_file = stack.enter_context(AtomicFile(os.path.dirname(path)))
                _write_patched(new_file, file, patches)
            is_good = _contains_infotext(new_file.path, kind, text)
            if is_good:
                new_file.commit(path)
            return is_good
    except (OverflowError, struct.error):  # lengths that exceed the format
        return False
    except OSError as error:
        raise to_disk_error(error, path) from error


def _write_patched(new_file: AtomicFile, file: BinaryIO, patches: list[Patch]) -> None:
    at = 0
    for patch in sorted(patches, key=lambda patch: patch.offset):
        _copy_bytes(new_file, file, at, patch.offset)
        new_file.write(patch.added)
        at = patch.offset + patch.removed
    _copy_bytes(new_file, file, at, os.fstat(file.fileno()).st_size)


def _copy_bytes(new_file: AtomicFile, file: BinaryIO, start: int, end: int) -> None:
    file.seek(start)
    while start < end and (piece := file.read(min(_PIECE, end - start))):
        new_file.write(piece)
        start += len(piece)


def _contains_infotext(path: str, kind: str, text: str) -> bool:
    """Return whether an image file is complete and contains the infotext `text`.

    kind: the file's type, "png", "jpg" or "webp".
    """
    read = read_embedded_texts(path)
    comment = read.get("parameters") if kind == "png" else read.get("UserComment")
    return comment == text.encode("utf-8", "replace").decode() and is_complete(path, kind)
