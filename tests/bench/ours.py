"""A program that does our part of a case and prints what it cost as a line of JSON.

python ours.py names N FILE-OF-URLS      download_images, imports not counted
python ours.py model URL PATH SHA256     fetch_model
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))


def _print_cost(work: Callable[[], object]) -> None:
    """Call a function and print what the call cost."""
    _reset_peak()
    before, started = _read_cpu(), time.perf_counter()
    work()
    seconds, cpu = time.perf_counter() - started, _read_cpu() - before
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    unit = 1 if sys.platform == "darwin" else 1024
    print(json.dumps({"seconds": seconds, "cpu": cpu, "peak": peak * unit}))


def _read_cpu() -> float:
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def _reset_peak() -> None:
    """Reset the peak of this process's memory, which the imports have raised (Linux only)."""
    if os.path.exists("/proc/self/clear_refs"):
        Path("/proc/self/clear_refs").write_text("5")


def _names(concurrency: str, list_file: str) -> None:
    from civitai_manager_libs import civitai_gallery_action, setting

    setting.change("gallery_max_concurrent_downloads", int(concurrency))
    urls = Path(list_file).read_text().split()
    _print_cost(lambda: civitai_gallery_action.download_images(urls))


def _model(url: str, path: str, sha256: str) -> None:
    from civitai_manager_libs.http_client import CivitaiHttpClient, ExpectedFile

    client = CivitaiHttpClient()
    _print_cost(lambda: client.fetch_model(url, path, ExpectedFile(sha256)))


_MODES = {"names": _names, "model": _model}

if __name__ == "__main__":
    _MODES[sys.argv[1]](*sys.argv[2:])
