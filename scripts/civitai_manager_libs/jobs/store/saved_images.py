"""The saved images, and the claims that keep two jobs from downloading the same image."""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

from ..records import Claim
from . import rows
from .database import jobs_database
from .locks import JobLocks

__all__ = ["SavedImages"]


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
        """Return the mean size in bytes of the latest saved files, 0 if there are none."""
        sql = "SELECT avg(bytes) FROM (SELECT bytes FROM saved ORDER BY at DESC LIMIT 200)"
        return int(self._database.rows(sql)[0][0] or 0)

    def claim_images(self, job_id: int, image_ids: Sequence[int]) -> dict[int, Claim]:
        """Claim images for a job, except those that another job has claimed already.

        Return a Claim for each image, by image id: it says where the image was saved before, and
        which other job has claimed it.
        """
        with self._database.writing() as db:
            return rows.insert_claims(db, job_id, image_ids)

    def free_claims(self, job_id: int) -> None:
        """Delete a job's claims on images, unless that job is running."""
        lock = self.job_lock(job_id)
        if not lock.acquire():
            return
        try:
            with self._database.writing() as db:
                rows.delete_claims(db, job_id)
        finally:
            lock.release()
