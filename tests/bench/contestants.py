"""Who downloads the same pictures: ours in two ways, and the others as they come."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from measure import ENTRY, HERE, Run, Server, environment, measured
from server import picture_url

__all__ = ["ARIA", "COMMAND_LINE", "CURL", "FILE", "GALLERY_DL", "NAMES", "PROCESS"]
__all__ += ["OTHERS", "SEQUENTIAL", "Work", "once"]

NAMES, PROCESS = "ours: download_images", "ours: the same, whole process"
COMMAND_LINE = "ours: command line, whole process"
FILE, FILE_PROCESS = "ours: download_file", "ours: the same, whole process"
CURL, ARIA, GALLERY_DL = "curl -Z", "aria2c -x1", "gallery-dl"
SEQUENTIAL = "a loop of requests.get"
OTHERS = (CURL, ARIA, GALLERY_DL, SEQUENTIAL)
_FIRST_ID = 5_000_000


@dataclass(frozen=True)
class Work:
    """`count` pictures of `size` bytes from `server`, `at_once` of them, to a folder of its own."""

    server: Server
    count: int
    size: int
    at_once: int
    extension: str = "png"

    @property
    def urls(self) -> list[str]:
        numbers = range(_FIRST_ID + 1, _FIRST_ID + self.count + 1)
        return [picture_url(self.server.url, n, self.extension) for n in numbers]


def once(name: str, work: Work) -> dict[str, Run]:
    """One turn of a contestant: its figures by row of the table. Raises RuntimeError."""
    place = Path(tempfile.mkdtemp(dir=work.server.folder))
    (place / "out").mkdir()
    (place / "urls").write_text("\n".join(work.urls) + "\n")
    work.server.counts()
    rows = dict(_WAYS[name](work, place))
    _check(work, place)
    if work.count == 1:
        shutil.rmtree(place)
    return rows


def _check(work: Work, place: Path) -> None:
    """Everything is there, whole."""
    endings = {f".{work.extension}", ".png"}
    sizes = [p.stat().st_size for p in place.rglob("*") if p.suffix in endings]
    if sizes != [work.size] * work.count:
        raise RuntimeError(f"{len(sizes)} of {work.count} pictures, of {set(sizes)} bytes")


def _ours_by_name(work: Work, place: Path) -> Iterator[tuple[str, Run]]:
    inside, whole = _ours(work, place, "names", str(work.at_once), str(place / "urls"))
    yield NAMES, inside
    yield PROCESS, whole


def _ours_by_file(work: Work, place: Path) -> Iterator[tuple[str, Run]]:
    inside, whole = _ours(work, place, "file", work.urls[0], str(place / "out" / "1.mp4"))
    yield FILE, inside
    yield FILE_PROCESS, whole


def _ours(work: Work, place: Path, *arguments: str) -> tuple[Run, Run]:
    """What the work alone cost, and the process with all its imports."""
    argv = [sys.executable, str(HERE / "ours.py"), *arguments]
    run = measured(argv, environment(work.server.url, place / "data"))
    inside = json.loads(run.said.splitlines()[-1])
    return Run(inside["seconds"], inside["cpu"], inside["peak"]), run


def _ours_by_command(work: Work, place: Path) -> Iterator[tuple[str, Run]]:
    argv = [sys.executable, ENTRY, "download", "101", "--limit", str(work.count)]
    argv += ["--concurrency", str(work.at_once), "--dest", str(place / "out"), "--json"]
    yield COMMAND_LINE, measured(argv, environment(work.server.url, place / "data"))


def _curl(work: Work, place: Path) -> Iterator[tuple[str, Run]]:
    pairs = ((url, place / "out" / url.rsplit("/", 1)[-1]) for url in work.urls)
    lines = (f'url = "{url}"\noutput = "{path}"\n' for url, path in pairs)
    (place / "config").write_text("".join(lines))
    argv = [_found("curl"), "-q", "-sS", "-Z", "--parallel-max", str(work.at_once)]
    argv += ["-K", str(place / "config")]
    yield CURL, measured(argv, environment(work.server.url, place / "data"))


def _aria(work: Work, place: Path) -> Iterator[tuple[str, Run]]:
    argv = [_found("aria2c"), "--no-conf", "-q", "-j", str(work.at_once), "-x1"]
    argv += ["--file-allocation=none", "-d", str(place / "out"), "-i", str(place / "urls")]
    yield ARIA, measured(argv, environment(work.server.url, place / "data"))


def _gallery_dl(work: Work, place: Path) -> Iterator[tuple[str, Run]]:
    argv = [_gallery_dl_program(), "--config-ignore", "-q", "--no-mtime"]
    argv += ["-D", str(place / "out"), "-i", str(place / "urls")]
    yield GALLERY_DL, measured(argv, environment(work.server.url, place / "data"))


def _sequential(work: Work, place: Path) -> Iterator[tuple[str, Run]]:
    argv = [sys.executable, str(HERE / "sequential.py"), str(place / "out"), str(place / "urls")]
    yield SEQUENTIAL, measured(argv, environment(work.server.url, place / "data"))


_WAYS: dict[str, Callable[[Work, Path], Iterator[tuple[str, Run]]]] = {
    NAMES: _ours_by_name,
    FILE: _ours_by_file,
    COMMAND_LINE: _ours_by_command,
    CURL: _curl,
    ARIA: _aria,
    GALLERY_DL: _gallery_dl,
    SEQUENTIAL: _sequential,
}


def _found(program: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise RuntimeError(f"{program} is not installed")
    return path


def _gallery_dl_program() -> str:
    """In an environment of its own, made when it is first wanted and kept in the temp folder."""
    folder = Path(tempfile.gettempdir()) / "civitai-bench-gallery-dl"
    program = folder / "bin" / "gallery-dl"
    if not program.exists():
        try:
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True, timeout=120)
            pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "-q", "gallery-dl"]
            subprocess.run(pip, check=True, timeout=180, capture_output=True)
        except (OSError, subprocess.SubprocessError) as error:
            raise RuntimeError("gallery-dl cannot be installed here") from error
    return str(program)
