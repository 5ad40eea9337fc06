"""A stand-in for Civitai with a given latency and sizes, in a process of its own.

Each connection has a thread, which sleeps to the microsecond; an event loop would sleep to the
millisecond. All images share one buffer.

    python server.py --latency 0.1 --size 300000 --thumbnail 30000 --pictures 10000

prints its URL on a line and serves until its input is closed.
"""

from __future__ import annotations

import argparse
import json
import os
import socket
import struct
import sys
import threading
import time
import zlib
from urllib.parse import parse_qs, urlsplit

_FIRST_ID, _MODEL_ID, _VERSION_ID = 5_000_000, 101, 1001
_SIDES = (1216, 832, 640, 1536, 1024)  # pixels; heights beside a width of 832
_WORDS = "a lighthouse on a cliff above the sea, evening light, oil on canvas, wide brush, "


class Server:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        largest = max(options.size, options.thumbnail)
        self._image = memoryview(_png(450, 600).ljust(largest, b"\0"))
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def serve(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._serve_connection, args=(connection,), daemon=True).start()

    def _serve_connection(self, connection: socket.socket) -> None:
        """Answer the requests of a connection until the client closes it."""
        text = b""
        with connection:
            while True:
                while b"\r\n\r\n" not in text:
                    try:
                        data = connection.recv(65536)
                    except OSError:
                        return
                    if not data:
                        return
                    text += data
                arrived = time.monotonic()
                head, _, text = text.partition(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode("latin-1")
                try:
                    self._answer(connection, path, arrived)
                except OSError:
                    return

    def _answer(self, connection: socket.socket, path: str, arrived: float) -> None:
        time.sleep(max(0.0, arrived + self.options.latency - time.monotonic()))
        if path.startswith("/api/"):
            body = json.dumps(self._api(path)).encode()
            connection.sendall(_head(len(body), "application/json") + body)
        else:
            size = self.options.size if "/original=true/" in path else self.options.thumbnail
            connection.sendall(_head(size, "image/png"))
            connection.sendall(self._image[:size])

    # Civitai's API

    def _api(self, path: str) -> dict:
        parts = urlsplit(path)
        if parts.path == f"/api/v1/models/{_MODEL_ID}":
            version = {"id": _VERSION_ID, "name": "v1", "baseModel": "SDXL 1.0", "images": []}
            return {"id": _MODEL_ID, "name": "Bench", "type": "LORA", "modelVersions": [version]}
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        start = int(query.get("cursor", "0").partition("|")[0])
        end = min(start + int(query.get("limit", 100)), self.options.pictures)
        more = {"nextCursor": f"{end}|1785317342117"} if end < self.options.pictures else {}
        return {"items": [self._row(n) for n in range(start, end)], "metadata": more}

    def _row(self, number: int) -> dict:
        image_id = _FIRST_ID + self.options.pictures - number
        meta = {"prompt": _WORDS * 6, "negativePrompt": "text, frame", "steps": 28, "seed": number}
        meta.update({"sampler": "DPM++ 2M Karras", "cfgScale": 7, "Size": "832x1216"})
        return {
            "id": image_id,
            "url": image_url(self.url, image_id),
            "type": "image",
            "browsingLevel": 1,
            "width": 832,
            "height": _SIDES[number % len(_SIDES)],
            "hash": "UGF5?xYk^6#M@-5b,1J5@[or[Q6.$%OE1NW=",
            "username": "bench",
            "createdAt": "2026-01-01T00:00:00.000Z",
            "stats": {"likeCount": number % 50, "heartCount": 3},
            "meta": meta,
        }


def image_url(base: str, image_id: int) -> str:
    name = f"{image_id:08x}-0000-4000-8000-000000000000"
    return f"{base}/bench/{name}/original=true/{image_id}.png"


def _head(size: int, kind: str) -> bytes:
    return (
        f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {size}\r\n"
        'ETag: "one"\r\nCache-Control: no-store\r\n\r\n'
    ).encode()


def _png(width: int, height: int) -> bytes:
    """Return a plain image that browsers show; they ignore the bytes after its end."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    rows = (b"\0" + b"\x5a\x78\x8c" * width) * height
    shape = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [chunk(b"IHDR", shape), chunk(b"IDAT", zlib.compress(rows, 9)), chunk(b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def _parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--latency", type=float, default=0.1, help="seconds before each response")
    parser.add_argument("--size", type=int, default=300_000, help="bytes of an original")
    parser.add_argument("--thumbnail", type=int, default=30_000, help="bytes of a thumbnail")
    parser.add_argument("--pictures", type=int, default=10_000, help="in the gallery")
    return parser.parse_args()


def main() -> None:
    sys.setswitchinterval(0.0005)  # a thread that wakes must not wait long for the others
    server = Server(_parse_arguments())
    threading.Thread(target=server.serve, daemon=True).start()
    print(server.url, flush=True)
    sys.stdin.read()
    os._exit(0)  # without waiting for open connections


if __name__ == "__main__":
    main()
