"""The short videos: kept as files, since nothing here can write one."""

from __future__ import annotations

import functools
import struct
from pathlib import Path
from typing import NamedTuple

from ..scenes import Art, art_of
from .rows import Row

__all__ = ["Clip", "clip_bytes", "clip_of"]


class Clip(NamedTuple):
    """A loop that begins with the drawing of its art, which so is its poster."""

    name: str
    art: Art
    size: tuple[int, int]
    mime: str


def _clip(name: str, seed: int, scene: str, size: tuple[int, int]) -> Clip:
    kind = "video/webm" if name.endswith(".webm") else "video/mp4"
    return Clip(name, art_of(seed, (scene,)), size, kind)


@functools.lru_cache(maxsize=1)
def _clips() -> tuple[Clip, ...]:
    return (
        _clip("sea.mp4", 3, "sea", (360, 640)),
        _clip("aurora.mp4", 9, "aurora", (360, 640)),
        _clip("reef.mp4", 14, "reef", (360, 640)),
        _clip("balloons.mp4", 47, "balloons", (640, 360)),
        _clip("ridges.webm", 1, "mountains", (640, 360)),
    )


def clip_of(row: Row) -> Clip:
    return _clips()[row.id // 3 % len(_clips())]


def clip_bytes(row: Row) -> bytes:
    """The clip, and behind it an empty box with the id, so that no two videos are the same."""
    clip, mark = clip_of(row), str(row.id).encode()
    if clip.mime == "video/webm":
        return _stored(clip.name) + bytes([0xEC, 0x80 | len(mark)]) + mark  # EBML Void
    return _stored(clip.name) + struct.pack(">I4s", 8 + len(mark), b"free") + mark


@functools.lru_cache(maxsize=None)
def _stored(name: str) -> bytes:
    return (Path(__file__).parent / "clips" / name).read_bytes()
