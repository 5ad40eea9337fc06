"""The short videos, stored as files."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import NamedTuple

from ..scenes import Art, make_art
from .images import DemoImage

__all__ = ["Clip", "read_clip", "choose_clip"]


class Clip(NamedTuple):
    """A looped video. art: describes its first frame. size: (width, height) in pixels."""

    name: str
    art: Art
    size: tuple[int, int]
    mime: str


def _make_clip(name: str, seed: int, scene: str, size: tuple[int, int]) -> Clip:
    kind = "video/webm" if name.endswith(".webm") else "video/mp4"
    return Clip(name, make_art(seed, (scene,)), size, kind)


@functools.lru_cache(maxsize=1)
def _list_clips() -> tuple[Clip, ...]:
    return (
        _make_clip("sea.mp4", 3, "sea", (360, 640)),
        _make_clip("aurora.mp4", 9, "aurora", (360, 640)),
        _make_clip("balloons.mp4", 47, "balloons", (640, 360)),
        _make_clip("ridges.webm", 1, "mountains", (640, 360)),
    )


def choose_clip(image: DemoImage) -> Clip:
    """Return the clip that a video of the gallery shows."""
    return _list_clips()[image.id // 3 % len(_list_clips())]


def read_clip(clip: Clip) -> bytes:
    return (Path(__file__).parent / "clips" / clip.name).read_bytes()
