"""Which images are saved, and which job may save an image."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from ..core import log_disk_errors, sqlite
from ..errors import DiskError, InputError
from ..library import image_records
from .job_records import Claim, item_path
from .tables import delete_claims, jobs_database, mark_queued

__all__ = ["SavedImages"]

_LOCK_SECONDS = 1.0  # to wait for the lock, which `is_job_running` of another process holds briefly
_MISSING = "state = 'skipped' AND message != ''"  # a skipped image whose saved file is missing


class SavedImages:
    """The saved images of a data folder, the jobs' locks, and their claims on images to be saved.

    A job claims an image before it downloads the image, so that no other job does the same. There
    are no claims on model files. path: the path of the database.
    """

    def __init__(self, path: str) -> None:
        self._folder = os.path.join(os.path.dirname(path), "locks")
        self._database = jobs_database(path)
        # Damaged text may not be valid UTF-8.
        self._database.connection.text_factory = lambda data: data.decode("utf-8", "replace")

    def job_lock(self, job_id: int) -> sqlite.ProcessLock:
        """Return the lock that a process holds while it runs the job."""
        return sqlite.ProcessLock(os.path.join(self._folder, f"job-{job_id}.lock"))

    def queue_lock(self) -> sqlite.ProcessLock:
        """Return the lock that is shared by all processes that run queued jobs."""
        return sqlite.ProcessLock(os.path.join(self._folder, "queue.lock"))

    def is_queue_running(self) -> bool:
        """Return whether any process is running the queued jobs."""
        lock = self.queue_lock()
        try:
            return not lock.acquire()
        except DiskError:
            return False
        finally:
            lock.release()

    @contextmanager
    def hold_job(self, job_id: int) -> Iterator[None]:
        """Hold the job's lock during the `with` block, so that nobody else runs the job.

        Raises InputError if another process or thread holds the lock.
        """
        lock = self.job_lock(job_id)
        if not lock.acquire(_LOCK_SECONDS):
            raise InputError(f"Job {job_id} is already running in another program: stop it there.")
        try:
            yield
        finally:
            lock.release()

    def is_job_running(self, job_id: int) -> bool:
        """Return whether a process or thread is running the job."""
        lock = self.job_lock(job_id)
        if not os.path.exists(lock.path):
            return False
        is_free = lock.acquire()
        lock.release()
        return not is_free

    def count_to_fetch(self, job_id: int) -> int:
        """Return how many of a job's waiting images have not been saved by any job."""
        sql = (
            "SELECT count(*) FROM items WHERE job = ? AND state = 'waiting'"
            " AND image_id NOT IN (SELECT image_id FROM saved)"
        )
        return int(self._database.rows(sql, (job_id,))[0][0])

    def find_saved_paths(self, image_ids: Sequence[int] | None = None) -> dict[int, str]:
        """Return the file paths of saved images, by image id; the files may have been deleted.

        image_ids: None for all images ever saved.
        """
        sql, values = "SELECT image_id, path FROM saved", tuple[str, ...]()
        if image_ids is not None:
            sql += " WHERE image_id IN (SELECT value FROM json_each(?))"
            values = (json.dumps(list(image_ids)),)
        return {image_id: path for image_id, path in self._database.rows(sql, values)}

    def copy_saved_paths(self, image_ids: Sequence[int] | None = None) -> None:
        """Copy the paths of saved images to the library, by which pages and searches know them.

        image_ids: None for all images ever saved. A disk error is logged, not raised.
        """
        if image_ids is None and not self._database.rows("SELECT 1 FROM saved LIMIT 1"):
            return
        with log_disk_errors("jobs"):
            image_records.store_saved_files(lambda: self.find_saved_paths(image_ids))

    def estimate_size(self) -> int:
        """Return the mean size in bytes of the latest 200 saved files, 0 if there are none."""
        sql = "SELECT avg(bytes) FROM (SELECT bytes FROM saved ORDER BY at DESC LIMIT 200)"
        return int(self._database.rows(sql)[0][0] or 0)

    def list_missing_paths(self, job_id: int) -> list[str]:
        """Return the paths of skipped images whose file was missing or damaged when skipped."""
        sql = f"SELECT path FROM items WHERE job = ? AND {_MISSING} ORDER BY place"
        return [path for (path,) in self._database.rows(sql, (job_id,))]

    def requeue_missing(self, job_id: int) -> int:
        """Set skipped images to `waiting` if their files were missing or damaged when skipped.

        Return the number of these images; if it is not 0, the job becomes `queued`. Raises
        InputError if the job is running.
        """
        missing = f"job = ? AND {_MISSING} AND place IN (SELECT place FROM records)"
        images = f"SELECT image_id FROM items WHERE {missing}"
        sql = f"UPDATE items SET state = 'waiting', message = '', path = '' WHERE {missing}"
        with self.hold_job(job_id), self._database.writing() as db:
            ids = [image_id for (image_id,) in db.execute(images, (job_id,))]
            db.executemany("DELETE FROM saved WHERE image_id = ?", [(i,) for i in ids])
            db.execute(sql, (job_id,))
            if ids:
                mark_queued(db, job_id)
        with log_disk_errors("jobs"):
            image_records.forget_saved_files(ids)
        return len(ids)

    def count_saved_elsewhere(self, job_id: int) -> int:
        """Return how many skipped images were saved at another path than the job would use.

        Images whose files were missing or damaged when skipped are not counted.
        """
        found = self._database.rows(
            "SELECT path, folder, image_id, name FROM items JOIN jobs ON jobs.id = job"
            " WHERE job = ? AND items.state = 'skipped' AND message = '' AND kind != 'model'",
            (job_id,),
        )
        return sum(os.path.splitext(path)[0] != item_path(*place) for path, *place in found)

    def claim_images(self, job_id: int, image_ids: Sequence[int]) -> dict[int, Claim]:
        """Claim images for a job, except those that another job has claimed already.

        Return a Claim for each image, by image id: it says where the image was saved before, and
        which other job has claimed it.
        """
        listed = "WHERE image_id IN (SELECT value FROM json_each(?))"
        ids = (json.dumps(list(image_ids)),)
        with self._database.writing() as db:
            found = db.execute(f"SELECT image_id, path, bytes FROM saved {listed}", ids)
            saved = {image_id: file for image_id, *file in found}
            owners = dict(db.execute(f"SELECT image_id, job FROM claims {listed}", ids).fetchall())
            unclaimed = [(i, job_id) for i in image_ids if i not in owners]
            db.executemany("INSERT INTO claims (image_id, job) VALUES (?, ?)", unclaimed)
        claims = {}
        for i in image_ids:
            path, size = saved.get(i, ("", 0))
            is_ours = owners.get(i) == job_id
            claims[i] = Claim(path, size, 0 if is_ours else owners.get(i, 0), is_ours)
        return claims

    def free_claims(self, job_id: int) -> None:
        """Delete a job's claims on images, unless that job is running."""
        lock = self.job_lock(job_id)
        if lock.acquire():
            try:
                with self._database.writing() as db:
                    delete_claims(db, job_id)
            finally:
                lock.release()
