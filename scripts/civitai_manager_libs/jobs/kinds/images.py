"""Jobs that download images, or only read their records."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from ... import setting
from ...core import Cancellation
from ...errors import CivitaiShortcutError
from ...network import Progress
from ..factory import JobClient
from ..records import Item, Job, Outcome
from ..sidecars import write_sidecars
from ..store import JobStore
from .image_items import check_folder, ImageItems, read_file_size

__all__ = ["ImageKind"]

_EXTRA_WORKERS = 2  # in addition to those that download; some wait for the disk
_GUESSED_LEFT = 200  # images that a gallery of unknown length is assumed to have left at most


class ImageKind:
    """The parts of a run that are special to jobs that download images or only store their records.

    `ModelKind` has the same methods for jobs that download model files.
    """

    def __init__(self, store: JobStore, job_id: int, client: JobClient) -> None:
        self._store, self._job_id, self._client = store, job_id, client
        self._folder = store.get_job(job_id).folder

    @property
    def max_downloads(self) -> int:
        """Return how many items may be downloaded at once."""
        return setting.gallery_max_concurrent_downloads + _EXTRA_WORKERS

    def iter_items(
        self,
        on_outcome: Callable[[Outcome], None],
        on_wait: Callable[[], None],
        cancelled: Cancellation,
    ) -> Iterator[Item]:
        """Yield the items to download.

        on_outcome: called with the outcome of each item that needs no download. on_wait: called
        several times a second while the iteration waits. Raises CivitaiShortcutError if a gallery
        page cannot be read. If `cancelled` is set, the iteration ends or raises Cancelled.
        """
        parts = (self._store, self._job_id, self._client, on_outcome, on_wait, cancelled)
        return iter(ImageItems(*parts))

    def fetch(self, item: Item, progress: Progress, cancelled: Cancellation) -> Outcome:
        """Download an image, write its metadata beside it, and return the outcome `saved`.

        progress: called with the number of bytes received so far and in total (0 if unknown).
        Raises Cancelled if `cancelled` is set, another CivitaiShortcutError after a failure.
        """
        check_folder(item, self._folder)
        file = self._client.fetch_file(
            item.url, lambda extension: item.path(self._folder, extension), progress, cancelled
        )
        message = write_sidecars(file.path, item.record, is_ours=True)
        size = read_file_size(file.path, file.size)  # larger if infotext was embedded
        return Outcome(item.image_id, "saved", file.path, size, message=message)

    def ends_run(self, error: CivitaiShortcutError) -> bool:
        """Return False: after an error of one image, the run goes on with the next one."""
        return False

    def measure_item(self, item: Item) -> tuple[int, int]:
        """Return (0, 0): neither an image's received bytes nor its size is known beforehand."""
        return 0, 0

    def list_folders(self) -> Iterable[str]:
        """Return the folders that the job saves files in."""
        return filter(None, self._store.list_folders(self._job_id))

    def estimate_space(self, job: Job) -> Mapping[str, int]:
        """Return {folder: bytes of disk space that the rest of the job needs there}.

        The bytes are estimated from the latest saved images. Return {} for a job that saves no
        files.
        """
        if job.options.reads_only:
            return {}
        left = job.waiting if job.again else self._store.count_to_fetch(job.id)
        if not job.walked:
            left += max(0, min(job.total - job.finished, _GUESSED_LEFT) - job.waiting)
        return {job.folder: left * self._store.estimate_size()}
