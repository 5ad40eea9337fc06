"""The interface that a run of a job uses, whatever the job downloads."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Protocol

from ...core import Cancellation
from ...errors import CivitaiShortcutError
from ...network import Progress
from ..failures import WorkResult
from ..factory import JobClient
from ..records import Item, Job, Outcome
from ..store import JobStore
from .images import ImageKind
from .models import ModelKind

__all__ = ["JobKind", "make_kind"]


class ItemSource(Protocol):
    """Iterates once over the items to download.

    error: why the iteration ended early, else None.
    """

    @property
    def error(self) -> CivitaiShortcutError | None: ...

    def __iter__(self) -> Iterator[Item]: ...


class Failures(Protocol):
    """Decides during one run which failures are final, as `FailureClassifier` does for images."""

    @property
    def is_offline(self) -> bool: ...

    def ends_run(self, error: CivitaiShortcutError) -> bool: ...

    def classify(self, result: WorkResult) -> list[Outcome]: ...

    def flush_held(self, error: CivitaiShortcutError | None) -> list[Outcome]: ...


class JobKind(Protocol):
    """What a run does with the items of its job, depending on what the job downloads."""

    @property
    def failures(self) -> Failures: ...

    @property
    def workers(self) -> int:
        """Return how many items may be downloaded at once."""

    def make_items(
        self,
        on_outcome: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        cancelled: Cancellation,
    ) -> ItemSource:
        """Return the items to download.

        on_outcome: called with the outcome of each item that needs no download. on_wait: called
        several times a second while the iteration waits.
        """

    def fetch(self, item: Item, progress: Progress, cancelled: Cancellation) -> Outcome:
        """Download an item in a worker thread, and return its outcome.

        progress: called with the bytes received and the file's size. Raises CivitaiShortcutError.
        """

    def measure(self, item: Item) -> tuple[int, int]:
        """Return (bytes of the item on the disk, bytes of the whole item); 0 means unknown."""

    def list_folders(self) -> Iterable[str]:
        """Return the folders that the job saves files in."""

    def estimate_space(self, job: Job) -> Mapping[str, int]:
        """Return how many bytes of disk space the rest of the job needs, by folder.

        Return {} for a job that saves no files.
        """


def make_kind(store: JobStore, job: Job, client: JobClient) -> JobKind:
    """Return a ModelKind for a job that downloads model files, else an ImageKind."""
    kind = ModelKind if job.has_models else ImageKind
    return kind(store, job.id, client)
