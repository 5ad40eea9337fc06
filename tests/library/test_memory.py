"""The memory that large records take."""

import json
import os
from urllib.parse import parse_qs, urlsplit

import pytest
from cli_process import start_python
from loopback_server import LoopbackServer, QuietHandler

pytestmark = pytest.mark.skipif(not os.path.exists("/proc/self/statm"), reason="reads /proc")

_PAGES, _SIZE = 20, 100  # more of these are refused as too large a page
_NODES = 1_200  # of a graph: 250 kB
_PROGRAM = """
import ctypes, gc, os, sys
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


class _Gallery(QuietHandler):
    """`GET /api/v1/images`: cursors are page numbers; each record has a graph of 250 kB."""

    def do_GET(self):  # noqa: N802
        asked = parse_qs(urlsplit(self.path).query)
        page = int(asked.get("cursor", ["0"])[0].removesuffix(".0"))
        items = [_record(self.headers["Host"], 10_000 * page + n) for n in range(_SIZE)]
        body = f'{{"items": [{",".join(items)}], "metadata": {{"nextCursor": "{page + 1}"}}}}'
        self.reply(200, body.encode(), {"Content-Type": "application/json"})


def _record(host, number):
    name = f"{number:08}-1111-2222-3333-444444444444"
    row = {
        "id": 1_000_000 + number,
        "url": f"http://{host}/x/{name}/original=true/1.jpeg",
        "browsingLevel": 1,
        "modelVersionIds": [7],
    }
    return json.dumps(row)[:-1] + f', "meta": {{"prompt": "picture {number}", {_GRAPH}}}}}'


def _node(n):
    inputs = {"seed": n * 7919, "text": f"words of node {n} " * 3, "model": [str(n - 1), 0]}
    return {"class_type": f"Node{n % 40}", "inputs": inputs, "_meta": {"title": f"title {n}"}}


_GRAPH = json.dumps({"comfy": json.dumps({"prompt": {str(n): _node(n) for n in range(_NODES)}})})
_GRAPH = _GRAPH[1:-1]


@pytest.fixture
def civitai():
    server = LoopbackServer(_Gallery)
    yield server.url
    server.close()


@pytest.mark.long
def test_pages_of_large_records_take_little_memory(civitai, tmp_path):
    environment = {"CIVITAI_SHORTCUT_DATA": str(tmp_path), "CIVITAI_BASE_URL": civitai}
    done = start_python(_PROGRAM, _SIZE, _PAGES, **environment)
    out, errors = done.communicate()
    assert done.returncode == 0, errors
    before, after = map(int, out.split())
    print(f"resident: {before} MB after a page, {after} MB after {_PAGES}")
    assert after - before < 70
