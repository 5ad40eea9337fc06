"""The programs that download the same images: ours in several ways, and others unchanged."""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from measure import HERE, Run, Server, make_environment, measure_process
from server import image_url

__all__ = ["CURL", "GALLERY_DL", "NAMES", "OTHERS", "SEQUENTIAL", "Work", "run_turn"]

NAMES = "ours: download_images"
CURL, GALLERY_DL = "curl -Z", "gallery-dl"
SEQUENTIAL = "a loop of requests.get"
OTHERS = (CURL, GALLERY_DL, SEQUENTIAL)
_FIRST_ID = 5_000_000
_SEQUENTIAL_PROGRAM = """
import os, requests, sys
folder, list_file = sys.argv[1:]
for url in open(list_file).read().split():
    response = requests.get(url, stream=True, timeout=30)
    response.raise_for_status()
    with open(os.path.join(folder, url.rsplit("/", 1)[-1]), "wb") as file:
        for chunk in response.iter_content(8192):
            file.write(chunk)
"""


@dataclass(frozen=True)
class Work:
    """A download of `count` images of `size` bytes from `server`, `at_once` of them at a time."""

    server: Server
    count: int
    size: int
    at_once: int

    @property
    def urls(self) -> list[str]:
        numbers = range(_FIRST_ID + 1, _FIRST_ID + self.count + 1)
        return [image_url(self.server.url, n) for n in numbers]


def run_turn(name: str, work: Work) -> Run:
    """Run a program once; return its cost. Raises RuntimeError."""
    folder = Path(tempfile.mkdtemp(dir=work.server.folder))
    (folder / "out").mkdir()
    (folder / "urls").write_text("\n".join(work.urls) + "\n")
    run = _PROGRAMS[name](work, folder)
    sizes = [path.stat().st_size for path in folder.rglob("*.png")]
    if sizes != [work.size] * work.count:
        raise RuntimeError(f"{len(sizes)} of {work.count} images, of {set(sizes)} bytes")
    return run


def _run_ours(work: Work, folder: Path) -> Run:
    """Return the cost of the download alone, without that of the imports."""
    argv = [sys.executable, str(HERE / "ours.py"), "names", str(work.at_once)]
    argv.append(str(folder / "urls"))
    run = measure_process(argv, make_environment(work.server.url, folder / "data"))
    return Run(**json.loads(run.output.splitlines()[-1]))


def _run_curl(work: Work, folder: Path) -> Run:
    pairs = ((url, folder / "out" / url.rsplit("/", 1)[-1]) for url in work.urls)
    lines = (f'url = "{url}"\noutput = "{path}"\n' for url, path in pairs)
    (folder / "config").write_text("".join(lines))
    argv = [_find_program("curl"), "-q", "-sS", "-Z", "--parallel-max", str(work.at_once)]
    argv += ["-K", str(folder / "config")]
    return measure_process(argv, make_environment(work.server.url, folder / "data"))


def _run_gallery_dl(work: Work, folder: Path) -> Run:
    argv = [_find_program("gallery-dl"), "--config-ignore", "-q", "--no-mtime"]
    argv += ["-D", str(folder / "out"), "-i", str(folder / "urls")]
    return measure_process(argv, make_environment(work.server.url, folder / "data"))


def _run_sequential(work: Work, folder: Path) -> Run:
    argv = [sys.executable, "-c", _SEQUENTIAL_PROGRAM, str(folder / "out"), str(folder / "urls")]
    return measure_process(argv, make_environment(work.server.url, folder / "data"))


_PROGRAMS: dict[str, Callable[[Work, Path], Run]] = {
    NAMES: _run_ours,
    CURL: _run_curl,
    GALLERY_DL: _run_gallery_dl,
    SEQUENTIAL: _run_sequential,
}


def _find_program(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise RuntimeError(f"{program} is not installed")
    return path
