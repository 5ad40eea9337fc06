"""Jobs that download model files."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping

from ...core import Cancellation, resumable_size
from ...errors import CivitaiShortcutError, InvalidResponse
from ...network import Progress
from ..failures import TransientFailureClassifier
from ..factory import JobClient
from ..records import Item, Job, Outcome
from ..store import JobStore

__all__ = ["ModelKind"]

_MOST_ITEMS = 10_000  # a job has some hundred files at most


class ModelKind:
    """Downloads model files one after another during one run of a job.

    Each file is downloaded over several connections.
    """

    workers = 1

    def __init__(self, store: JobStore, job_id: int, client: JobClient) -> None:
        self.failures = TransientFailureClassifier()
        self._store, self._job_id, self._client = store, job_id, client

    def make_items(
        self,
        on_outcome: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        cancelled: Cancellation,
    ) -> ModelItems:
        return ModelItems(self._list_waiting())

    def fetch(self, item: Item, progress: Progress, cancelled: Cancellation) -> Outcome:
        file = self._client.receive_model(item.model_request, progress, cancelled)
        state = "skipped" if file.was_here else "saved"
        codes = " ".join(file.notes)
        return Outcome(item.image_id, state, file.path, file.size, codes, file.message)

    def measure(self, item: Item) -> tuple[int, int]:
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
            received, size = self.measure(item)
            needed[item.folder("")] += max(0, size - received)
        needed.pop("", None)  # items with damaged records
        return needed

    def _list_waiting(self) -> list[Item]:
        return self._store.list_waiting(self._job_id, 0, _MOST_ITEMS)


class ModelItems:
    """The files to download; files that failed in an earlier run come last. error: always None."""

    def __init__(self, items: Iterable[Item]) -> None:
        self.error: CivitaiShortcutError | None = None
        self._items = sorted(items, key=lambda item: item.reason != "")

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)
