"""Files of others and of ours opened safely: no links, no devices, one owner of a lock."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from contextlib import suppress
from io import BufferedReader, FileIO
from typing import Literal

from ..errors import DiskError
from .threads import find_cancellation


def expand_folder(typed: str) -> str:
    """Return a typed folder without quotes; `~` is expanded, on Windows also `%VARIABLES%`."""
    path = os.path.expanduser(typed.strip().strip('"'))
    return os.path.expandvars(path) if os.name == "nt" else path


try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import ctypes
    import msvcrt

    # mypy knows only the names of the system that it runs on, here and below.
    _create_file = ctypes.WinDLL(  # type: ignore[attr-defined]
        "kernel32", use_last_error=True
    ).CreateFileW
    _create_file.argtypes = [ctypes.c_wchar_p, *[ctypes.c_uint32] * 2, ctypes.c_void_p]
    _create_file.argtypes += [*[ctypes.c_uint32] * 2, ctypes.c_void_p]
    _create_file.restype = ctypes.c_void_p
else:
    _create_file = None

_Mode = Literal["rb", "r+b", "ab"]
_READ, _READ_AND_WRITE = 0x80000000, 0xC0000000
_SHARE_ALL = 7  # others may read, write, rename and delete the file
_CREATE_NEW, _OPEN_EXISTING, _OPEN_ALWAYS = 1, 3, 4
_INVALID_HANDLE = 2**64 - 1
# Without O_NONBLOCK, opening a named pipe placed at the path would block for ever.
_NOT_BLOCKED = getattr(os, "O_NONBLOCK", 0)
_NOT_FOLLOWED = getattr(os, "O_NOFOLLOW", 0) | _NOT_BLOCKED


def open_to_read(path: str) -> BufferedReader:
    """Open a regular file, or a link to one. Raises OSError for any other path."""
    try:
        file = open(path, "rb", opener=lambda path, flags: os.open(path, flags | _NOT_BLOCKED))
    except ValueError as error:  # a NUL in the path
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path) from error
    if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
        file.close()
        raise OSError(errno.EINVAL, "It is not a regular file", path)
    return file


def open_own_file(path: str, mode: _Mode, creates: bool = False) -> FileIO:
    """Open a regular file that belongs to the user, unbuffered.

    mode: as in `open`. creates: create the file if it is missing. Raises PermissionError for a
    link, folder or device, and for a file that has several hard links or belongs to another user;
    OSError if the file cannot be opened.
    """
    if is_foreign(path):
        raise PermissionError(errno.EPERM, "It is not a file of ours", path)
    flag = os.O_CREAT if creates else 0
    file = open(path, mode, buffering=0, opener=lambda path, flags: open_shared(path, flags | flag))
    if _is_foreign(os.fstat(file.fileno()), path):  # swapped between the two checks
        file.close()
        raise PermissionError(errno.EPERM, "It is not a file of ours", path)
    return file


def open_shared(path: str, flags: int) -> int:
    """Open a file so that other programs can still rename it; return its descriptor.

    Pass this function to `open` as `opener`. Links are not followed, if the system has O_NOFOLLOW.
    Raises OSError.
    """
    if _create_file is None:
        return os.open(path, flags | _NOT_FOLLOWED, 0o666)
    access = _READ_AND_WRITE if flags & (os.O_WRONLY | os.O_RDWR) else _READ
    creation = _OPEN_ALWAYS if flags & os.O_CREAT else _OPEN_EXISTING
    creation = _CREATE_NEW if flags & os.O_EXCL else creation
    handle = _create_file(path, access, _SHARE_ALL, None, creation, 0, None)
    if handle == _INVALID_HANDLE:
        raise ctypes.WinError(ctypes.get_last_error())  # type: ignore[attr-defined]
    descriptor: int = msvcrt.open_osfhandle(handle, flags)  # type: ignore[attr-defined]
    return descriptor


def is_foreign(path: str) -> bool:
    """Return whether a path is a link, folder or device, or a file of another user.

    Return True too for a file with several hard links; False for a missing file.
    """
    try:
        return _is_foreign(os.lstat(path), path)
    except FileNotFoundError:
        return False


def is_special_file(path: str) -> bool:
    """Return whether a path is a link, a folder, a device or a file with several hard links."""
    try:
        return not _is_plain(os.lstat(path))
    except FileNotFoundError:
        return False


def check_own_folder(folder: str) -> None:
    """Raise PermissionError if the folder is a link that another user made."""
    if os.path.islink(folder) and not _is_owned(os.lstat(folder), folder):
        raise PermissionError(errno.EPERM, "It is a link of another user", folder)


def check_no_links(top: str, folder: str) -> None:
    """Raise DiskError if `folder`, or a folder between it and `top`, is a link.

    top: a folder that the user has chosen, which may be a link; "" for none. Do nothing if `folder`
    is not below `top`.
    """
    while top and folder != top and folder.startswith(os.path.join(top, "")):
        if os.path.islink(folder):
            message = (
                f"{folder} is a link, and nothing is written through links: replace it by a folder,"
                " or choose the folder that it leads to in the settings."
            )
            raise DiskError(message, folder)
        folder = os.path.dirname(folder)


def _is_foreign(status: os.stat_result, path: str) -> bool:
    return not (_is_plain(status) and _is_owned(status, path))


def _is_plain(status: os.stat_result) -> bool:
    return stat.S_ISREG(status.st_mode) and status.st_nlink <= 1


def _is_owned(status: os.stat_result, path: str) -> bool:
    """Return whether a file belongs to the user, or has the same owner as its folder."""
    if not hasattr(os, "geteuid") or status.st_uid == os.geteuid():
        return True
    return status.st_uid == os.stat(os.path.dirname(path) or ".").st_uid


_OTHERS = stat.S_IRWXG | stat.S_IRWXO


def make_folder_private(folder: str, own_prefixes: tuple[str, ...]) -> None:
    """Let only the user read a folder, which is created if missing; ignore errors.

    own_prefixes: how the names of this program's files begin. If the folder contains other files,
    its permissions are not changed. On Windows, nothing is done.
    """
    if os.name == "nt":
        return
    with suppress(OSError):
        os.makedirs(os.path.dirname(folder), exist_ok=True)
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)
        if all(name.startswith(own_prefixes) for name in os.listdir(folder)):
            remove_others_access(folder)


def remove_others_access(path: str) -> None:
    """Let only the user read and write a file or folder; ignore errors.

    On Windows, where the rights of the folder decide, nothing is done.
    """
    if os.name == "nt":
        return
    with suppress(OSError):
        mode = stat.S_IMODE(os.stat(path).st_mode)
        if mode & _OTHERS:
            os.chmod(path, mode & ~_OTHERS)


# Windows bars others from a locked byte, so the byte lies behind all that is ever written.
_LOCKED_BYTE = 0x7FFFFFF0


def lock_descriptor(descriptor: int, wait: bool = False) -> bool | None:
    """Try to lock an open file against other threads and processes.

    Return True if the file is locked now, False if another holds the lock, and None if the file
    system has no locks. wait: block until the lock is free (ignored on Windows).
    """
    try:
        if fcntl is not None:
            fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        os.lseek(descriptor, _LOCKED_BYTE, os.SEEK_SET)
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        finally:
            os.lseek(descriptor, 0, os.SEEK_SET)
    except (BlockingIOError, PermissionError):  # flock's, msvcrt's
        return False
    except OSError:
        return None
    return True


_PIECE = 1024 * 1024  # bytes


def compute_sha256(path: str) -> str:
    """Return a file's SHA256 in hexadecimal. Raises OSError and Cancelled."""
    digest = hashlib.sha256()
    with open_to_read(path) as file:
        while piece := file.read(_PIECE):
            find_cancellation().check()
            digest.update(piece)
    return digest.hexdigest()
