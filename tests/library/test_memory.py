"""The memory that large records take."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from api_server import ApiServer

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")

_SCRIPTS = str(Path(__file__).parents[2] / "scripts")
_PAGES, _SIZE = 20, 100  # more of these are refused as too large a page
_NODES = 1_200  # of a graph: 250 kB
_PROGRAM = """
import ctypes, gc, os, sys
sys.path.insert(0, os.environ["SCRIPTS"])
from civitai_manager_libs.civitai import ImageQuery
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.library import pages, wait_for_writes

def resident():
    gc.collect()
    if hasattr(ctypes.CDLL(None), "malloc_trim"):  # what is free, but not given back yet
        ctypes.CDLL(None).malloc_trim(0)
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") // 1024**2

client = CivitaiHttpClient()
def look(first, last):
    cursor = str(first) if first else None
    for _ in range(first, last):
        page = pages.load_page(client, ImageQuery(user), cursor, size)
        assert len(page.images) == size, len(page.images)
        cursor = page.next_cursor
    assert wait_for_writes(300)

size, user = int(sys.argv[1]), 5
look(0, 1)
before = resident()
look(1, int(sys.argv[2]))
print(before, resident())
"""


def _node(n):
    inputs = {"seed": n * 7919, "text": f"words of node {n} " * 3, "model": [str(n - 1), 0]}
    return {"class_type": f"Node{n % 40}", "inputs": inputs, "_meta": {"title": f"title {n}"}}


@pytest.mark.long
def test_pages_of_large_records_take_little_memory(tmp_path):
    graph = json.dumps({"prompt": {str(n): _node(n) for n in range(_NODES)}})
    with ApiServer(count=_SIZE * (_PAGES + 1), page=_SIZE) as server:
        row = server._row
        server._row = lambda n: {**row(n), "meta": {"prompt": f"picture {n}", "comfy": graph}}
        environment = {
            **os.environ,
            **{"SCRIPTS": _SCRIPTS, "CIVITAI_BASE_URL": server.url},
            "CIVITAI_SHORTCUT_DATA": str(tmp_path),
        }
        command = [sys.executable, "-c", _PROGRAM, str(_SIZE), str(_PAGES)]
        done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    print(f"resident: {before} MB after a page, {after} MB after {_PAGES}")
    assert after - before < 70
