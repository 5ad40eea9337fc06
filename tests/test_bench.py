"""The benchmark runs, at sizes too small to measure anything."""

import subprocess
import sys
from pathlib import Path

_RUN = str(Path(__file__).parent / "bench" / "run.py")


def test_each_case_prints_its_table_and_whether_its_targets_are_met():
    argv = [sys.executable, _RUN, "--tiny", "a", "m"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    rows = [line.split(" | ") for line in run.stdout.splitlines() if line.startswith("| ours")]
    assert rows and rows[0][0] == "| ours: command line, whole process"
    most, most_api, twice = rows[0][-3:]
    assert (int(most) <= 3, most_api, twice) == (True, "1", "0 |")
    assert run.stdout.count("| ours: fetch_model | ") == 2 and "(target ≤ 32 MiB)" in run.stdout
