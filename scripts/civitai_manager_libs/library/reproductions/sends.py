"""Remembers the images that were sent to the WebUI, and finds the one an image was generated from.

An image was generated from a send of the last 12 hours if both have the same seed and

- the same words in the prompt;
- or, if the prompt was edited, a seed of six digits or more, which hardly occurs twice by chance;
  with a shorter seed, which users type, half of the words must be the same.

The latest matching send is taken.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

from ...core import as_integer
from ...infotext import list_prompt_words, parse_infotext

__all__ = ["Match", "SendMemory"]

_MAX_SENDS = 200
_MAX_AGE = 12 * 3600.0  # seconds
_MIN_RANDOM_SEED = 100_000
_MIN_SHARE = 0.5  # of the words of both prompts


class Match(NamedTuple):
    """A sent image from which a new image was generated. is_edited: whether the prompts differ."""

    image_id: int
    is_edited: bool


class _Send(NamedTuple):
    image_id: int
    seed: int
    words: tuple[str, ...]
    sent_at: float


class SendMemory:
    """The images and infotexts that were sent to the WebUI in the last 12 hours."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._sends: deque[_Send] = deque(maxlen=_MAX_SENDS)

    def add(self, image_id: int, infotext: str) -> None:
        """Remember a sent image and its infotext; ignore an infotext without a seed."""
        seed, words = _read_identity(infotext)
        if seed is not None:
            with self._lock:
                self._sends.append(_Send(image_id, seed, words, self._now()))

    def find(self, infotext: str) -> Match | None:
        """Return the sent image from which a new image was generated, or None if none matches.

        Infotexts match if their seeds are equal, and if the seed is at least 100,000 or the prompts
        have half of their words in common. Of several sent images, one with the same prompt is
        preferred, then the one that was sent last. infotext: of the new image.
        """
        with self._lock:
            oldest = self._now() - _MAX_AGE
            sends = [send for send in reversed(self._sends) if send.sent_at >= oldest]
        if not sends:
            return None
        seed, words = _read_identity(infotext)
        sends = [send for send in sends if send.seed == seed]
        for send in sends:
            if send.words == words:
                return Match(send.image_id, False)
        for send in sends:
            if (
                send.seed >= _MIN_RANDOM_SEED
                or _compute_word_overlap(send.words, words) >= _MIN_SHARE
            ):
                return Match(send.image_id, True)
        return None


def _read_identity(infotext: str) -> tuple[int | None, tuple[str, ...]]:
    """Return (seed, words of the prompt); the seed is None if it is missing or random (-1)."""
    read = parse_infotext(infotext)
    seed = as_integer(read.parameters.get("Seed"))
    return (seed if seed is not None and seed >= 0 else None), list_prompt_words(read.prompt)


def _compute_word_overlap(words: tuple[str, ...], others: tuple[str, ...]) -> float:
    """Return the share, 0 to 1, of the longer prompt's words that the other prompt has too."""
    longer = max(len({*words}), len({*others}))
    return len({*words} & {*others}) / longer if longer else 0.0
