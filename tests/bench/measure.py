"""Processes that are timed, the server that they ask, and medians."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["ENTRY", "HERE", "Figures", "Run", "Server", "environment", "measured", "median"]
__all__ += ["serving"]

HERE = Path(__file__).resolve().parent
ENTRY = str(HERE.parent.parent / "scripts" / "civitai_shortcut.py")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy")
_LONGEST = 900  # seconds


@dataclass(frozen=True)
class Run:
    """One process. cpu: its seconds of user and system time. peak: bytes of memory. said: its
    standard output."""

    seconds: float
    cpu: float
    peak: int
    said: str = ""


@dataclass
class Figures:
    """What one contestant did in each of its turns; `note` is why it has none."""

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


def environment(url: str, data: Path, **more: str) -> dict[str, str]:
    """No proxy and no key of the user's; our data folder is `data`."""
    kept = {k: v for k, v in os.environ.items() if k.lower() not in _PROXIES}
    for name in ("CIVITAI_API_KEY", "PYTHONDONTWRITEBYTECODE"):  # modules are compiled once
        kept.pop(name, None)
    ours = {"CIVITAI_BASE_URL": url, "CIVITAI_SHORTCUT_DATA": str(data), "PYTHONUTF8": "1"}
    return {**kept, **ours, "GRADIO_ANALYTICS_ENABLED": "False", **more}


def measured(argv: Sequence[str], env: dict[str, str]) -> Run:
    """Raises RuntimeError with its last words when it fails."""
    with tempfile.TemporaryFile() as errors, tempfile.TemporaryFile() as output:
        with tempfile.NamedTemporaryFile() as cost:
            alone = [sys.executable, "-I", "-S", str(HERE / "alone.py"), cost.name]
            streams = {"stdin": subprocess.DEVNULL, "stdout": output, "stderr": errors}
            ended = subprocess.run([*alone, *argv], env=env, **streams)
            said, wrong = _text_of(output), _text_of(errors)
            if ended.returncode:
                why = f"{argv[0]} ended with {ended.returncode}: {wrong[-300:] or said}"
                raise RuntimeError(why)
            return Run(**json.load(cost), said=said)


def _text_of(file: Any) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace").strip()


class Server:
    """The server process, as one asks it how it was asked.

    folder: for what is downloaded from it. That stays until the end: ext4 steps over each name that
    was deleted just now, at the cost of whoever makes files next.
    """

    def __init__(self, url: str, folder: str) -> None:
        self.url, self.folder = url, folder

    def counts(self, forget: bool = True) -> dict[str, int]:
        address = f"{self.url}/counts{'?forget' if forget else ''}"
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(address) as answer:
            return json.load(answer)


@contextmanager
def serving(**options: float) -> Iterator[Server]:
    """options: those of server.py."""
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
