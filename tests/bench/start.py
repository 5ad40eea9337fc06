"""Case (f): time to start: a command's help, the import in a host, the demo's page."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from measure import ENTRY, HERE, make_environment, measure_process, median
from tables import format_number, format_table, format_verdict

__all__ = ["find_free_port", "measure_start", "run_program", "wait_for_page"]

_PATIENCE = 60.0  # seconds


def measure_start(scale: str) -> str:
    turns = 5 if scale == "full" else 1
    with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
        env = make_environment("http://127.0.0.1:9", Path(folder))
        helped = [
            measure_process([sys.executable, ENTRY, "download", "--help"], env) for _ in range(5)
        ]
        loaded = [_time_import(env) for _ in range(turns + 1)][1:]  # the first one compiles
        demo = median(_time_first_answer(env) for _ in range(turns))
    cpu, loading = median(run.cpu for run in helped), median(loaded)
    rows = [
        [
            "`download --help`",
            format_number(median(run.seconds for run in helped)),
            format_number(cpu),
        ],
        ["import in a host, beyond gradio", format_number(loading, 3), ""],
        ["`--demo` until the page answers", format_number(demo), ""],
    ]
    lines = [
        format_verdict("CPU of --help", cpu, 0.25, " s"),
        format_verdict("import beyond gradio", loading * 1000, 50, " ms"),
        format_verdict("the demo's page", demo, 1.5, " s"),
    ]
    return "\n".join([format_table("(f) start", ["", "seconds", "CPU s"], rows), *lines]) + "\n"


def _time_import(env: dict[str, str]) -> float:
    output = measure_process([sys.executable, str(HERE / "ours.py"), "import"], env).output
    return json.loads(output.splitlines()[-1])["seconds"]


def _time_first_answer(env: dict[str, str]) -> float:
    """Start the demo; return the seconds until its page loads."""
    port, started = find_free_port(), time.perf_counter()
    with run_program([sys.executable, ENTRY, "--demo", "--port", str(port)], env):
        wait_for_page(f"http://127.0.0.1:{port}/")
        return time.perf_counter() - started


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
