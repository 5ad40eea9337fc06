"""Jobs that download model files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from ...core import Cancellation, resumable_size
from ...errors import CivitaiShortcutError, DiskError, InvalidResponse
from ...network import Progress
from ..factory import JobClient
from ..records import Item, Job, Outcome
from ..states import TRANSIENT_REASONS
from ..store import JobStore

__all__ = ["ModelKind"]

_MOST_ITEMS = 10_000  # a job has some hundred files at most


class ModelKind:
    """The parts of a run that are special to jobs that download model files; see `ImageKind`."""

    max_downloads = 1  # each file is downloaded over several connections

    def __init__(self, store: JobStore, job_id: int, client: JobClient) -> None:
        self._store, self._job_id, self._client = store, job_id, client

    def iter_items(
        self,
        on_outcome: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        cancelled: Cancellation,
    ) -> Iterator[Item]:
        # Files that failed in an earlier run come last.
        return iter(sorted(self._list_waiting(), key=lambda item: item.reason != ""))

    def fetch(self, item: Item, progress: Progress, cancelled: Cancellation) -> Outcome:
        file = self._client.receive_model(item.model_request, progress, cancelled)
        state = "skipped" if file.was_here else "saved"
        codes = " ".join(file.notes)
        return Outcome(item.image_id, state, file.path, file.size, codes, file.message)

    def ends_run(self, error: CivitaiShortcutError) -> bool:
        """Return whether an error of one file pauses the job, so that it is retried later.

        True for network errors, busy servers, used-up download quotas, and a file that another
        program is downloading. The file with the error then stays `waiting`.
        """
        # A DiskError other than DiskFull concerns one path only.
        return error.reason in TRANSIENT_REASONS and not isinstance(error, DiskError)

    def measure_item(self, item: Item) -> tuple[int, int]:
        """Return (bytes of a model file on the disk, its size), (0, 0) for a damaged record."""
        try:
            request = item.model_request
        except InvalidResponse:  # `fetch` raises it again
            return 0, 0
        return resumable_size(os.path.dirname(request.path), item.url), request.size

    def list_folders(self) -> Iterable[str]:
        return {item.folder("") for item in self._list_waiting()} - {""}

    def estimate_space(self, job: Job) -> Mapping[str, int]:
        needed: Counter[str] = Counter()
        for item in self._list_waiting():
            received, size = self.measure_item(item)
            needed[item.folder("")] += max(0, size - received)
        needed.pop("", None)  # items with damaged records
        return needed

    def _list_waiting(self) -> list[Item]:
        return self._store.list_waiting(self._job_id, 0, _MOST_ITEMS)
