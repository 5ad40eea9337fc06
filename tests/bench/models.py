"""Case (m): a large model file over several connections, verified, beside aria2c and curl."""

from __future__ import annotations

import hashlib
import json
import shutil
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from measure import Figures, HERE, make_environment, measure_process, Run
from tables import format_mib, format_number, format_table, format_verdict

__all__ = ["download_models"]

_MB = 1024 * 1024
_RATE = 25_000_000  # bytes a second that a storage gives each connection
_OURS, _ARIA, _CURL = "ours: fetch_model", "aria2c -x4 -s4", "curl, then sha256sum"


@dataclass(frozen=True)
class _Work:
    """A model file at a route. out: the folder for what is downloaded."""

    url: str
    sha256: str
    size: int
    out: Path


def download_models(scale: str) -> str:
    turns, size = (3, 2 * 10**9) if scale == "full" else (2, 3 * 10**8)
    with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
        small = _run_turns(Path(folder), 1_000_000, 0, 1, (_OURS,))
        limited = _run_turns(Path(folder), size, _RATE, turns, (_OURS, _ARIA))
        free = _run_turns(Path(folder), size, 0, turns, (_OURS, _CURL))
    parts = []
    for title, figures in (("25 MB/s a connection", limited), ("unbound", free)):
        heads = ["", "seconds", "MB/s", "CPU s", "peak MiB"]
        rows = (
            [
                name,
                *([format_number(each.seconds), format_number(size / each.seconds / 1e6, 0)]),
                *([format_number(each.cpu), format_mib(each.peak)]),
            ]
            for name, each in figures.items()
            if not each.note
        )
        parts.append(format_table(f"(m) one model of {size / 1e9:g} GB, {title}", heads, rows))
    parts += [f"- {each.note}" for each in (*limited.values(), *free.values()) if each.note]
    for figures, other, most in ((limited, _ARIA, 1.05), (free, _CURL, 1.25)):
        if not figures[other].note:
            ratio = figures[_OURS].seconds / figures[other].seconds
            parts.append(format_verdict(f"of the time of {other}", ratio, most, " ×"))
    grown = (max(limited[_OURS].peak, free[_OURS].peak) - small[_OURS].peak) / _MB
    parts.append(format_verdict("peak memory beyond that of 1 MB", grown, 32, " MiB"))
    return "\n".join(parts) + "\n"


def _run_turns(
    folder: Path, size: int, rate: float, turns: int, names: tuple[str, ...]
) -> dict[str, Figures]:
    """Let programs download the same model in turns."""
    figures = {name: Figures() for name in names}
    with _serve(folder, size, rate) as work:
        for turn in range(turns):
            # Who comes second has more of the disk's memory to write out first.
            for name in names if turn % 2 == 0 else reversed(names):
                if not figures[name].note:
                    _run_turn(name, figures[name], work)
    return figures


def _run_turn(name: str, figures: Figures, work: _Work) -> None:
    subprocess.run(["sync"], check=True)
    work.out.mkdir()
    try:
        figures.runs.append(_PROGRAMS[name](work))
        sizes = [path.stat().st_size for path in work.out.glob("[!.]*")]
        assert sizes == [work.size], f"{name} made {sizes}"
    except (RuntimeError, OSError) as error:
        if name == _OURS:
            raise
        figures.note = f"{name} was skipped: {error}"
    finally:
        shutil.rmtree(work.out)


def _run_ours(work: _Work) -> Run:
    argv = [
        sys.executable,
        str(HERE / "ours.py"),
        "model",
        work.url,
        str(work.out / "a.safetensors"),
    ]
    base = work.url.partition("/api/")[0]
    with tempfile.TemporaryDirectory() as data:
        run = measure_process([*argv, work.sha256], make_environment(base, Path(data)))
    return Run(**json.loads(run.output.splitlines()[-1]))


def _run_aria(work: _Work) -> Run:
    argv = ["aria2c", "--no-conf", "-q", "-x4", "-s4", "--file-allocation=none"]
    return _measure([*argv, "-d", str(work.out), "-o", "model", work.url])


def _run_curl(work: _Work) -> Run:
    path = str(work.out / "model")
    runs = [_measure(["curl", "-q", "-sSL", "-o", path, work.url]), _measure(["sha256sum", path])]
    seconds, cpu = sum(run.seconds for run in runs), sum(run.cpu for run in runs)
    return Run(seconds, cpu, max(run.peak for run in runs))


_PROGRAMS: dict[str, Callable[[_Work], Run]] = {
    _OURS: _run_ours,
    _ARIA: _run_aria,
    _CURL: _run_curl,
}


def _measure(argv: list[str]) -> Run:
    program = shutil.which(argv[0])
    if program is None:
        raise RuntimeError("it is not installed")
    with tempfile.TemporaryDirectory() as data:
        return measure_process([program, *argv[1:]], make_environment("", Path(data)))


@contextmanager
def _serve(folder: Path, size: int, rate: float) -> Iterator[_Work]:
    """Serve a new model file until the block ends."""
    source = folder / "source"
    sha256 = _write_model(source, size)
    argv = [sys.executable, str(HERE / "model_server.py"), str(source), "--rate", str(rate)]
    process = subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None and process.stdout is not None
    try:
        yield _Work(process.stdout.readline().strip(), sha256, size, folder / "out")
    finally:
        process.stdin.close()
        process.wait()
        source.unlink()


def _write_model(path: Path, size: int) -> str:
    """Write a whole safetensors file whose tensors are zeros; return its SHA256."""
    rest = size - 8 - 120
    tensor = {"dtype": "U8", "shape": [rest], "data_offsets": [0, rest]}
    header = json.dumps({"weight": tensor}).encode().ljust(120)
    digest, zeros = hashlib.sha256(), bytes(_MB)
    with open(path, "wb") as file:
        for data in (struct.pack("<Q", len(header)) + header, *[zeros] * (rest // _MB)):
            file.write(data)
            digest.update(data)
        file.write(zeros[: rest % _MB])
        digest.update(zeros[: rest % _MB])
    return digest.hexdigest()
