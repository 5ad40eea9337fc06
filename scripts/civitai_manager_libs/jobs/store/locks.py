"""Locks that tell all programs which process works on which job; they end with their process."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager

from ...core import sqlite_file
from ...errors import DiskError, InputError

__all__ = ["JobLocks"]

_LOCK_PATIENCE = 1.0  # seconds; who only looks whether a job is worked on holds its lock briefly


class JobLocks:
    """The locks of one data folder's jobs. folder: where their files are."""

    def __init__(self, folder: str) -> None:
        self._folder = folder

    def job_lock(self, job_id: int) -> sqlite_file.ProcessLock:
        """Return the lock that a process holds while it works on the job."""
        return sqlite_file.ProcessLock(os.path.join(self._folder, f"job-{job_id}.lock"))

    def queue_lock(self) -> sqlite_file.ProcessLock:
        """Return the lock that every program holds in which queued jobs wait their turn."""
        return sqlite_file.ProcessLock(os.path.join(self._folder, "queue.lock"))

    def has_queue(self) -> bool:
        """Return whether some program runs in which a queued job will have its turn."""
        lock = self.queue_lock()
        try:
            return not lock.acquire()
        except DiskError:
            return False
        finally:
            lock.release()

    @contextmanager
    def hold_job(self, job_id: int) -> Iterator[None]:
        """Hold the job's lock. Raises InputError when another process or thread works on it."""
        lock = self.job_lock(job_id)
        if not lock.acquire(_LOCK_PATIENCE):
            raise InputError(f"Job {job_id} is being worked on already: stop it there.")
        try:
            yield
        finally:
            lock.release()

    def is_worked_on(self, job_id: int) -> bool:
        """Return whether a process or thread holds the job's lock."""
        lock = self.job_lock(job_id)
        if not os.path.exists(lock.path):  # nobody ever did
            return False
        free = lock.acquire()
        lock.release()
        return not free
