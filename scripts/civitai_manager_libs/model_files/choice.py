"""Which file of a model version to fetch, and the request to download the file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from typing import Any

from .. import setting
from ..civitai import make_download_urls, parse_files, RemoteFile, Version
from ..core import as_list, as_mapping, as_whole_number, model_formats

# What a file is, by `type` of its record. Files of another type that is no part of a model, such as
# training data, an archive or a workflow, are never fetched.
_MODELS = ("", "Model", "Pruned Model", "Diffusion Model", "UNet")
_OTHERS = ("ControlNet", "Upscaler", "Negative")
_PRECISIONS = ("fp16", "bf16", "fp8", "fp32")  # after the preferred one
_REFUSALS = {
    "archived": "not_offered",
    "generation_only": "not_offered",
    "early_access": "early_access",
}


@dataclass(frozen=True)
class FileChoice:
    """The file of a version to download, and the alternatives.

    file: None if the version has no file to download. others: the other model files, best first.
    companions: files that belong to the model, such as its VAE. refusal: a reason code if `file`
    must not be downloaded, else "". deadline: the ISO 8601 date at which early access ends, "" if
    unknown. by: why `file` was chosen: `hash` (an image states its hash), `user`, `preferences`
    (the best of several by the settings) or "" (no choice). needs_consent: whether the download
    needs the user's consent, because `file` could run code. remarks: message codes,
    `not_the_stated_hash` (Civitai lists no file of the version with the hash that an image states)
    and `not_verified` (Civitai does not know the SHA256 of `file`).
    """

    file: RemoteFile | None = None
    others: tuple[RemoteFile, ...] = ()
    companions: tuple[RemoteFile, ...] = ()
    refusal: str = ""
    deadline: str = ""
    by: str = ""
    needs_consent: bool = False
    remarks: tuple[str, ...] = ()


def choose_file(
    version: Version, stated_hash: str = "", file_id: int = 0, allows_pickle: bool = False
) -> FileChoice:
    """Choose the file of a version to download: by `file_id`, else by `stated_hash`, else the best.

    The best file is the first by the preferences in the settings. stated_hash: the hash that an
    image states, of any kind in `RemoteFile.hashes`; "" if none. file_id: the file that the user
    has chosen, 0 if none. allows_pickle: whether the user accepts that the chosen file could run
    code; without `file_id` it has no effect.
    """
    known = [file for file in version.remote_files if file.has_model_extension]
    models = [file for file in known if file.type in _MODELS]
    parts = [file for file in known if file.is_part]
    files = models or parts or [file for file in known if file.type in _OTHERS]
    ranked = sorted(files, key=_make_sort_key)
    companions = [file for file in version.remote_files if file.is_part and _is_harmless(file)]
    companions = [file for file in companions if file not in files]
    file, by = _pick_file(version, ranked, stated_hash.lower(), file_id)
    refusal = find_refusal(version.access, version.deadline)
    if setting.civitai_api_key and version.access != "archived":
        refusal = ""  # Civitai decides: the record does not say what the key's owner has bought
    deadline = version.deadline if refusal else ""
    has_passed = file is not None and file.pickle_scan == file.virus_scan == "Success"
    needs_consent = file is not None and file.may_run_code and has_passed
    is_allowed = allows_pickle and file is not None and file.id == file_id
    if not refusal and file is not None and not _is_harmless(file):
        refusal = "" if needs_consent and is_allowed else "unsafe"
    if not refusal and file is None:
        refusal = "unsupported" if version.remote_files else "not_offered"
    remarks = ["not_the_stated_hash"] if stated_hash and by not in ("hash", "user") else []
    remarks += ["not_verified"] if file is not None and not file.sha256 else []
    return FileChoice(
        file,
        tuple(other for other in ranked if other != file),
        tuple(other for other in companions if other != file),
        refusal,
        deadline,
        by,
        needs_consent and refusal == "unsafe",
        tuple(remarks) if file is not None else (),
    )


def _pick_file(
    version: Version, ranked: Sequence[RemoteFile], stated_hash: str, file_id: int
) -> tuple[RemoteFile | None, str]:
    """Choose a file of a version; return (file or None, the reason as in `FileChoice.by`).

    Choose the file with the id `file_id` if this is not 0, else the file with the stated hash, else
    the best file. If the best file is harmless, a file with the stated hash must be harmless too.
    ranked: the version's model files, best first.
    """
    if file_id:
        known = (file for file in version.remote_files if file.has_model_extension)
        return next((file for file in known if file.id == file_id), None), "user"
    best = next(iter(ranked), None)
    for file in version.remote_files if stated_hash else ():
        is_cut = len(stated_hash) in (10, 12) and file.sha256.startswith(stated_hash)
        is_longer = len(file.sha256) == 10 and stated_hash.startswith(file.sha256)
        has_hash = stated_hash in file.hashes or is_cut or is_longer
        if has_hash and file.has_model_extension:
            if _is_harmless(file) or best is None or not _is_harmless(best):
                return file, "hash"
    return best, "preferences" if len(ranked) > 1 else ""


def _make_sort_key(file: RemoteFile) -> tuple[int, ...]:
    """Return a key that sorts files by format, the preferences in the settings and default."""
    formats = model_formats.SAFE
    form = formats.index(file.extension) if file.extension in formats else len(formats)
    # A file whose precision is unknown ("") comes after those of the preferred one.
    order = [setting.model_precision, "", *_PRECISIONS] if setting.model_precision else []
    precision = order.index(file.precision) if file.precision in order else len(order)
    is_liked = file.is_pruned == setting.model_prefers_pruned
    return (form, precision, not is_liked, not file.is_primary)


def _is_harmless(file: RemoteFile) -> bool:
    """Return whether a file has a format without code, and no scan reports danger."""
    is_dangerous = "Danger" in (file.pickle_scan, file.virus_scan)
    return file.extension in model_formats.SAFE and not is_dangerous


def find_refusal(access: str, deadline: str) -> str:
    """Return the reason code why not everybody may download a version, "" if everybody may."""
    is_over = access == "early_access" and _is_over(deadline)
    return "" if is_over else _REFUSALS.get(access, "")


def _is_over(deadline: str) -> bool:
    try:
        moment = datetime.fromisoformat(deadline.replace("Z", "+00:00"))
    except ValueError:
        return False
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=timezone.utc)
    return moment <= datetime.now(timezone.utc)


@dataclass(frozen=True)
class ModelFileRequest:
    """A request to download one model file.

    url: a download URL on Civitai, by which an unfinished file is found again. path: where to store
    the file. name: the file's name on Civitai. kind: the kind of folder, such as "lora". size:
    estimate in bytes, 0 if unknown. sha256: as in `RemoteFile`. title: names of the model and the
    version. archive_urls: up to two URLs at an archive, to request in place of Civitai. record: the
    version's JSON object, as Civitai sent it.
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
    archive_urls: tuple[str, ...] = ()
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def file(self) -> RemoteFile:
        """Return the file on Civitai that the request names."""
        return RemoteFile(self.file_id, self.name, self.size, sha256=self.sha256)

    @property
    def download_urls(self) -> tuple[str, str]:
        """Return the URLs to request, as from `make_download_urls`.

        The second one, which names a kind of file, is "" if another file of that kind could not be
        told from this one. `url` may differ from both: older versions stored the URL in Civitai's
        record.
        """
        if self.archive_urls:
            return self.archive_urls[0], "".join(self.archive_urls[1:2])
        files = parse_files(self.record)
        file = next((file for file in files if file.id == self.file_id), self.file)
        by_id, by_kind = make_download_urls(self.version_id, file)
        is_certain = self.sha256 or sum(other.type == file.type for other in files) == 1
        return by_id, by_kind if is_certain else ""

    def to_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ModelFileRequest:
        """Make a request from the JSON object of `to_json`; ignore unknown keys."""
        numbers = ("file_id", "version_id", "model_id", "size")
        texts = ("url", "path", "name", "kind", "sha256", "title")
        values: dict[str, Any] = {key: as_whole_number(stored.get(key)) or 0 for key in numbers}
        values |= {key: str(stored.get(key) or "") for key in texts}
        urls = tuple(url for url in as_list(stored.get("archive_urls")) if isinstance(url, str))
        return cls(**values, archive_urls=urls, record=as_mapping(stored.get("record")))


def make_request(file: RemoteFile, version: Version, kind: str, path: str) -> ModelFileRequest:
    """Return a request to download a version's file. kind: of the folder, such as "lora"."""
    return ModelFileRequest(
        file_id=file.id,
        version_id=version.id,
        model_id=version.model_id or 0,
        url=make_download_urls(version.id, file)[0],
        path=path,
        name=file.name,
        kind=kind,
        size=file.size,
        sha256=file.sha256,
        title=" ".join(filter(None, (version.model_name, version.name))),
        record=version.record,
    )
