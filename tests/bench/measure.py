"""Measured processes, the servers that they use, and medians."""

from __future__ import annotations

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = [
    "ENTRY",
    "HERE",
    "Figures",
    "Run",
    "Server",
    "make_environment",
    "measure_process",
    "median",
]
__all__ += ["find_free_port", "run_program", "run_server", "wait_for_page"]

HERE = Path(__file__).resolve().parent
ENTRY = str(HERE.parent.parent / "scripts" / "civitai_shortcut.py")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LONGEST, _PATIENCE = 900, 60.0  # seconds


@dataclass(frozen=True)
class Run:
    """What a process cost. cpu: seconds of user and system time. peak: bytes of memory."""

    seconds: float
    cpu: float
    peak: int
    output: str = ""


@dataclass
class Figures:
    """The turns of one program. note: why the program could not run."""

    runs: list[Run] = field(default_factory=list)
    note: str = ""

    @property
    def seconds(self) -> float:
        return median(run.seconds for run in self.runs)

    @property
    def cpu(self) -> float:
        return median(run.cpu for run in self.runs)

    @property
    def peak(self) -> float:
        return median(run.peak for run in self.runs)


def median(values: Any) -> float:
    return statistics.median(list(values) or [float("nan")])


def make_environment(url: str, data: Path, **more: str) -> dict[str, str]:
    """Return the environment without the user's proxies and key, with `data` as data folder."""
    variables = {k: v for k, v in os.environ.items() if k.lower() not in _PROXIES}
    for name in ("CIVITAI_API_KEY", "PYTHONDONTWRITEBYTECODE"):  # modules are compiled once
        variables.pop(name, None)
    ours = {"CIVITAI_BASE_URL": url, "CIVITAI_SHORTCUT_DATA": str(data), "PYTHONUTF8": "1"}
    return {**variables, **ours, "GRADIO_ANALYTICS_ENABLED": "False", **more}


def measure_process(argv: Sequence[str], env: dict[str, str]) -> Run:
    """Run a program; return what it cost. Raises RuntimeError with the end of its output."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        with tempfile.NamedTemporaryFile() as cost:
            alone = [sys.executable, "-I", "-S", str(HERE / "alone.py"), cost.name]
            streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": errors}
            ended = subprocess.run([*alone, *argv], env=env, **streams)
            text, error = _read_text(output), _read_text(errors)
            if ended.returncode:
                why = f"{argv[0]} ended with {ended.returncode}: {error[-300:] or text}"
                raise RuntimeError(why)
            return Run(**json.load(cost), output=text)


def _read_text(file: Any) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").strip()


@dataclass(frozen=True)
class Server:
    """A running server.py.

    folder: where programs put what they download. The files stay until the end: ext4 steps over
    each name that was deleted lately, which would slow down the next program.
    """

    url: str
    folder: str


@contextmanager
def run_server(**options: float) -> Iterator[Server]:
    """Run server.py with these options until the block ends."""
    argv = [sys.executable, str(HERE / "server.py")]
    for name, value in options.items():
        argv += [f"--{name}", str(value)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
            yield Server(process.stdout.readline().strip(), folder)
    finally:
        process.stdin.close()
        process.wait(_LONGEST)


@contextmanager
def run_program(argv: Sequence[str], env: dict[str, str]) -> Iterator[int]:
    """Run a program until the block ends; yield its process id."""
    with open(os.devnull, "wb") as nowhere:
        process = subprocess.Popen(argv, env=env, stdout=nowhere, stderr=nowhere)
        try:
            yield process.pid
        finally:
            process.terminate()
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for_page(url: str) -> None:
    """Wait until a page loads. Raises RuntimeError after a minute."""
    until = time.monotonic() + _PATIENCE
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    while time.monotonic() < until:
        try:
            with opener.open(url, timeout=_PATIENCE) as response:
                response.read()
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.02)
    raise RuntimeError(f"{url} does not answer")


def find_free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]
