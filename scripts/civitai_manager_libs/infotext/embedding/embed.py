"""Writes a picture's file anew with its infotext in it, in one step, or leaves it as it is."""

from __future__ import annotations

import os
import re
import struct
from contextlib import ExitStack
from typing import BinaryIO

from ... import util
from ...core import disk_error, has_its_end, PartialFile
from ..files import embedded_texts
from .patches import Patch, PLACES

__all__ = ["insert_infotext"]

_PIECE = 1_000_000  # bytes
_TAKEN = ("parameters", "UserComment")
# What macOS calls a picture of the screen, and the mark of a comment's encoding without a comment.
_SAYS_NOTHING = re.compile(  # no two repetitions side by side: linear, whatever is in the file
    r"[\s\0]*(?:(?:ASCII|UNICODE)[\s\0]*)?(?:Screenshot[\s\0]*)?", re.IGNORECASE
)


def insert_infotext(path: str, text: str) -> bool:
    """Put an infotext into an image's file; return whether it is in the file now.

    False, and nothing is done, where the file's comment says something already, or where that
    kind of file or a damaged one has no place for it. No pixel is touched, and all else that is
    in the file stays. Raises DiskError, DiskFull.
    """
    texts = embedded_texts(path)
    if not text or not all(_SAYS_NOTHING.fullmatch(texts.get(name, "")) for name in _TAKEN):
        return False
    try:
        with ExitStack() as stack:
            with open(path, "rb") as file:  # closed before it is replaced: Windows insists on that
                kind = util.extension_of(file.read(16)) or ""
                patches = PLACES[kind](file, text) if kind in PLACES else None
                if patches is None or not has_its_end(path, kind):
                    return False
                partial = stack.enter_context(PartialFile(os.path.dirname(path)))
                _write(partial, file, patches)
            is_good = _is_as_meant(partial.path, kind, text)
            if is_good:
                partial.commit(path)
            return is_good
    except (OverflowError, struct.error):  # lengths that no such file can have
        return False
    except OSError as error:
        raise disk_error(error, path) from error


def _write(partial: PartialFile, file: BinaryIO, patches: list[Patch]) -> None:
    at = 0
    for patch in sorted(patches, key=lambda patch: patch.at):
        _copy(partial, file, at, patch.at)
        partial.write(patch.added)
        at = patch.at + patch.removed
    _copy(partial, file, at, os.fstat(file.fileno()).st_size)


def _copy(partial: PartialFile, file: BinaryIO, start: int, end: int) -> None:
    file.seek(start)
    while start < end and (piece := file.read(min(_PIECE, end - start))):
        partial.write(piece)
        start += len(piece)


def _is_as_meant(path: str, kind: str, text: str) -> bool:
    """Read back, before it takes the place of what was whole."""
    read = embedded_texts(path)
    said = read.get("parameters") if kind == "png" else read.get("UserComment")
    return said == text.encode("utf-8", "replace").decode() and has_its_end(path, kind)
