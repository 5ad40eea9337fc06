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
    """The items that a run is to download; can be iterated only once.

    error: why the iteration ended early, else None.
    """

    @property
    def error(self) -> CivitaiShortcutError | None: ...

    def __iter__(self) -> Iterator[Item]: ...


class Failures(Protocol):
    """Decides which failures in one run of a job are final; see `FailureClassifier`."""

    @property
    def is_offline(self) -> bool: ...

    def ends_run(self, error: CivitaiShortcutError) -> bool: ...

    def classify(self, result: WorkResult) -> list[Outcome]: ...

    def flush_held(self, error: CivitaiShortcutError | None) -> list[Outcome]: ...


class JobKind(Protocol):
    """What a run of a job does with its items: one class for images, one for model files."""

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
        several times a second while the iteration waits. cancelled: ends the iteration.
        """

    def fetch(self, item: Item, progress: Progress, cancelled: Cancellation) -> Outcome:
        """Download an item and return its outcome. The run calls this method in its worker threads.

        progress: called with the number of bytes received so far and in total (0 if unknown).
        Raises Cancelled if the run was stopped, else another CivitaiShortcutError.
        """

    def measure(self, item: Item) -> tuple[int, int]:
        """Return (bytes of an item that are on the disk, bytes of the whole item); 0 is unknown."""

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
