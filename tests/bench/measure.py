"""Measured processes, the servers that they use, and medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["HERE", "Figures", "Run", "Server", "make_environment", "measure_process", "median"]
__all__ += ["run_server"]

HERE = Path(__file__).resolve().parent
_LONGEST = 900  # seconds
sys.path.insert(0, str(HERE.parent / "support"))
for _name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "CIVITAI_API_KEY"):  # the user's own
    os.environ.pop(_name, None)
    os.environ.pop(_name.lower(), None)
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # modules are compiled once


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


def make_environment(url: str, data: Path) -> dict[str, str]:
    """Return the environment with `data` as data folder."""
    ours = {"CIVITAI_BASE_URL": url, "CIVITAI_SHORTCUT_DATA": str(data), "PYTHONUTF8": "1"}
    return {**os.environ, **ours}


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
