"""A Civitai with made-up versions, whose API and download route answer as the site's own do.

The route takes a file by `fileId`, or else the first of a kind, by the preferences of the key's
owner: see `GET /api/download/models/<version>` of github.com/civitai/civitai.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from loopback_server import Closing, LoopbackServer, QuietHandler

__all__ = ["KEY", "ModelSite", "SiteFile", "SiteVersion"]

KEY = "a-key-of-a-user"
_Answer = tuple[int, Mapping[str, str], bytes]


@dataclass
class SiteFile:
    """A file of a version.

    metadata: as in the API, None for a file without. hash_kinds: those that the record states.
    state: "" or "hidden" (not listed, and missing for the route), "missing" (listed, but missing)
    or "down" (its storage cannot be reached just now).
    """

    id: int
    name: str
    body: bytes = field(repr=False)
    type: str = "Model"
    metadata: dict[str, str] | None = field(default_factory=dict)
    hash_kinds: tuple[str, ...] = ("SHA256", "AutoV2")
    states_size: bool = True
    state: str = ""

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.body).hexdigest().upper()

    def to_json(self, version_id: int, base: str, is_primary: bool) -> dict[str, Any]:
        query = {"type": self.type, **(self.metadata or {})}
        url = f"{base}/api/download/models/{version_id}"
        named = url if is_primary else f"{url}?{'&'.join(f'{k}={v}' for k, v in query.items())}"
        known = {"SHA256": self.sha256, "AutoV2": self.sha256[:10]}
        return {
            "id": self.id,
            "name": self.name,
            "type": self.type,
            "sizeKB": len(self.body) / 1024 if self.states_size else None,
            "metadata": self.metadata,
            "hashes": {kind: known[kind] for kind in self.hash_kinds},
            "pickleScanResult": "Success",
            "virusScanResult": "Success",
            "primary": is_primary,
            "downloadUrl": named.replace(" ", "%20"),
        }


@dataclass
class SiteVersion:
    """A version of a LoRA.

    linked: files of other versions that this one lists (a VAE). access: "" (all), `login`,
    `early_access`, `sold`, `members`, `disabled`, `generator` or `archived`. has_access: whether
    the key's owner has bought it, for example.
    """

    id: int
    files: list[SiteFile]
    linked: list[SiteFile] = field(default_factory=list)
    access: str = ""
    has_access: bool = False
    mode: str = ""

    def to_json(self, base: str) -> dict[str, Any]:
        listed = [] if self.access == "archived" else [*self.files, *self.linked]
        shown = [file for file in listed if file.state != "hidden"]
        model = {"name": f"Model {self.id}", "type": "LORA", "nsfw": False}
        model |= {"mode": "Archived"} if self.access == "archived" else {}
        model |= {"mode": self.mode} if self.mode else {}
        paid = {
            "early_access": {"permanent": False, "endsAt": "2999-01-02T00:00:00.000Z"},
            "sold": {"permanent": True, "endsAt": None},
        }
        control = "InternalGeneration" if self.access == "generator" else "Download"
        return {
            "id": self.id,
            "modelId": 10_000 + self.id,
            "name": "v1",
            "model": model,
            "usageControl": control,
            "paidAccess": paid.get(self.access),
            "files": [file.to_json(self.id, base, file is listed[0]) for file in shown],
        }


class ModelSite(Closing):
    """The server. Use it in a `with` block.

    preferences: metadata that the key's owner prefers, such as {"fp": "fp32"}. is_blocked: whether
    the site blocks the address. asked: the (path, query) of each request to the route.
    """

    def __init__(self) -> None:
        self.versions: dict[int, SiteVersion] = {}
        self.preferences: dict[str, str] = {}
        self.is_blocked = False
        self.asked: list[tuple[str, dict[str, str]]] = []
        self._server = LoopbackServer(_Handler, self)
        self.url = self._server.url

    def close(self) -> None:
        self._server.close()

    def add(self, *versions: SiteVersion) -> None:
        self.versions |= {version.id: version for version in versions}

    def answer(self, path: str, query: Mapping[str, str], key: str) -> _Answer:
        name = path.rpartition("/")[2]
        if path.startswith("/storage/"):
            return self._send_file(int(name), key)
        version = self.versions.get(int(name)) if name.isdigit() else None
        if "/by-hash/" in path:
            version = self._find_by_hash(name)
        if version is None:
            return _json(404, error="Model not found")
        if path.startswith("/api/download/"):
            self.asked.append((path, dict(query)))
            return self._route(version, query, key == f"Bearer {KEY}")
        return _json(200, **version.to_json(self.url))

    def _route(self, version: SiteVersion, query: Mapping[str, str], has_key: bool) -> _Answer:
        refusal = self._refuse(version, has_key)
        if refusal is not None:
            return refusal
        if query.get("size", "full") not in ("full", "pruned"):
            return _json(400, error="Invalid option")
        if "fileId" in query:
            found = [file for file in version.files if str(file.id) == query["fileId"]]
        else:
            found = self._choose_by_kind(version, query, has_key)
        if any(file.metadata is None for file in found) and "fileId" not in query:
            return _json(500, error="Cannot read properties of null")
        file = next((file for file in found if file.state not in ("hidden", "missing")), None)
        if file is None:
            return _json(404, "no-store, max-age=0", error="File not found")
        if file.state == "down":
            return _json(404, "private, no-store", error="File not found")
        return 307, {"Location": f"{self.url}/storage/{file.id}"}, b""

    def _refuse(self, version: SiteVersion, has_key: bool) -> _Answer | None:
        access, login = version.access, "The creator requires you to be logged in"
        if self.is_blocked:
            return _json(403, error="Forbidden")
        if access == "archived":
            return _json(410, error="Model archived")
        if access == "login" and not has_key:
            return _json(401, error="Unauthorized", message=login)
        if not access or access == "login" or has_key and version.has_access:
            return None
        if access == "disabled":
            why = "The creator of this asset has disabled downloads"
            return _json(401, error="Unauthorized", message=why)
        if access == "early_access":
            end = "2999-01-02T00:00:00.000Z"
            return _json(403, error="Early Access", deadline=end, message="It needs to be bought")
        if access == "sold":
            return _json(403, error="Early Access", message="It needs to be bought")
        return _json(403, error="You do not have access to this resource")

    def _choose_by_kind(
        self, version: SiteVersion, query: Mapping[str, str], has_key: bool
    ) -> list[SiteFile]:
        """Return the files of a kind, those that the key's owner likes first."""
        listed = [*version.files, *version.linked]
        wanted = {"type": query.get("type", listed[0].type)}
        rows = [file for file in listed if file.type == wanted["type"]]
        liked = {**(self.preferences if has_key else {}), **query}
        names = ("format", "size", "fp")
        score = [
            sum((file.metadata or {}).get(name) == liked.get(name) for name in names)
            for file in rows
        ]
        order = sorted(range(len(rows)), key=lambda at: -score[at])
        return [rows[at] for at in order]

    def _find_by_hash(self, code: str) -> SiteVersion | None:
        """Return the version that has or had a file with a hash."""
        for version in self.versions.values():
            for file in version.files:
                if code in (file.sha256, file.sha256[:10]):
                    return version
        return None

    def _send_file(self, file_id: int, key: str) -> _Answer:
        if key:
            return 400, {}, b"Only one auth mechanism allowed"
        rows = (file for one in self.versions.values() for file in (*one.files, *one.linked))
        file = next(file for file in rows if file.id == file_id)
        return 200, {"ETag": f'"{file.sha256}"'}, file.body


def _json(status: int, cache: str = "no-store, max-age=0", **fields: Any) -> _Answer:
    headers = {"Content-Type": "application/json", "Cache-Control": cache}
    return status, headers, json.dumps(fields).encode()


class _Handler(QuietHandler):
    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        key = self.headers.get("Authorization", "")
        status, headers, body = self.server.owner.answer(
            parts.path, dict(parse_qsl(parts.query)), key
        )
        self.reply(status, body, headers)
