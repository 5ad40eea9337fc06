"""Case (e): requests for the first page of a large gallery, and their time."""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path

from measure import HERE, Run, make_environment, measure_process, median, run_server
from tables import format_number, format_table, format_verdict

__all__ = ["load_first_page"]

_SIZE, _LATENCY = 20, 0.1  # images, the fewest that we fetch for a page; seconds


def load_first_page(scale: str) -> str:
    turns = {"full": 9, "quick": 3}.get(scale, 1)
    rows, lines = [], []
    for at_once in (3, 10) if scale == "full" else (3,):
        with run_server(latency=_LATENCY, pictures=10_000) as server:
            runs, counts = [], {}
            for _ in range(turns):
                server.counts()
                runs.append(_load_once(server.url, at_once))
                counts = server.counts()
        ideal = (2 + math.ceil(_SIZE / at_once)) * _LATENCY
        seconds = median(run.seconds for run in runs)
        row = [
            f"{at_once} at once",
            format_number(ideal),
            format_number(seconds),
            format_number(seconds / ideal),
        ]
        row += [str(n) for n in (counts["api"], counts["thumbnails"], counts["originals"])]
        rows.append([*row, f"{counts['bytes'] / 1000:.0f}"])
        lines += [
            format_verdict(f"{at_once} at once: of the ideal time", seconds / ideal, 1.1, " ×"),
            format_verdict("API requests", counts["api"], 2),
            format_verdict("thumbnails", counts["thumbnails"], _SIZE),
            format_verdict("originals", counts["originals"], 0),
        ]
    heads = ["", "ideal seconds", "seconds", "× ideal", "API requests", "thumbnails", "originals"]
    report = format_table("(e) first page of 10,000 pictures, 100 ms", [*heads, "kB"], rows)
    return "\n".join([report, *lines]) + "\n"


def _load_once(url: str, at_once: int) -> Run:
    with tempfile.TemporaryDirectory(prefix="civitai-bench-") as folder:
        argv = [sys.executable, str(HERE / "ours.py"), "page", str(at_once), str(_SIZE)]
        run = measure_process(argv, make_environment(url, Path(folder)))
    inside = json.loads(run.output.splitlines()[-1])
    return Run(inside["seconds"], inside["cpu"], inside["peak"])
