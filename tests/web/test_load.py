"""Our own server while somebody holds it up: what it costs, and how long others wait meanwhile.

`pytest -m long -n 0 -s tests/web/test_load.py` prints the figures.
"""

from __future__ import annotations

import os
import socket
import statistics
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest
import requests
from fault_responses import unused_port
from page_driver import Server, wait_for

pytestmark = [
    pytest.mark.long,
    pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="no /proc"),
]
_MB = 1024 * 1024
_HEADS, _BODIES = 1100, 150
_WRITE = (
    "POST /civitai_shortcut/api/import HTTP/1.1\r\nX-Civitai-Shortcut: 1\r\nHost: 127.0.0.1\r\n"
)


@pytest.fixture
def program(tmp_path):
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    server = Server(f"http://127.0.0.1:{unused_port()}", tmp_path / "data")
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (1024, 1024))  # as most systems
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, 4096), hard))  # for this process alone
    yield server
    server.close()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


class _Others:
    """Somebody who goes on asking for a page, and how long each answer took."""

    def __init__(self, program):
        self._url = f"{program.url}/civitai_shortcut/api/jobs"
        self._over = threading.Event()
        self.seconds, self.refused = [], 0
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        self._thread.join(60)

    def _run(self):
        while not self._over.wait(0.1):
            began = time.monotonic()
            try:
                code = requests.get(self._url, timeout=30).status_code
            except requests.RequestException:
                code = 0
            self.refused += code != 200
            self.seconds.append(time.monotonic() - began)

    def __str__(self):
        middle, most = statistics.median(self.seconds), max(self.seconds)
        count = f"others: {len(self.seconds)} answers, {self.refused} failed"
        return f"{count}, {middle:.3f} s, most {most:.2f} s"


def _memory(program):
    """MB that the program has in memory."""
    with open(f"/proc/{program.process.pid}/status", encoding="ascii") as file:
        return next(int(line.split()[1]) for line in file if line.startswith("VmRSS")) // 1024


@contextmanager
def _peak(program):
    """Yield a list that gets the peak memory of the block, in MB above that before."""
    before, over, most = _memory(program), threading.Event(), [0]

    def look():
        while not over.wait(0.1):
            most[0] = max(most[0], _memory(program) - before)

    thread = threading.Thread(target=look, daemon=True)
    thread.start()
    yield most
    over.set()
    thread.join(20)


def _connected(program, stack):
    return stack.enter_context(socket.create_connection(("127.0.0.1", program.port), timeout=30))


def test_many_unfinished_heads_do_not_block_others(program, capsys):
    before = len(program.log())
    with ExitStack() as stack, _peak(program) as most, _Others(program) as others:
        for _ in range(_HEADS):
            with suppress(OSError):  # it takes no more of them
                _connected(program, stack).sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        time.sleep(30)
        handles = len(os.listdir(f"/proc/{program.process.pid}/fd"))
    log = len(program.log()) - before
    with capsys.disabled():
        print(f"\n{_HEADS} heads: {others}; {handles} handles, +{most[0]} MB, {log} bytes of log")
    assert others.refused == 0 and max(others.seconds) < 5
    assert handles < 400 and most[0] < 50 and log < 5000


def test_many_unfinished_bodies_do_not_block_others(program, capsys):
    size = 8 * _MB - 100

    def send(connection):
        with suppress(OSError):  # refused, or slower than it may be
            connection.sendall(f"{_WRITE}Content-Length: {size + 50}\r\n\r\n".encode())
            connection.sendall(b" " * size)
            connection.recv(1000)

    with ExitStack() as stack, _peak(program) as most, _Others(program) as others:
        senders = [
            threading.Thread(target=send, args=(_connected(program, stack),), daemon=True)
            for _ in range(_BODIES)
        ]
        for sender in senders:
            sender.start()
        time.sleep(20)
        held = sum(sender.is_alive() for sender in senders)
    with capsys.disabled():
        print(f"\n{_BODIES} bodies: {others}; {held} held after 20 s, +{most[0]} MB")
    assert others.refused == 0 and max(others.seconds) < 5 and most[0] < 100
    wait_for(lambda: not any(sender.is_alive() for sender in senders), "the end of the bodies")


@pytest.mark.parametrize(
    "body",
    [b"[[]," * (2 * _MB - 1), b"[" + b"[]," * (8 * _MB // 3 - 2) + b"[]]"],
    ids=["never-closed", "flat"],
)
def test_body_of_many_lists_does_not_block_others(program, capsys, body):
    headers = {"X-Civitai-Shortcut": "1"}
    with _peak(program) as most, _Others(program) as others:
        for _ in range(3):
            url = f"{program.url}/civitai_shortcut/api/import"
            began = time.monotonic()
            code = requests.post(url, data=body, headers=headers, timeout=120).status_code
            seconds = time.monotonic() - began
        time.sleep(1)
    with capsys.disabled():
        print(f"\n{len(body)} bytes of lists: {code} in {seconds:.2f} s; {others}; +{most[0]} MB")
    assert code in (400, 413) and others.refused == 0 and max(others.seconds) < 2
