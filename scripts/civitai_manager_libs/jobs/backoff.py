"""What keeps a job from going on: told from what is one picture's own, and for how long."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace

from ..errors import Busy, CivitaiShortcutError, DiskError, NetworkError, ServerError
from .records import Item, Outcome
from .states import PASSING

__all__ = ["WorkResult", "FailureClassifier", "ROOM_EVERY", "pause_before_retry"]

_OF_THE_NETWORK = (NetworkError, ServerError)
_LOST_AFTER = 5  # failures in a row: then it is not the pictures
_NETWORK_EVERY, ROOM_EVERY, _SELDOM = 5.0, 2.0, 60.0  # seconds between two goes, doubling
_LONGEST_REST = 3600.0  # seconds that a host may ask for and get


@dataclass(frozen=True)
class WorkResult:
    """What a worker brings. began: when, by `time.perf_counter`. error: why it failed."""

    item: Item
    outcome: Outcome
    began: float
    error: CivitaiShortcutError | None = None
    ended: float = field(default_factory=time.perf_counter)


class FailureClassifier:
    """Of one go: failures of which it is not known whether the picture or the network is why.

    A few of them become the pictures' own with an answer of any kind to what was asked later. Many
    in a row are the network's (`is_offline`), and wait. One that waited so, and fails again in a
    go in
    which there were answers, is the picture's own: else such ones would keep a job from its end.
    """

    def __init__(self) -> None:
        self._held: list[WorkResult] = []
        self._answered = False

    @property
    def is_offline(self) -> bool:
        return len(self._held) >= _LOST_AFTER

    def classify(self, result: WorkResult) -> list[Outcome]:
        """What is known now. `waiting` with a reason is one that is held: nobody's claim."""
        if result.outcome.state == "waiting":
            return [result.outcome]
        if not isinstance(result.error, _OF_THE_NETWORK):
            self._answered = True
            return [*self._release_held(result.began), result.outcome]
        if self._answered and result.item.reason:
            return [result.outcome]
        self._held.append(result)
        return [replace(result.outcome, state="waiting")]

    def flush_held(self, trouble: CivitaiShortcutError | None) -> list[Outcome]:
        """What is held at a go's end, as the pictures' own.

        trouble: why not all were tried. Where that is the network, it may be so with these too.
        """
        if isinstance(trouble, (*_OF_THE_NETWORK, DiskError)):
            return []
        return [came.outcome for came in self._held]

    def _release_held(self, asked_at: float) -> list[Outcome]:
        """None by an answer that was on its way before they failed, or once the network is lost."""
        released = [] if self.is_offline else [c for c in self._held if c.ended <= asked_at]
        self._held = [came for came in self._held if came not in released]
        return [came.outcome for came in released]


def pause_before_retry(trouble: CivitaiShortcutError | None, in_vain: int) -> float | None:
    """Seconds until the next go; None: it would end as this one did.

    in_vain: goes since the last one that saved something.
    """
    if trouble is None or trouble.reason not in PASSING:
        return None
    first = ROOM_EVERY if isinstance(trouble, DiskError) else _NETWORK_EVERY
    asked = min(trouble.seconds, _LONGEST_REST) if isinstance(trouble, Busy) else 0.0
    return max(asked, min(first * 2 ** min(in_vain, 10), _SELDOM))
