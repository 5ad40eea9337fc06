"""What is to be fetched: one model file, from its address to its path; a job stores it as JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from ..civitai import make_download_url, RemoteFile, Version
from ..core import as_mapping, as_whole_number

__all__ = ["make_request", "ModelFileRequest"]


@dataclass(frozen=True)
class ModelFileRequest:
    """A model file to fetch.

    url: the route of Civitai from which the file is downloaded. path: where the file goes. name:
    the file's own name on Civitai. kind: see `destination.find_kind`. size: in bytes, an estimate;
    0 if unknown. sha256: in lower case, "" if Civitai tells none. title: names of the model and the
    version. record: the JSON object of the version, as Civitai sent it.
    """

    file_id: int
    version_id: int
    model_id: int
    url: str
    path: str
    name: str = ""
    kind: str = ""
    size: int = 0
    sha256: str = ""
    title: str = ""
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def to_json(self) -> dict[str, Any]:
        """Return the request as a JSON object."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ModelFileRequest:
        """Return the request of a JSON object that `to_json` made; ignore unknown keys."""
        numbers = ("file_id", "version_id", "model_id", "size")
        texts = ("url", "path", "name", "kind", "sha256", "title")
        values: dict[str, Any] = {key: as_whole_number(stored.get(key)) or 0 for key in numbers}
        values |= {key: str(stored.get(key) or "") for key in texts}
        return cls(**values, record=as_mapping(stored.get("record")))


def make_request(file: RemoteFile, version: Version, kind: str, path: str) -> ModelFileRequest:
    """Return the request that fetches a version's file to `path`.

    kind: see `destination.find_kind`.
    """
    return ModelFileRequest(
        file_id=file.id,
        version_id=version.id,
        model_id=version.model_id or 0,
        url=make_download_url(version.id, file),
        path=path,
        name=file.name,
        kind=kind,
        size=file.size,
        sha256=file.sha256,
        title=" ".join(filter(None, (version.model_name, version.name))),
        record=version.record,
    )
