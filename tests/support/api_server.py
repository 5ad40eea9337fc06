"""A small Civitai API on loopback: models, pages of images and files. Answers can be scripted."""

from __future__ import annotations

import json
import re
import struct
import threading
import time
import zlib
from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlsplit

from loopback_server import Closing, LoopbackServer, QuietHandler

__all__ = ["Answer", "ApiServer", "cut", "html", "make_tag", "reset", "status"]

MODEL_ID, VERSION_ID = 101, 1001
FIRST_ID = 5000
_PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08" + b"\0" * 8
_JPEG = b"\xff\xd8\xff\xe0\0\x10JFIF\0\1\1\0\0\1\0\1\0\0\xff\xda\0\x08\1\1\0\0\x3f\0"
_MP4 = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom\0\0\0\x08moov"

_VERSION = re.compile(r"/model-versions/(?:by-hash/(\w+)|(\d+))$")

# (the request, the body that it would get) -> None: it has answered
Answer = Callable[["_Request", bytes], None]


def status(code: int, body: bytes = b"", **headers: str) -> Answer:
    """Return an Answer with this status, body and headers, which are keywords: Retry_After="1"."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return lambda request, _: request.reply(code, body, named)


def html(code: int = 200) -> Answer:
    page = b"<!DOCTYPE html><html><head></head><body>Log in</body></html>"
    return status(code, page, Content_Type="text/html")


def cut(at: int) -> Answer:
    """Return an Answer that sends the first `at` bytes of the body, then closes the connection."""

    def answer(request: _Request, body: bytes) -> None:
        headers = {"Content-Length": str(len(body)), "ETag": request.etag}
        request.send(200, headers, body[:at])
        request.close_connection = True

    return answer


def reset(request: _Request, _: bytes) -> None:
    request.close_connection = True


class ApiServer(Closing):
    """A server with a model of one version and `count` images. Use it in a `with` block.

    The newest image has the largest id. kinds: file extensions by image id. requests: the path and
    query of each request. keys: the Authorization header of each request. sent: all headers of each
    request, names in lower case. cookie: the Set-Cookie header of every response. versions: the
    records of more versions, by version id or file hash. models: the records of more models, by
    model id. tags: names of tags by image id; requests that do not ask for tags get none. posts:
    the JSON of posts, by id.
    """

    def __init__(self, count: int = 10, size: int = 2000, page: int = 100) -> None:
        self.ids = [FIRST_ID + n for n in range(count, 0, -1)]
        self.size, self.page, self.name = size, page, "A model"
        self.kinds = {image_id: "png" for image_id in self.ids}
        self.kinds.update({i: "mp4" for i in self.ids if i % 7 == 0})
        self.kinds.update({i: "jpg" for i in self.ids if i % 7 == 1})
        self.requests: list[str] = []
        self.keys: list[tuple[str, str | None]] = []
        self.sent: list[tuple[str, dict[str, str]]] = []
        self.known_key = "the-key"
        self.cookie = ""
        self.versions: dict[int | str, dict[str, Any]] = {}
        self.models: dict[int, dict[str, Any]] = {}
        self.tags: dict[int, list[str]] = {}
        self.posts: dict[int, dict[str, Any]] = {}
        self.delay = 0.0  # seconds before each picture
        self.on_picture: Callable[[int], None] = lambda _: None
        self.most_at_once = 0
        self._at_once, self._lock = 0, threading.Lock()
        self._scripts: dict[Any, deque[Answer]] = defaultdict(deque)
        self._always: dict[Any, Answer] = {}
        self._http = LoopbackServer(_Request, self)
        self.url = self._http.url

    def close(self) -> None:
        self._http.close()

    def script(self, what: Any, *answers: Answer) -> None:
        """Queue answers to later requests. what: an image id, "page", "model", "version", "me"."""
        self._scripts[what].extend(answers)

    def always(self, what: Any, answer: Answer | None) -> None:
        if answer is None:
            self._always.pop(what, None)
        else:
            self._always[what] = answer

    def bytes_of(self, image_id: int) -> bytes:
        head, end = _frame(self.kinds[image_id], self.size)
        filling = f"{image_id}-".encode() * (self.size // 5 + 1)
        return head + filling[: self.size - len(head) - len(end)] + end

    def file_of(self, image_id: int) -> str:
        return f"{image_id}.{self.kinds[image_id]}"

    def files(self, ids: Iterable[int] | None = None) -> dict[str, bytes]:
        """Return the bytes of images by file name. ids: the images' ids, None for all images."""
        return {self.file_of(i): self.bytes_of(i) for i in (self.ids if ids is None else ids)}

    @property
    def fetched(self) -> Counter[int]:
        """Return how often each image was requested, by image id."""
        paths = [urlsplit(path).path for path in list(self.requests)]
        return Counter(_id_in(path) for path in paths if path.startswith("/image/"))

    @property
    def pages(self) -> list[dict[str, str]]:
        """Return the query parameters of each request for a page of images."""
        asked = [urlsplit(p) for p in list(self.requests) if p.startswith("/api/v1/images")]
        return [{k: v[0] for k, v in parse_qs(parts.query).items()} for parts in asked]

    # Answers

    def respond(self, request: _Request) -> None:
        with self._lock:
            self.requests.append(request.path)
            self.keys.append((request.path, request.headers.get("Authorization")))
            headers = {name.lower(): value for name, value in request.headers.items()}
            self.sent.append((request.path, headers))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            what, code, body = self._plain(request)
            answer = self._scripts[what].popleft() if self._scripts[what] else None
            answer = answer or self._always.get(what)
            if answer is not None:
                return answer(request, body)
            if request.path.startswith("/image/"):
                return request.send_file(code, body)
            request.reply(code, body, {})
        finally:
            with self._lock:
                self._at_once -= 1

    def _plain(self, request: _Request) -> tuple[Any, int, bytes]:
        parts = urlsplit(request.path)
        path = parts.path.removeprefix("/api/v1")
        if parts.path.startswith("/image/"):
            return self._picture(_id_in(parts.path))
        if path == "/images":
            asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
            return "page", 200, json.dumps(self._page(asked)).encode()
        if path == f"/models/{MODEL_ID}":
            return "model", 200, json.dumps(self._model()).encode()
        if path == f"/model-versions/{VERSION_ID}":
            return "version", 200, json.dumps(self._version()).encode()
        named = _VERSION.match(path)
        further = self.versions.get(named[1] or int(named[2])) if named else None
        if further is not None:
            return "version", 200, json.dumps(further).encode()
        if path == "/models" and "ids=" in parts.query:
            asked_ids = parse_qs(parts.query).get("ids", [""])[0].split(",")
            rows = [self.models[int(i)] for i in asked_ids if i and int(i) in self.models]
            return "models", 200, json.dumps({"items": rows, "metadata": {}}).encode()
        if path.startswith("/models/") and int(path.rpartition("/")[2]) in self.models:
            return "model", 200, json.dumps(self.models[int(path.rpartition("/")[2])]).encode()
        if path.startswith("/posts/"):
            post = self.posts.get(int(path.rpartition("/")[2]))
            body = {"error": "Post not found"} if post is None else post
            return "post", 404 if post is None else 200, json.dumps(body).encode()
        if path == "/me":
            known = request.headers.get("Authorization") == f"Bearer {self.known_key}"
            body = {"id": 1, "username": "me"} if known else {"error": "Unauthorized"}
            return "me", 200 if known else 401, json.dumps(body).encode()
        return "other", 404, b'{"error": "No model with that id"}'

    def _picture(self, image_id: int) -> tuple[Any, int, bytes]:
        self.on_picture(image_id)
        if self.delay:
            time.sleep(self.delay)
        known = image_id in self.kinds
        return image_id, 200 if known else 404, self.bytes_of(image_id) if known else b""

    def _page(self, asked: dict[str, str]) -> dict[str, Any]:
        start = int(asked.get("cursor", "0|").partition("|")[0])
        end = start + min(self.page, int(asked["limit"]))
        kind = asked.get("type")
        named = asked.get("ids", asked.get("imageId", "")).split(",")
        ids = [i for i in self.ids if str(i) in named] if named != [""] else self.ids[start:end]
        rows = [self._row(i) for i in ids]
        if asked.get("withTags") == "true":
            rows = [row | {"tags": [*map(make_tag, self.tags.get(row["id"], ()))]} for row in rows]
        rows = [row for row in rows if kind in (None, row["type"])]
        is_more = named == [""] and end < len(self.ids)
        more = {"nextCursor": f"{end}|1785317342117"} if is_more else {}
        return {"items": rows, "metadata": more}

    def _row(self, image_id: int) -> dict[str, Any]:
        is_video = self.kinds[image_id] == "mp4"
        name = f"{image_id:08x}-0000-4000-8000-000000000000"
        return {
            "id": image_id,
            "url": f"{self.url}/image/{name}/original=true/{name}.{'mp4' if is_video else 'jpeg'}",
            "type": "video" if is_video else "image",
            "browsingLevel": 1,
            "width": 64,
            "height": 64,
            "meta": {"prompt": f"picture {image_id}", "steps": 20, "seed": 1, "cfgScale": 7},
        }

    def _model(self) -> dict[str, Any]:
        versions = [{"id": VERSION_ID, "name": "v1", "images": []}]
        return {"id": MODEL_ID, "name": self.name, "type": "LORA", "modelVersions": versions}

    def _version(self) -> dict[str, Any]:
        model = {"name": self.name, "type": "LORA"}
        return {"id": VERSION_ID, "name": "v1", "modelId": MODEL_ID, "model": model, "images": []}


class _Request(QuietHandler):
    def do_GET(self) -> None:
        self.server.owner.respond(self)

    @property
    def etag(self) -> str:
        return f'"{self.path}"'

    def send_file(self, code: int, body: bytes) -> None:
        """Send a file, or only its end if the request has a Range header."""
        start = self.headers.get("Range", "").removeprefix("bytes=").removesuffix("-")
        if code != 200 or not start or self.headers.get("If-Range") != self.etag:
            return self.reply(code, body, {"ETag": self.etag})
        part = f"bytes {start}-{len(body) - 1}/{len(body)}"
        self.reply(206, body[int(start) :], {"ETag": self.etag, "Content-Range": part})

    def send(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        cookie = self.server.owner.cookie
        super().send(status, {**headers, **({"Set-Cookie": cookie} if cookie else {})}, body)


def make_tag(name: str) -> dict[str, Any]:
    """Return a tag as Civitai sends it."""
    return {"id": zlib.crc32(name.encode()) >> 1, "name": name}


def _frame(kind: str, size: int) -> tuple[bytes, bytes]:
    """Return the start and the end of a valid file of `size` bytes, without the bytes between."""
    if kind == "png":
        end = b"\0\0\0\0\0\0\0\0IEND\xaeB\x60\x82"
        return _PNG + struct.pack(">I", size - len(_PNG) - len(end) - 8) + b"noIs", end
    if kind == "jpg":
        return _JPEG, b"\xff\xd9"
    if kind == "webp":
        return struct.pack("<4sI8sI", b"RIFF", size - 8, b"WEBPVP8 ", size - 20), b""
    return _MP4 + struct.pack(">I", size - len(_MP4)) + b"mdat", b""


def _id_in(path: str) -> int:
    return int(path.split("/")[2].partition("-")[0], 16)
