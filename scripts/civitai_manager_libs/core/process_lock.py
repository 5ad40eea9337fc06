"""A lock that ends with its process, however that ends."""

from __future__ import annotations

import os

from filelock import FileLock, Timeout

from ..errors import DiskError
from .files import delete_file, is_link, to_disk_error

__all__ = ["ProcessLock"]


class ProcessLock:
    """One holder at a time among all threads and processes; who took it must let it go."""

    def __init__(self, path: str) -> None:
        self.path, self._lock = path, FileLock(path)

    def acquire(self, patience: float = 0) -> bool:
        """Whether it is ours, at the latest after `patience` seconds. Raises DiskError."""
        try:
            os.makedirs(os.path.dirname(self.path), exist_ok=True)
            if is_link(self.path):  # which older versions of filelock follow, and empty
                delete_file(self.path)
            self._lock.acquire(timeout=patience)
        except Timeout:
            return False
        except OSError as error:
            raise to_disk_error(error, self.path) from error
        except NotImplementedError as error:
            raise DiskError(f"{self.path} cannot be locked: {error}.") from error
        return True

    def release(self) -> None:
        """Nothing, where it is not held."""
        self._lock.release()
