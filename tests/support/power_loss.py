"""A disk of its own whose power is cut: data that the disk did not have yet is lost.

An ext4 file system in an image file, mounted over a loop device. Writes that the system still has
in its memory are not in the image file, so a copy of the image file is what a real disk contains
after the power loss. Mounting the copy replays the journal, as the next start does.
"""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

__all__ = ["CutDisk", "stopped"]

_SIZE = 256 * 1024 * 1024  # bytes, most of which the image file does not take
_PATIENCE = 20.0  # seconds


class CutDisk:
    """A disk that is mounted at `path`. Skips the test if nothing can be mounted here."""

    def __init__(self, folder: Path, size: int = _SIZE) -> None:
        self._folder, self._image = folder, folder / "disk.img"
        self.path = folder / "disk"
        self._cuts = 0
        for tool in ("mkfs.ext4", "losetup", "mount"):
            if shutil.which(tool) is None:
                pytest.skip(f"there is no {tool} here")
        with open(self._image, "wb") as file:
            file.truncate(size)
        quiet = "lazy_itable_init=0,lazy_journal_init=0"  # nothing is written but what we write
        subprocess.run(["mkfs.ext4", "-q", "-F", "-E", quiet, str(self._image)], check=True)
        self._device = _mounted(self._image, self.path)

    def close(self) -> None:
        _unmount(self.path)

    def restore(self, copy: Path) -> None:
        """Mount a copy from `cut` in place of the disk."""
        _unmount(self.path)
        self.path.rmdir()
        self._image, self._device = copy, _mounted(copy, self.path)

    def cut(self) -> Path:
        """Return the path of a disk image as a power loss would leave it. Writers must pause."""
        self._cuts += 1
        copy = self._folder / f"cut-{self._cuts}.img"
        until = time.monotonic() + _PATIENCE
        while True:
            before = self._written()
            subprocess.run(["cp", "--sparse=always", str(self._image), str(copy)], check=True)
            if before is not None and before == self._written():
                return copy
            assert time.monotonic() < until, "the system does not stop writing"

    def _written(self) -> int | None:
        """Return how many sectors were written so far, None while some are being written."""
        stat = Path(f"/sys/block/{self._device}/stat").read_text().split()
        return None if int(stat[8]) else int(stat[6])

    @contextmanager
    def mounted(self, copy: Path) -> Iterator[Path]:
        """Mount a copy from `cut`, and yield the folder where its files are."""
        path = self._folder / copy.stem
        _mounted(copy, path)
        try:
            yield path
        finally:
            _unmount(path)


def _mounted(image: Path, path: Path) -> str:
    """Mount a disk image at a path, and return the loop device's name."""
    path.mkdir()
    # The names are written through each second, so that some are there whose bytes are not.
    mount = ["mount", "-o", "loop,commit=1", str(image), str(path)]
    done = subprocess.run(mount, capture_output=True)
    if done.returncode:
        pytest.skip(f"nothing may be mounted here: {done.stderr.decode().strip()}")
    for line in Path("/proc/mounts").read_text().splitlines():
        device, place = line.split()[:2]
        if place == str(path):
            return os.path.basename(device)
    raise AssertionError(f"{path} is not mounted")


def _unmount(path: Path) -> None:
    """Unmount a path; try again while an ending process still uses the path."""
    until = time.monotonic() + _PATIENCE
    while subprocess.run(["umount", str(path)], capture_output=True).returncode:
        assert time.monotonic() < until, f"{path} is in use"
        time.sleep(0.05)


@contextmanager
def stopped(process: subprocess.Popen[str]) -> Iterator[None]:
    """Stop all threads of a process while the block runs."""
    process.send_signal(signal.SIGSTOP)
    until = time.monotonic() + _PATIENCE
    while not _stands_still(process.pid):
        assert time.monotonic() < until, "it does not stop"
        time.sleep(0.002)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def _stands_still(pid: int) -> bool:
    for thread in Path(f"/proc/{pid}/task").glob("*/stat"):
        if thread.read_text().rpartition(")")[2].split()[0] not in "TZ":
            return False
    return True
