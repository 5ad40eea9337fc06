"""Jobs that download images, or only read their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from ... import setting
from ...core import Cancellation
from ...network import Progress
from ..failures import FailureClassifier
from ..factory import JobClient
from ..records import Item, Job, Outcome
from ..sidecars import write_sidecars
from ..store import JobStore
from .image_items import current_size, ImageItems

__all__ = ["ImageKind"]

_EXTRA_WORKERS = 2  # in addition to those that download; some wait for the disk
_GUESSED_LEFT = 200  # images that a gallery of unknown length is assumed to have left at most


class ImageKind:
    """Downloads images, or only stores their records, during one run of a job."""

    def __init__(self, store: JobStore, job_id: int, client: JobClient) -> None:
        self.failures = FailureClassifier()
        self._store, self._job_id, self._client = store, job_id, client
        self._folder = store.get_job(job_id).folder

    @property
    def workers(self) -> int:
        return setting.gallery_max_concurrent_downloads + _EXTRA_WORKERS

    def make_items(
        self,
        on_outcome: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        cancelled: Cancellation,
    ) -> ImageItems:
        return ImageItems(self._store, self._job_id, self._client, on_outcome, on_wait, cancelled)

    def fetch(self, item: Item, progress: Progress, cancelled: Cancellation) -> Outcome:
        file = self._client.fetch_file(
            item.url, lambda extension: item.path(self._folder, extension), progress, cancelled
        )
        message = write_sidecars(file.path, item.record, is_ours=True)
        size = current_size(file.path, file.size)
        return Outcome(item.image_id, "saved", file.path, size, message=message)

    def measure(self, item: Item) -> tuple[int, int]:
        return 0, 0

    def list_folders(self) -> Iterable[str]:
        return filter(None, self._store.list_folders(self._job_id))

    def estimate_space(self, job: Job) -> Mapping[str, int]:
        if job.options.reads_only:
            return {}
        left = job.waiting if job.again else self._store.count_to_fetch(job.id)
        if not job.walked:
            left += max(0, min(job.total - job.finished, _GUESSED_LEFT) - job.waiting)
        return {job.folder: left * self._store.estimate_size()}
