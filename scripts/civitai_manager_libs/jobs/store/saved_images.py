"""The saved images, and the claims that keep two jobs from downloading the same image."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence

from ..records import Claim, item_path
from . import rows
from .database import jobs_database
from .locks import JobLocks

__all__ = ["delete_claims", "SavedImages"]

_MISSING = "state = 'skipped' AND message != ''"  # a skipped image whose saved file is missing


class SavedImages(JobLocks):
    """The saved images of a data folder, and the jobs' claims on images to be saved.

    A job claims an image before it downloads the image, so that no other job does the same. There
    are no claims on model files. path: the path of the database.
    """

    def __init__(self, path: str) -> None:
        super().__init__(os.path.join(os.path.dirname(path), "locks"))
        self._database = jobs_database(path)
        # Damaged text may not be valid UTF-8.
        self._database.connection.text_factory = lambda data: data.decode("utf-8", "replace")

    def count_to_fetch(self, job_id: int) -> int:
        """Return how many of a job's waiting images have not been saved by any job."""
        sql = (
            "SELECT count(*) FROM items WHERE job = ? AND state = 'waiting'"
            " AND image_id NOT IN (SELECT image_id FROM saved)"
        )
        return int(self._database.rows(sql, (job_id,))[0][0])

    def find_saved_paths(self, image_ids: Sequence[int]) -> dict[int, str]:
        """Return the file paths of saved images, by image id; the files may have been deleted."""
        sql = "SELECT image_id, path FROM saved WHERE image_id IN (SELECT value FROM json_each(?))"
        found = self._database.rows(sql, (json.dumps(list(image_ids)),))
        return {image_id: path for image_id, path in found}

    def list_saved_ids(self) -> list[int]:
        """Return the ids of all images ever saved; their files may have been deleted."""
        return [image_id for (image_id,) in self._database.rows("SELECT image_id FROM saved")]

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
            db.execute(f"DELETE FROM saved WHERE image_id IN ({images})", (job_id,))
            changed = db.execute(sql, (job_id,)).rowcount
            if changed:
                rows.mark_queued(db, job_id)
        return changed

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


def delete_claims(db: sqlite3.Connection, job_id: int) -> None:
    db.execute("DELETE FROM claims WHERE job = ?", (job_id,))
