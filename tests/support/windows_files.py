"""Simulates Windows' files on another system, only for the modules of this package.

They get an `os`, `open`, `time` and `sqlite3` that behave as the table in
tests/core/files/test_windows.py says. On Windows, the table itself is tested.
"""

import builtins
import errno
import io
import os
import re
import sqlite3
import sys
import threading
import time
import weakref
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

__all__ = ["MISSING", "MISSING_MODULES", "WindowsFiles", "play_windows"]

_PACKAGE = "civitai_manager_libs"
_DENIED, _SHARING, _BAD_NAME, _NO_PATH, _EXISTS = 5, 32, 123, 3, 183  # Windows' codes
_LONGEST_PATH = 259  # letters, without a setting of the registry
_TICK = 1 / 64  # seconds between two times that the clock of a Python before 3.13 tells
_RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.I)
MISSING = {"O_NOFOLLOW", "O_NONBLOCK", "O_DIRECTORY", "chown", "fdatasync", "fork", "geteuid"}
MISSING |= {"getuid", "mkfifo", "openpty", "posix_fallocate", "pread", "pwrite", "statvfs"}
MISSING |= {"sync"}
MISSING_MODULES = {"fcntl", "grp", "pwd", "resource", "termios"}


class WindowsFiles:
    """Stands in for `os`, `open`, `time` and `sqlite3` in one test.

    scanner_seconds: how long a simulated virus scanner keeps a new file open. Waiting for the
    scanner takes no real time: it only advances the clock of the waiting thread. Waiting for a file
    that is really open takes real time.
    """

    def __init__(self) -> None:
        self.scanner_seconds = 0.5
        self._own = threading.local()
        self._lock = threading.Lock()
        self._open: list[tuple[tuple[int, int], weakref.ref[Any]]] = []
        self._databases: list[weakref.ref[_Connection]] = []
        self._scanned: dict[tuple[int, int], float] = {}  # until when, by the real clock
        self.os, self.time = _Os(self), _Time()
        self.patient_time = _PatientTime(self)
        self.sqlite3 = _Instead(sqlite3, connect=self._connect)
        self.msvcrt = _Instead(io, LK_NBLCK=2, locking=_lock_byte)

    @property
    def waited(self) -> float:
        """Return how many seconds the calling thread has waited for the virus scanner."""
        return getattr(self._own, "waited", 0.0)

    def sleep(self, seconds: float) -> None:
        """Wait `seconds` for the file that the calling thread last found in use."""
        with self._lock:
            identity = self._own.refused
            if identity in self._scanned:
                self._scanned[identity] -= seconds
                self._own.waited = self.waited + seconds
                return
        time.sleep(seconds)

    def open(self, file: Any, mode: str = "r", *args: Any, **options: Any) -> Any:
        if not isinstance(file, str):
            return builtins.open(file, mode, *args, **options)
        path = self.actual(file)
        if _RESERVED.fullmatch(os.path.basename(path)):
            path = os.devnull
        if "b" not in mode:
            options.setdefault("encoding", "cp1252")
            options.setdefault("newline", None if "r" in mode else "\r\n")
        is_new = not os.path.exists(path)
        opened = builtins.open(path, mode, *args, **options)
        with self._lock:
            if is_new:
                self._scan(path)
            if "opener" not in options:  # ours share a file's name
                self._open.append((_identity(os.fstat(opened.fileno())), weakref.ref(opened)))
        return opened

    def actual(self, path: str) -> str:
        """Return the path on this system of the file that Windows would find at `path`.

        Windows ignores case, and spaces and dots at the end of a name. Raises OSError for an
        invalid name.
        """
        if re.search(r'[<>"|?*]', path):
            raise _error(OSError(errno.EINVAL, "The name is invalid", path), _BAD_NAME)
        if len(os.path.abspath(path)) > _LONGEST_PATH:
            raise _error(FileNotFoundError(errno.ENOENT, "No such path", path), _NO_PATH)
        if os.path.lexists(path):
            return path
        folder, name = os.path.split(path)
        if not name or name in (".", ".."):
            return path
        folder, name = self.actual(folder) if folder else "", name.rstrip(". ") or name
        for each in os.listdir(folder or ".") if os.path.isdir(folder or ".") else ():
            if each.lower() == name.lower():
                return os.path.join(folder, each)
        return os.path.join(folder, name)

    def refuse_if_held(self, path: str, code: int) -> None:
        """Raise PermissionError if a program has the file open. code: the error code of Windows."""
        try:
            identity = _identity(os.stat(path))
        except OSError:
            return
        with self._lock:
            self._open = [each for each in self._open if _is_open(each[1]())]
            held = {identity for identity, _ in self._open}
            held |= {identity for each in self._databases for identity in _files_of(each())}
            if self._scanned.get(identity, 0.0) <= time.monotonic():
                self._scanned.pop(identity, None)
            self._own.refused = identity
            is_held = identity in held or identity in self._scanned
        if is_held:
            raise _error(PermissionError(errno.EACCES, "The file is in use", path), code)

    def replace(self, source: str, target: str) -> None:
        source, target = self.actual(source), self.actual(target)
        self.refuse_if_held(source, _SHARING)
        self.refuse_if_held(target, _DENIED)
        os.replace(source, target)
        with self._lock:
            self._scan(target)

    def rename(self, source: str, target: str) -> None:
        """Rename a file. Raises FileExistsError if the target exists, as on Windows."""
        if os.path.lexists(self.actual(target)):
            raise _error(FileExistsError(errno.EEXIST, "The file exists", target), _EXISTS)
        self.replace(source, target)

    def remove(self, path: str) -> None:
        path = self.actual(path)
        self.refuse_if_held(path, _SHARING)
        os.remove(path)

    def _scan(self, path: str) -> None:
        if os.path.isfile(path):
            self._scanned[_identity(os.stat(path))] = time.monotonic() + self.scanner_seconds

    def _connect(self, path: str, **options: Any) -> sqlite3.Connection:
        connection = sqlite3.connect(self.actual(path), factory=_Connection, **options)
        connection.path = self.actual(path)
        with self._lock:
            self._databases.append(weakref.ref(connection))
        return connection


class _Connection(sqlite3.Connection):
    """A connection whose `path` is "" after `close`."""

    path = ""

    def close(self) -> None:
        super().close()
        self.path = ""


def _files_of(connection: _Connection | None) -> Iterator[tuple[int, int]]:
    path = connection.path if connection is not None else ""
    for end in ("", "-wal", "-shm", "-journal") if path else ():
        with suppress(FileNotFoundError):
            yield _identity(os.stat(path + end))


class _Instead:
    """A module with some of its names replaced."""

    def __init__(self, module: Any, **names: Any) -> None:
        self.__dict__.update(names)
        self._module = module

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


class _Os(_Instead):
    """The module `os` as on Windows. Names that are not replaced are looked up at each use."""

    name = "nt"

    def __init__(self, files: WindowsFiles) -> None:
        super().__init__(os)
        self._files = files
        self.path = _Paths(files)
        self.replace, self.rename = files.replace, files.rename
        self.remove = self.unlink = files.remove

    def __getattr__(self, name: str) -> Any:
        if name in MISSING:
            raise AttributeError(f"module 'os' has no attribute {name!r}")
        found = getattr(os, name)
        if name not in ("stat", "lstat", "utime", "mkdir", "makedirs", "listdir", "access"):
            return found
        return lambda path, *args, **options: found(self._files.actual(path), *args, **options)

    def open(self, path: str, flags: int, mode: int = 0o777) -> int:
        if os.path.isdir(path):
            raise _error(PermissionError(errno.EACCES, "A folder is no file", path), _DENIED)
        return os.open(self._files.actual(path), flags, mode)


class _Paths(_Instead):
    """The module `os.path` with file names that ignore case."""

    def __init__(self, files: WindowsFiles) -> None:
        super().__init__(os.path)
        self._files = files

    def __getattr__(self, name: str) -> Any:
        found = getattr(os.path, name)
        if name not in ("exists", "lexists", "isfile", "isdir", "islink", "getsize", "getmtime"):
            return found

        def look(path: str) -> Any:
            try:
                return found(self._files.actual(path))
            except OSError:
                if name.startswith("get"):
                    raise
                return False

        return look


class _Time(_Instead):
    """A clock that advances in steps of 1/64 second."""

    def __init__(self) -> None:
        super().__init__(time)

    def time(self) -> float:
        return time.time() // _TICK * _TICK

    def monotonic(self) -> float:
        return time.monotonic() // _TICK * _TICK


class _PatientTime(_Time):
    """A clock that also counts the seconds its thread has waited for the virus scanner."""

    def __init__(self, files: WindowsFiles) -> None:
        super().__init__()
        self._files = files

    def monotonic(self) -> float:
        return super().monotonic() + self._files.waited

    def sleep(self, seconds: float) -> None:
        self._files.sleep(seconds)


def play_windows(monkeypatch: pytest.MonkeyPatch) -> WindowsFiles:
    """Make the loaded modules of this package use simulated Windows files until the test ends."""
    from civitai_manager_libs.core import atomic_file, disk, safe_open

    files = WindowsFiles()
    for name, module in list(sys.modules.items()):
        if name.split(".")[0] == _PACKAGE:
            for each in (os, time, sqlite3):
                if getattr(module, each.__name__, None) is each:
                    monkeypatch.setattr(module, each.__name__, getattr(files, each.__name__))
            monkeypatch.setattr(module, "open", files.open, raising=False)
    monkeypatch.setattr(atomic_file, "time", files.patient_time)
    monkeypatch.setattr(safe_open, "fcntl", None)
    monkeypatch.setattr(safe_open, "msvcrt", files.msvcrt, raising=False)
    monkeypatch.setattr(disk, "fcntl", None)
    monkeypatch.setattr(disk, "_FULL", None)
    monkeypatch.setattr(disk, "_fdatasync", os.fsync)
    monkeypatch.setattr(safe_open, "_NOT_FOLLOWED", 0)
    return files


def _lock_byte(descriptor: int, how: int, count: int) -> None:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise PermissionError(errno.EACCES, "Permission denied") from error


def _identity(status: os.stat_result) -> tuple[int, int]:
    return status.st_dev, status.st_ino


def _is_open(opened: Any) -> bool:
    return opened is not None and not opened.closed


def _error(error: OSError, code: int) -> OSError:
    error.winerror = code
    return error
