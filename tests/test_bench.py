"""The benchmark runs, at sizes too small to measure anything."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

_BENCH = Path(__file__).parent / "bench"


@pytest.fixture
def server():
    """Run the server; yield its URL. Its latency makes requests overlap."""
    argv = [sys.executable, str(_BENCH / "server.py"), "--latency", "0.05", "--size", "3000"]
    argv += ["--thumbnail", "300", "--pictures", "5"]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(argv, **pipes) as process:
        yield process.stdout.readline().strip()
        process.stdin.close()
        assert process.wait(10) == 0


def _fetch(url):
    with urllib.request.urlopen(url) as response:
        return response.read()


def _counts(server):
    return json.loads(_fetch(f"{server}/counts?forget"))


def test_server_sends_a_gallery_with_images_of_the_given_size(server):
    first = json.loads(_fetch(f"{server}/api/v1/images?modelId=101&limit=3"))
    rest = json.loads(
        _fetch(f"{server}/api/v1/images?cursor={first['metadata']['nextCursor']}&limit=3")
    )
    urls = [row["url"] for row in first["items"] + rest["items"]]
    assert len(set(urls)) == 5 and "nextCursor" not in rest["metadata"]
    assert len(_fetch(urls[0])) == 3000
    assert len(_fetch(urls[0].replace("original=true", "width=450"))) == 300


def test_server_counts_concurrent_and_repeated_requests(server):
    _fetch(f"{server}/api/v1/models/101")
    row = json.loads(_fetch(f"{server}/api/v1/images?limit=1"))["items"][0]
    _counts(server)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(_fetch, [row["url"]] * 4))
    _fetch(f"{server}/api/v1/models/101")
    counts = _counts(server)
    assert 2 <= counts["most"] <= 4
    assert (counts["requests"], counts["twice"], counts["most_api"]) == (5, 1, 1)
    assert counts["originals"] == 4 and counts["bytes"] > 4 * 3000
    assert _counts(server)["requests"] == 0


def test_run_prints_a_table_with_the_counts_of_the_server():
    argv = [sys.executable, str(_BENCH / "run.py"), "--tiny", "a"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    rows = [line.split(" | ") for line in run.stdout.splitlines() if line.startswith("| ours")]
    assert rows and rows[0][0] == "| ours: command line, whole process"
    most, most_api, twice = rows[0][-3:]
    assert (int(most) <= 3, most_api, twice) == (True, "1", "0 |")


def test_unknown_case_is_refused_with_a_sentence():
    run = subprocess.run(
        [sys.executable, str(_BENCH / "run.py"), "z"], capture_output=True, text=True
    )
    assert run.returncode == 2 and "no such case: z" in run.stderr


def test_stats_case_says_whether_its_target_is_met():
    argv = [sys.executable, str(_BENCH / "run.py"), "--tiny", "h"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert "| 300 pictures | " in run.stdout and "(target ≤ 0.3)" in run.stdout


def test_model_case_says_whether_its_targets_are_met():
    argv = [sys.executable, str(_BENCH / "run.py"), "--tiny", "m"]
    run = subprocess.run(argv, capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr
    assert run.stdout.count("| ours: fetch_model | ") == 2 and "(target ≤ 32 MiB)" in run.stdout
