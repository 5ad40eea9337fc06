"""The program as a process of its own, with a data folder that tests can read."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

__all__ = ["ENDING_SIGNALS", "ENTRY", "CliProcess", "end_process", "part_files"]

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
        return subprocess.run(
            [sys.executable, ENTRY, *arguments],
            env={**self.environment, **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, ENTRY, *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
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
