"""Plays an SMB share as Linux mounts it: only the descriptor that holds a lock can read a file."""

import errno
import fcntl
import os

import pytest

__all__ = ["play_smb"]


def play_smb(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse to open a locked file for reading, until its lock ends (see flock(2) on CIFS)."""
    flock, open_file = fcntl.flock, os.open
    holders: dict[tuple[int, int], int] = {}  # descriptors by file

    def find_file(descriptor: int) -> tuple[int, int]:
        status = os.fstat(descriptor)
        return status.st_dev, status.st_ino

    def lock(descriptor: int, operation: int) -> None:
        flock(descriptor, operation)
        holders[find_file(descriptor)] = descriptor

    def is_locked(descriptor: int) -> bool:
        try:
            return find_file(holders[find_file(descriptor)]) == find_file(descriptor)
        except (KeyError, OSError):  # OSError: the holder is closed
            return False

    def open_unlocked(path: str, flags: int, *mode: int, **options: int) -> int:
        descriptor = open_file(path, flags, *mode, **options)
        if flags & os.O_ACCMODE == os.O_RDONLY and is_locked(descriptor):
            os.close(descriptor)
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return descriptor

    monkeypatch.setattr(fcntl, "flock", lock)
    monkeypatch.setattr(os, "open", open_unlocked)
