"""Processes: the program, with a data folder that tests can read, and code of a test."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["ENDING_SIGNALS", "ENTRY", "CliProcess", "end_process", "part_files", "start_python"]

# What ends a program: its user's keys, the system, or nobody whom it could hear.
ENDING_SIGNALS = ["SIGBREAK"] if os.name == "nt" else ["SIGINT", "SIGTERM"]
ENDING_SIGNALS += ["killed"]

ENTRY = str(Path(__file__).parents[2] / "scripts" / "civitai_shortcut.py")


class CliProcess:
    """Runs the program as a process; `run` waits for the end of the process, `start` does not."""

    def __init__(self, url: str, data: Path, **settings: Any) -> None:
        self.data = data
        self.data.mkdir(parents=True, exist_ok=True)
        values = {"http_retry_delay": 0, "gallery_disk_reserve_mb": 0, **settings}
        (data / "settings.json").write_text(json.dumps(values))
        self.environment = {
            **os.environ,
            "CIVITAI_BASE_URL": url,
            "CIVITAI_SHORTCUT_DATA": str(data),
            "LC_ALL": "C.UTF-8",
            "PYTHONUTF8": "1",
        }

    def run(self, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, **environment)
        out, err = process.communicate(timeout=60)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def start(self, *arguments: str, **environment: str) -> subprocess.Popen[str]:
        group = getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0)
        environment = {**self.environment, **environment}
        return _start([ENTRY, *arguments], environment, creationflags=group)


def start_python(code: str, *arguments: Any, **environment: Any) -> subprocess.Popen[str]:
    """Start a process that runs code, which can import the package."""
    environment = {**os.environ, "PYTHONPATH": str(Path(ENTRY).parent), **environment}
    return _start(["-c", code, *map(str, arguments)], environment, stdin=subprocess.PIPE)


def _start(
    arguments: list[str], environment: dict[str, str], **options: Any
) -> subprocess.Popen[str]:
    command, pipe = [sys.executable, *arguments], subprocess.PIPE
    return subprocess.Popen(
        command, env=environment, stdout=pipe, stderr=pipe, text=True, **options
    )


def end_process(process: subprocess.Popen[str], how: str) -> None:
    """End a process. how: "killed" or the name of a signal, one of ENDING_SIGNALS."""
    if how == "killed":
        process.kill()
    else:
        process.send_signal(getattr(signal, how if os.name != "nt" else "CTRL_BREAK_EVENT"))


def part_files(folder: Path) -> list[str]:
    """Return the paths of all unfinished downloads below a folder."""
    return sorted(str(path) for path in folder.rglob(".civitai-shortcut-*"))
