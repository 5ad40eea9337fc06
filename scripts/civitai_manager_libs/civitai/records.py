"""Civitai's JSON as records: images, models, versions and their files."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote

from .. import setting
from ..core import as_checksum, as_id, as_list, as_mapping, as_number, as_whole_number, clean_date
from ..core import clean_line, clean_lines, html_to_text, Image, is_deeply_nested, model_file_stem
from ..core import model_formats, ReactionCounts, Tag, unwrap_meta
from ..errors import InvalidResponse
from .image_query import ImageQuery, Page
from .licences import Licence, parse_licence
from .urls import is_allowed_url

_MAX_NAME = 1_000  # characters; a cut name would lose its extension
_DIGITS = {"AutoV1": 8, "AutoV2": 10, "AutoV3": 12, "SHA256": 64, "CRC32": 8, "BLAKE3": 64}
_PARTS = ("VAE", "Config", "Text Encoder", "Enhancement LoRA", "Vision Encoder", "CLIPVision")
_URL = re.compile(r"https?://[^\s\\]+")


@dataclass(frozen=True)
class RemoteFile:
    """A file of a model version as Civitai lists it; unknown texts are "", unknown numbers 0.

    size: in bytes, computed from the rounded KB that Civitai states. type: `Model`, `VAE`, `Config`
    and so on. format: `SafeTensor`, `PickleTensor`, `GGUF` and so on. precision: such as `fp16`.
    quantization: such as `Q8_0`. sha256, hashes: in lower case. sha256: only the first 10 digits if
    Civitai states only these (AutoV2). hashes: AutoV1 and CRC32 (8 digits), AutoV2 (10), AutoV3
    (12), SHA256 and BLAKE3 (64). pickle_scan, virus_scan: `Success`, `Pending`, `Danger` or
    `Error`. is_primary: whether the version's download URL leads to this file. url: the file's own
    download URL.
    """

    id: int
    name: str = ""
    size: int = 0
    type: str = ""
    format: str = ""
    precision: str = ""
    is_pruned: bool = False
    quantization: str = ""
    sha256: str = ""
    hashes: frozenset[str] = frozenset()
    pickle_scan: str = ""
    virus_scan: str = ""
    is_primary: bool = False
    url: str = ""

    @property
    def extension(self) -> str:
        """Return the extension of the file's name in lower case, such as `.safetensors`."""
        found = re.search(r"\.[A-Za-z0-9]{1,12}$", self.name)
        return found[0].lower() if found else ""

    @property
    def may_run_code(self) -> bool:
        """Return whether the file's extension is that of a pickle or of a configuration."""
        return self.extension in model_formats.RUN_CODE

    @property
    def is_part(self) -> bool:
        """Return whether the file is a part of a model, such as its VAE."""
        return self.type in _PARTS

    @property
    def has_model_extension(self) -> bool:
        """Return whether the file's extension is that of a model or of a model's configuration."""
        return self.extension in (*model_formats.SAFE, *model_formats.RUN_CODE)


def parse_files(version: Mapping[str, Any]) -> tuple[RemoteFile, ...]:
    """Parse the files in a model version's JSON; leave out files without an id."""
    found = map(_parse_file, map(as_mapping, _as_entries(version.get("files"))))
    return tuple({file.id: file for file in found if file.id}.values())


def parse_access(version: Mapping[str, Any], model: Mapping[str, Any]) -> tuple[str, str]:
    """Return (`Version.access`, `Version.deadline`).

    version: the version's JSON. model: the model's JSON, complete or as in `version["model"]`.
    """
    if model.get("mode") == "Archived":  # files of `TakenDown` models still come
        return "archived", ""
    if clean_line(version.get("usageControl")) not in ("", "Download"):
        return "generation_only", ""
    paid = as_mapping(version.get("paidAccess"))
    deadline = clean_date(paid.get("endsAt")) or clean_date(version.get("earlyAccessEndsAt"))
    if paid or deadline or version.get("availability") == "EarlyAccess":
        return "early_access", deadline
    return "", ""


def _parse_file(row: Mapping[str, Any]) -> RemoteFile:
    about, codes = as_mapping(row.get("metadata")), _read_hashes(row.get("hashes"))
    kind, url = clean_line(row.get("type"), 40), row.get("downloadUrl")
    return RemoteFile(
        id=as_id(row.get("id")) or 0,
        name=clean_line(row.get("name"), _MAX_NAME),
        size=_parse_size(row.get("sizeKB")),
        type=kind,
        format=clean_line(about.get("format"), 40),
        precision=clean_line(about.get("fp"), 20).lower(),
        is_pruned=about.get("size") == "pruned" or kind == "Pruned Model",
        quantization=clean_line(about.get("quantType"), 20),
        sha256=codes.get("SHA256", codes.get("AutoV2", "")),
        hashes=frozenset(codes.values()),
        pickle_scan=clean_line(row.get("pickleScanResult"), 20),
        virus_scan=clean_line(row.get("virusScanResult"), 20),
        is_primary=row.get("primary") is True,
        url=url if isinstance(url, str) and len(url) <= 2_000 and _URL.fullmatch(url) else "",
    )


def _parse_size(kilobytes: object) -> int:
    size = as_number(kilobytes) or 0.0
    return round(size * 1024) if 0 < size < 2**40 else 0  # a larger one is a mistake


def _read_hashes(hashes: object) -> dict[str, str]:
    codes = {kind: as_checksum(as_mapping(hashes).get(kind)).lower() for kind in _DIGITS}
    return {kind: code for kind, code in codes.items() if len(code) == _DIGITS[kind]}


def make_page_url(kind: str, key: int | str) -> str:
    """Return the URL of a page on Civitai. kind: `images`, `models`, `posts` or `user`, by name."""
    return f"{setting.base_url()}/{kind}/{quote(str(key), safe='')}"


def make_version_page_url(version_id: int, model_id: int | None = None) -> str:
    """Return the URL of a model version's web page. The URL works without the model's id too."""
    path = f"models/{model_id}?modelVersionId=" if model_id else "model-versions/"
    return f"{setting.base_url()}/{path}{version_id}"


def make_download_urls(version_id: int, file: RemoteFile) -> tuple[str, str]:
    """Return the URL of a model version's file, and the URL to request if that is not found, or "".

    The first URL names the file by its id. The one in Civitai's record names only a kind of file,
    of which a version may have several; but Civitai finds a VAE that belongs to another version
    only by it. Both are on the host in the settings, which gets the API key.
    """
    by_id = f"{setting.base_url()}/api/download/models/{version_id}?fileId={file.id}"
    url = file.url if file.type == "VAE" and is_allowed_url(file.url) else ""
    site = "/".join(url.split("/")[:3])
    if setting.is_on_civitai(site) and setting.is_on_civitai(setting.base_url()):
        url = setting.base_url() + url.removeprefix(site)
    return by_id, url


_MAX_PIXELS = 1_000_000
_MAX_ENTRIES = 500  # rows of a page, entries of a list; the site sends far fewer
_HIGHEST = 16
# The old names do not distinguish X from XXX, so both count as XXX.
_OLD_LEVELS = {"none": 1, "soft": 2, "mature": 4, "x": 16, "blocked": 32, "false": 1, "true": 16}
_BLURHASH = re.compile(r"[0-9A-Za-z#$%*+,.:;=?@\[\]^_{|}~-]{6,170}")
_NUMBERED_NAME = re.compile(r"/([0-9]{1,18})(?:\.\w{1,5})?(?:[?#].*)?$", re.A)
_REACTIONS = ("likeCount", "heartCount", "laughCount", "cryCount")
_TYPES_BY_EXTENSION = {"mp4": "video", "webm": "video", "mp3": "audio"}


@dataclass(frozen=True)
class Version:
    """A version of a model on Civitai.

    files: the names (without extension) and hashes of the version's files in lower case, by which
    an image's metadata may refer to the version. size: in bytes, of the file that is downloaded by
    default; 0 if unknown. access: who may download the version: "" (everybody), `early_access`
    (only buyers, until `deadline`), `generation_only` (nobody: the model is only for Civitai's own
    generator) or `archived` (nobody); its owner, buyers and members are not told apart from others.
    deadline: the ISO 8601 date at which early access ends, "" if that is unknown or never. level:
    bit mask of the browsing levels of its images, 0 if unknown. record: the version's JSON from
    Civitai.
    """

    id: int
    name: str
    model_id: int | None = None
    model_name: str = ""
    base_model: str = ""
    trained_words: tuple[str, ...] = ()
    files: frozenset[str] = frozenset()
    size: int = 0
    model_type: str = ""
    access: str = ""
    deadline: str = ""
    level: int = 0
    record: Mapping[str, Any] = field(default_factory=dict, repr=False, compare=False)

    @property
    def remote_files(self) -> tuple[RemoteFile, ...]:
        """Return the version's files, in Civitai's order."""
        return parse_files(self.record)

    @property
    def has_hashes(self) -> bool:
        """Return whether the version has model files, and Civitai knows the SHA256 of each."""
        known = [file.sha256 for file in self.remote_files if file.has_model_extension]
        return bool(known) and all(known)

    @property
    def is_offered_to_all(self) -> bool:
        """Return whether the record says that everybody may download the version's files.

        Return False for a version in the record of a model, which does not tell `usageControl`.
        """
        is_told = "usageControl" in self.record
        return is_told and not self.access and bool(self.remote_files)


@dataclass(frozen=True)
class Model:
    """A model on Civitai.

    creator: "" for Civitai's own account. versions: in the creator's order, normally newest first.
    cover: the first example image of an allowed browsing level; only `search_models` sets it.
    level: bit mask of the browsing levels of its images, 0 if unknown. record: the model's JSON
    from Civitai.
    """

    id: int
    name: str
    type: str = ""
    creator: str = ""
    description_text: str = ""
    tags: tuple[str, ...] = ()
    versions: tuple[Version, ...] = ()
    cover: Image | None = None
    level: int = 0
    record: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def licence(self) -> Licence:
        """Return what the model's creator permits."""
        return parse_licence(self.record)

    @property
    def base_models(self) -> tuple[str, ...]:
        """Return the base models of all versions, without duplicates."""
        return tuple(dict.fromkeys(v.base_model for v in self.versions if v.base_model))


@dataclass(frozen=True)
class Post:
    """A post: images that somebody published together.

    title, text, user: "" if unknown. ids: of the first 100 images that Civitai shows to everybody,
    in the uploader's order.
    """

    id: int
    title: str
    text: str
    user: str
    ids: tuple[int, ...]


def page_from_json(body: Any, query: ImageQuery) -> Page:
    """Parse a response of `GET /images`; put the images that match the query into `Page.images`.

    Images whose URL may not be fetched are only counted. Raises InvalidResponse if the response is
    not a page of images.
    """
    rows = _require_items(body, "a page of images")[:_MAX_ENTRIES]
    found = [image_from_json(row) for row in rows]
    images = [image for image in found if image is not None]
    page = select_images(images, query)
    return replace(page, next_cursor=_parse_next_cursor(body), dropped=len(rows) - len(images))


def select_images(images: Sequence[Image], query: ImageQuery) -> Page:
    """Return a page of those images that match the filters of a query, and the others' ids."""
    matching = [image for image in images if _matches_query(image, query)]
    wanted = tuple(image for image in matching if image.meta or not query.with_meta)
    ids = {image.id for image in wanted}
    others = tuple(image.id for image in images if image.id not in ids)
    return Page(wanted, other_ids=others, without_data=len(matching) - len(wanted))


def models_from_json(body: Any, level: int = 0) -> tuple[tuple[Model, ...], str | None]:
    """Parse a response of `GET /models`; return (models, cursor of the next page, None at the end).

    Models that are invalid or nested too deeply to be stored are left out. level: bit mask of the
    browsing levels that a model's cover image may have, 0 for no covers. Raises InvalidResponse if
    the response is not a list of models, or if all of its models are invalid.
    """
    found: dict[int, Model] = {}
    rows = _require_items(body, "a list of models")[:_MAX_ENTRIES]
    for row in rows:
        if _is_record(row) and not is_deeply_nested(row):
            # A row without versions would count as a version.
            cover = find_example_image({"modelVersions": None, **row}, level) if level else None
            model = _parse_model(row, cover)
            found[model.id] = model
    if rows and not found:
        raise InvalidResponse("Civitai sent no model that can be read.")
    return tuple(found.values()), _parse_next_cursor(body)


def model_from_json(body: Any) -> Model:
    """Parse a response of `GET /models/<id>`; the model's `cover` is None.

    Raises InvalidResponse if the response is not a model, or is nested too deeply to be stored.
    """
    return _parse_model(_require_record(body, "a model"))


def version_from_json(body: Any) -> Version:
    """Parse a response of `GET /model-versions/<id>`.

    Raises InvalidResponse if the response is not a version, or is nested too deeply to be stored.
    """
    body = _require_record(body, "a model version")
    return _parse_version(body, as_id(body.get("modelId")), as_mapping(body.get("model")))


def post_from_json(body: Any) -> Post:
    """Parse a response of `GET /posts/<id>`; raise InvalidResponse if it is not a post."""
    body = _require_record(body, "a post")
    ids = (as_id(as_mapping(row).get("id")) for row in _as_entries(body.get("images")))
    return Post(
        id=as_id(body["id"]) or 0,
        title=clean_line(body.get("title")),
        text=html_to_text(body.get("detail")),
        user=_parse_username(as_mapping(body.get("user")).get("username")),
        ids=tuple(dict.fromkeys(image_id for image_id in ids if image_id is not None)),
    )


def username_from_json(body: Any) -> str:
    """Return the user's name in a response of `GET /me`; raise InvalidResponse if it is missing."""
    return clean_line(_require_record(body, "a user").get("username"), 60)


def image_from_json(row: Any, default_level: int = 1) -> Image | None:
    """Parse an image's JSON; return None if it has no id, no allowed URL, or is nested too deeply.

    default_level: the browsing level of an image without a rating; 1 is PG.
    """
    row = as_mapping(row)
    if row.get("hasMeta") is False:  # its owner hides the metadata, whatever else is sent
        row = {**row, "meta": None}
    url = row.get("url")
    if not isinstance(url, str) or not is_allowed_url(url) or is_deeply_nested(row):
        return None
    numbered = _NUMBERED_NAME.search(url)
    image_id = as_whole_number(row.get("id"), 1) or as_whole_number(numbered and numbered[1], 1)
    if image_id is None:
        return None
    ids = (as_id(entry) for entry in _as_entries(row.get("modelVersionIds")))
    blurhash, stats = row.get("hash"), as_mapping(row.get("stats"))
    return Image(
        id=image_id,
        url=url,
        type=_parse_type(row.get("type"), url),
        width=as_whole_number(row.get("width"), 0, _MAX_PIXELS) or 0,
        height=as_whole_number(row.get("height"), 0, _MAX_PIXELS) or 0,
        level=_parse_level(row, default_level),
        hash=blurhash if isinstance(blurhash, str) and _BLURHASH.fullmatch(blurhash) else "",
        created_at=clean_date(row.get("createdAt")),
        post_id=as_whole_number(row.get("postId"), 1),
        username=_parse_username(row.get("username")),
        base_model=clean_line(row.get("baseModel"), 100),
        version_ids=tuple(dict.fromkeys(entry for entry in ids if entry is not None)),
        reactions=ReactionCounts(*(as_whole_number(stats.get(n)) or 0 for n in _REACTIONS)),
        meta=unwrap_meta(row.get("meta")) or None,
        tags=_parse_tags(row.get("tags")),
        record=row,
    )


def _is_record(row: Any) -> bool:
    return isinstance(row, dict) and as_id(row.get("id")) is not None


def _parse_model(row: Mapping[str, Any], cover: Image | None = None) -> Model:
    model_id = as_id(row["id"]) or 0
    return Model(
        id=model_id,
        name=clean_line(row.get("name")) or f"Model {model_id}",
        type=clean_line(row.get("type"), 40),
        creator=_parse_username(as_mapping(row.get("creator")).get("username")),
        description_text=html_to_text(row.get("description")),
        tags=clean_lines(row.get("tags"), 60),
        versions=tuple(_parse_version(entry, model_id, row) for entry in _iter_version_rows(row)),
        cover=cover,
        level=as_whole_number(row.get("nsfwLevel"), 0, 63) or 0,
        record=row,
    )


def _iter_version_rows(row: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    return filter(_is_record, _as_entries(row.get("modelVersions")))


def _parse_version(
    row: Mapping[str, Any], model_id: int | None, model: Mapping[str, Any]
) -> Version:
    version_id, files = as_id(row["id"]) or 0, list(map(as_mapping, _as_entries(row.get("files"))))
    access, deadline = parse_access(row, model)
    # The file that Civitai downloads by default is marked, or else the first.
    marked = [file for file in files if file.get("primary") is True]
    usual = next(iter([*marked, *files]), {})
    names = (model_file_stem(clean_line(file.get("name"), _MAX_NAME)) for file in files)
    codes = (code for file in files for code in _read_hashes(file.get("hashes")).values())
    return Version(
        id=version_id,
        name=clean_line(row.get("name")) or f"Version {version_id}",
        model_id=model_id,
        model_name=clean_line(model.get("name")),
        base_model=clean_line(row.get("baseModel"), 100),
        trained_words=clean_lines(row.get("trainedWords"), 500),
        files=frozenset(filter(None, (*map(str.lower, names), *codes))),
        size=_parse_size(usual.get("sizeKB")),
        model_type=clean_line(model.get("type"), 40),
        access=access,
        deadline=deadline,
        level=as_whole_number(row.get("nsfwLevel"), 0, 63) or 0,
        record=row,
    )


def find_example_image(record: Mapping[str, Any], level: int) -> Image | None:
    """Return the first example image of a model or version, or the first video if it has no image.

    record: the JSON of the model or the version. level: bit mask of the allowed browsing levels; an
    image without a rating counts as XXX. Return None if no image or video has an allowed level.
    """
    model = record if "modelVersions" in record else {"modelVersions": [record]}
    versions = _iter_version_rows(model)
    rows = (entry for version in versions for entry in _as_entries(version.get("images")))
    images = (image_from_json(entry, default_level=_HIGHEST) for entry in rows)
    query = ImageQuery(level=level)
    found = [image for image in images if image is not None and _matches_query(image, query)]
    return next((image for image in found if image.type == "image"), next(iter(found), None))


def _matches_query(image: Image, query: ImageQuery) -> bool:
    has_type = image.type == query.type if query.type else image.type != "audio"
    # Of galleries, Civitai sends only what has the base models.
    bases = query.base_models if query.images else ()
    has_base = not bases or image.base_model in bases
    return has_type and has_base and bool(image.level & query.level & ~32)  # blocked


def _require_record(body: Any, what: str) -> Mapping[str, Any]:
    if not _is_record(body) or is_deeply_nested(body):
        raise InvalidResponse(_error_message(body, what))
    return as_mapping(body)


def _require_items(body: Any, what: str) -> list[Any]:
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list):
        raise InvalidResponse(_error_message(body, what))
    return items


def _as_entries(value: Any) -> Sequence[Any]:
    return as_list(value)[:_MAX_ENTRIES]


def _error_message(body: Any, what: str) -> str:
    error = as_mapping(body).get("error", as_mapping(body).get("message"))
    reason = clean_line(error) or clean_line(as_mapping(error).get("message"))
    return f"Civitai did not send {what}{f', but says: {reason}' if reason else ''}."


def _parse_next_cursor(body: Mapping[str, Any]) -> str | None:
    cursor = as_mapping(body.get("metadata")).get("nextCursor")
    if cursor is None or cursor == "":
        return None
    number = as_whole_number(cursor)
    text = str(number) if isinstance(cursor, (int, float)) and number is not None else cursor
    if not isinstance(text, str) or len(text) > 4_000 or not text.isprintable():
        raise InvalidResponse("Civitai's response has no valid position of the next page.")
    return text


def _parse_level(row: Mapping[str, Any], default: int) -> int:
    for name in ("browsingLevel", "nsfwLevel", "nsfw"):
        value = row.get(name)
        if isinstance(value, bool):
            return _HIGHEST if value else 1
        if isinstance(value, str) and value.lower() in _OLD_LEVELS:
            return _OLD_LEVELS[value.lower()]
        mask = as_whole_number(value, 0, 63)
        if mask:
            return 1 << (mask.bit_length() - 1)
        if value is not None and mask is None:
            return _HIGHEST
    return default


def _parse_type(value: Any, url: str) -> str:
    if isinstance(value, str) and value in ("image", "video", "audio"):
        return value
    extension = re.split(r"[?#]", url, maxsplit=1)[0].rpartition(".")[2].lower()
    return _TYPES_BY_EXTENSION.get(extension, "image")


def _parse_tags(value: Any) -> tuple[Tag, ...] | None:
    """Return the tags of an image without duplicates, None if the value is no list."""
    if not isinstance(value, list):
        return None
    rows = map(as_mapping, value[:100])  # most images have about twenty
    tags = (Tag(as_id(row.get("id")) or 0, clean_line(row.get("name"), 100)) for row in rows)
    return tuple({tag.id: tag for tag in tags if tag.id and tag.name}.values())


def _parse_username(value: Any) -> str:
    name = clean_line(value, 60)
    return "" if name == "unknown" else name  # "unknown": a deleted user


def count_unrelated(images: Iterable[Image], version_ids: Collection[int]) -> int:
    """Count the images that list versions, but none of `version_ids`; 0 if that is empty."""
    listing = [image for image in images if image.version_ids and version_ids]
    return sum(set(image.version_ids).isdisjoint(version_ids) for image in listing)


def seem_unrelated(images: Iterable[Image], version_ids: Collection[int]) -> bool:
    """Return whether fewer than a tenth of the images were made with the versions `version_ids`.

    Only images whose records list their versions are considered. Return False if there are fewer
    than 10 of these, or if `version_ids` is empty.
    """
    listing = [image for image in images if image.version_ids]
    related = len(listing) - count_unrelated(listing, version_ids)
    return bool(version_ids) and len(listing) >= 10 and related < 0.1 * len(listing)
