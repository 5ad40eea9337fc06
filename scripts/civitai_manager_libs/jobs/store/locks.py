"""Locks by which a job runs in one process only; a lock ends with its process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ...core import sqlite_file
from ...errors import DiskError, InputError

__all__ = ["JobLocks"]

_LOCK_SECONDS = 1.0  # to wait for the lock, which `is_job_running` of another process holds briefly


class JobLocks:
    """The locks on the jobs of one data folder. folder: the folder of the lock files."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def job_lock(self, job_id: int) -> sqlite_file.ProcessLock:
        """Return the lock that a process holds while it runs the job."""
        return sqlite_file.ProcessLock(os.path.join(self._folder, f"job-{job_id}.lock"))

    def queue_lock(self) -> sqlite_file.ProcessLock:
        """Return the lock that is shared by all processes that run queued jobs."""
        return sqlite_file.ProcessLock(os.path.join(self._folder, "queue.lock"))

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
