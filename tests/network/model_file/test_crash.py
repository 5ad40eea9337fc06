"""`kill -9` and a loss of power at any moment: the file comes whole, and little of it twice.

`pytest -m long tests/network/model_file/test_crash.py` does so with 300 MB; the cut of power needs
root, for it mounts a disk.
"""

import os
import random
import sys
import time
from contextlib import contextmanager
from math import inf

import pytest
from civitai_manager_libs.core import resume_note
from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile
from cli_process import start_python
from model_storage import ModelStorage, safetensors
from power_loss import CutDisk, stopped

_BUFFER = 16 * 1024  # bytes that the system holds for a connection
# What the system has received, and the program has not, nobody can use; so that is little.
_CODE = f"""
import socket, sys
class Socket(socket.socket):
    def connect(self, address):
        self.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, {_BUFFER})
        super().connect(address)
socket.socket = Socket
from civitai_manager_libs.network import pieces
pieces._LEAST_SPEED = 0  # of a disk that other programs make slow
from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile
CivitaiHttpClient().fetch_model(sys.argv[1], sys.argv[2], ExpectedFile(sys.argv[3]))
"""
_MOST_TWICE = 1_000_000  # bytes
_IN_BUFFERS = 4 * 8 * _BUFFER  # of both sides of four connections, which Linux doubles
_QUICK, _LONG = (40_000_000, 3), (300_000_000, 20)  # bytes of the file, cuts


def _cases(*cases):
    """Return a quick case, and those that take long."""
    quick, *long = cases
    return [pytest.param(*quick, id="quick")] + [
        pytest.param(*case, id=f"long-{n}", marks=pytest.mark.long) for n, case in enumerate(long)
    ]


@contextmanager
def _site(size, monkeypatch, rate):
    with ModelStorage(safetensors(size)) as site:
        monkeypatch.setenv("CIVITAI_BASE_URL", site.base)
        site.rules.rate, site.rules.send_buffer = rate, _BUFFER
        yield site


def _start(site, path):
    return start_python(_CODE, site.url, path, site.sha256)


def _wait_for(site, sent, process):
    while site.bytes_sent < sent:
        assert process.poll() is None, "it ended too early"
        time.sleep(0.0005)


def _recorded(folder):
    """Return how many bytes the next run need not fetch."""
    notes = list(folder.glob(".*.note"))
    note = resume_note.read_note(str(notes[0])) if notes else None
    return note.ranges.size if note is not None else 0


def _check_whole(site, path):
    assert path.read_bytes() == site.body
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.posix
@pytest.mark.timeout(600)
@pytest.mark.parametrize("size, cuts, rate", _cases((*_QUICK, 3e7), (*_LONG, inf), (*_LONG, 1e7)))
def test_killed_program_receives_few_bytes_twice(size, cuts, rate, tmp_path, monkeypatch):
    moments, twice = random.Random(rate), []
    folder = tmp_path / "models"
    folder.mkdir()
    with _site(size, monkeypatch, rate) as site:
        for cut in range(1, cuts + 1):
            sent, had = site.bytes_sent, _recorded(folder)
            with _start(site, folder / "a.safetensors") as process:
                step = size * cut // (cuts + 1) - had
                _wait_for(site, sent + max(1, int(step * moments.random())), process)
                process.kill()
            site.wait_until_idle()
            assert not (folder / "a.safetensors").exists()
            twice.append(site.bytes_sent - sent - (_recorded(folder) - had))
        with _start(site, folder / "a.safetensors") as process:
            pass
        assert process.returncode == 0
        _check_whole(site, folder / "a.safetensors")
        print(f"bytes fetched twice after each of {cuts} kills: {twice}")
        assert max(twice) <= _MOST_TWICE + _IN_BUFFERS
        assert site.bytes_sent == size + sum(twice)


@pytest.mark.long
@pytest.mark.timeout(600)
@pytest.mark.skipif(sys.platform != "linux", reason="mounts an ext4")
@pytest.mark.parametrize("rate", [1e6, 5e6, inf])
def test_file_is_complete_after_losses_of_power(rate, tmp_path, monkeypatch):
    moments, twice = random.Random(rate), []
    size, cuts = (300_000_000, 20) if rate > 1e6 else (60_000_000, 10)
    disk = CutDisk(tmp_path, size=1024 * 1024 * 1024)
    try:
        with _site(size, monkeypatch, rate) as site:
            for cut in range(1, cuts + 1):
                folder = disk.path / "models"
                folder.mkdir(exist_ok=True)
                sent, had = site.bytes_sent, _recorded(folder)
                with _start(site, folder / "a.safetensors") as process:
                    step = size * cut // (cuts + 1) - had
                    _wait_for(site, sent + max(1, int(step * moments.random())), process)
                    with stopped(process):
                        received = had + site.bytes_sent - sent
                        copy = disk.cut()
                        process.kill()
                site.wait_until_idle()
                disk.restore(copy)
                folder = disk.path / "models"
                assert not (folder / "a.safetensors").exists()
                for note in folder.glob(".*.note"):
                    _forget_system(note)
                twice.append(received - _recorded(folder))
            fetched = CivitaiHttpClient().fetch_model(
                site.url, str(folder / "a.safetensors"), ExpectedFile(site.sha256)
            )
            _check_whole(site, folder / "a.safetensors")
            print(f"bytes fetched twice after each of {cuts} cuts of power: {twice}")
            assert fetched.size == size
            assert max(twice) <= _MOST_TWICE + _IN_BUFFERS
    finally:
        disk.close()


def _forget_system(note):
    """Let the note be of an earlier start of the system: only what was on the disk counts."""
    text = note.read_text()
    note.write_text(text.replace(resume_note.read_boot_id(), "an earlier start"))
