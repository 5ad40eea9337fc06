"""How an image was made, read from its file."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import BinaryIO

from ...core import as_mapping, as_text, clean_text, detect_media_extension, open_to_read
from ...errors import DiskError, TooLarge
from ..comfy import estimate_parsed_size, load_json, MAX_PARSED
from ..infotext_format import Infotext, join_quoted_lines, parse_infotext
from ..metadata_to_infotext import build_infotext, translate_infotext
from .boxes import iter_heif_texts, iter_jpeg_xl_texts, iter_matroska_texts, iter_mp4_texts
from .file_parts import Budget, Texts
from .image_texts import iter_chunk_texts, iter_gif_texts, iter_jpeg_texts, iter_xmp_texts
from .program_tables import read_program, read_texts
from .program_values import read_dream, read_midjourney


def read_embedded_texts(file: str | BinaryIO) -> dict[str, str]:
    """Return {name: text} for the texts that programs have stored in an image or video file.

    "UserComment" is EXIF's user comment, "XMP" the XMP packet, "C2PA" the program named in the
    Content Credentials; "EXIF" marks EXIF data that was not read or that image libraries cannot
    read safely. file: its path, or the open file. Return {} if it is damaged or of another type.
    Raises DiskError.
    """
    try:
        with open_to_read(file) if isinstance(file, str) else nullcontext(file) as opened:
            opened.seek(0)
            start = opened.read(16)
            read = _READERS.get(detect_media_extension(start) or "")
            if start.startswith(b"\0\0\0\x0cJXL \r\n\x87\n"):  # a WebUI may write JPEG XL
                read = iter_jpeg_xl_texts
            texts: dict[str, str] = {}
            # A ComfyUI graph has some hundred thousand bytes; a PNG of 200 MB in the usual chunks
            # of 8 KB has 25,000 parts.
            budget = Budget(4_000_000, 100_000)
            for name, text in read(opened, budget) if read else ():
                if text.strip("\0 \n"):
                    texts.setdefault(name, text)
            return texts
    except OSError as error:
        raise DiskError(f"{file} cannot be read: {error.strerror or error}.") from error


def has_overlapping_exif(file: str | BinaryIO) -> bool:
    """Return whether an image library might run out of memory on the EXIF data of a file.

    It might if many tags share the same bytes, which the library copies for each tag, or if some of
    the data was not read here. file: its path, or the open file. Raises DiskError if the file
    cannot be read.
    """
    return "EXIF" in read_embedded_texts(file)


_READERS: dict[str, Callable[[BinaryIO, Budget], Texts]] = {
    "avif": iter_heif_texts,
    "gif": iter_gif_texts,
    "heic": iter_heif_texts,
    "jpg": iter_jpeg_texts,
    "mp4": iter_mp4_texts,
    "png": iter_chunk_texts,
    "webm": iter_matroska_texts,
    "webp": iter_chunk_texts,
}


# The texts that may be an infotext, or JSON that a program has written, the most reliable first.
_INFOTEXTS = (
    *("parameters", "UserComment", "Comment", "Description", "XPComment"),
    *("XMP comment", "XMP description"),
)
_JSON_TEXTS = (
    *("parameters-json", "generation_data", *_INFOTEXTS[:2], "invokeai_metadata", "sd-metadata"),
    *(*_INFOTEXTS[2:], "metadata"),
)
_JSON_FIRST = ("Stability Matrix", "TensorArt", "Draw Things")  # their other texts have less
_PROMPT_FORMATS = (  # a single text of a program's own form
    ("Dream", "InvokeAI", read_dream),
    ("Description", "Midjourney", read_midjourney),
    ("XMP description", "Midjourney", read_midjourney),
)
_VERSIONS = (  # the start of a WebUI's `Version`
    ("ComfyUI", "ComfyUI"),
    ("neo", "Forge Neo"),
    ("classic", "Forge Classic"),
    (r"f1\.0\.\d+v2", "reForge"),
    (r"f\d", "Forge"),
    (r"v?1\.\d", "AUTOMATIC1111"),
    ("Fooocus", "Fooocus"),
    (r"stable-diffusion\.cpp", "stable-diffusion.cpp"),
)


@dataclass(frozen=True)
class EmbeddedData:
    """How an image was made, as its file states it; "" for what the file does not state.

    program: name of the program that made the image. workflow: the ComfyUI workflow, as JSON that
    ComfyUI's editor accepts. credentials: name of the program in the Content Credentials (C2PA),
    set only if nothing else was found.
    """

    infotext: str = ""
    program: str = ""
    workflow: str = ""
    credentials: str = ""


def read_embedded(file: str | BinaryIO) -> EmbeddedData:
    """Read the generation data that any program has embedded in an image or video file.

    file: its path, or the open file. Raises DiskError if the file cannot be read, and TooLarge if
    the texts in the file need more memory than there is.
    """
    try:
        texts = read_embedded_texts(file)
        texts = {**dict(iter_xmp_texts(texts.get("XMP", ""))), **texts}
        documents = list(_iter_documents(texts))
        stated = (texts.get("workflow"), *(data.get("workflow") for data in documents))
        workflow = next((one for one in stated if "nodes" in as_mapping(load_json(one))), "")
        if not isinstance(workflow, str):
            workflow = json.dumps(workflow, ensure_ascii=False)
        for program, infotext in _iter_infotexts(texts, documents):
            if infotext:
                return EmbeddedData(infotext, program, workflow)
        if "prompt" in texts or workflow:
            return EmbeddedData("", "ComfyUI", workflow)
        return EmbeddedData(credentials=texts.get("C2PA", ""))
    except MemoryError as error:
        raise TooLarge(f"There is too little memory to read {file}.") from error


def _iter_infotexts(
    texts: Mapping[str, str], documents: list[Mapping[str, object]]
) -> Iterator[tuple[str, str]]:
    """Yield (program or "", infotext or "") for each text or record, the most reliable first."""
    known = (read_texts(texts), *(read_program(data, texts) for data in documents))
    records = [each for each in known if each]
    for program, record in records:
        if program in _JSON_FIRST:
            yield program, build_infotext(record)
    graph = {name: texts[name] for name in ("prompt", "workflow") if name in texts}
    for name in _INFOTEXTS:
        text = _get_infotext(texts, name)
        read = parse_infotext(text)
        if read.parameters and not isinstance(load_json(text), Mapping):
            names = (read.parameters.get(key, "") for key in ("Model", "Model name"))
            is_placeholder = any(text.lower() == "unknown" for text in (read.prompt, *names))
            if graph and is_placeholder:  # as some ComfyUI nodes write it
                yield "ComfyUI", build_infotext({"comfy": graph})
            yield _identify_webui(read), translate_infotext(text)
    for program, record in records:
        yield program, build_infotext(record)
    for name, program, read_text in _PROMPT_FORMATS:
        yield program, build_infotext(read_text(_get_infotext(texts, name)))
    yield "ComfyUI", build_infotext({"comfy": graph})
    text = _get_infotext(texts, "parameters")
    if not isinstance(load_json(text), (Mapping, list)):  # a prompt alone
        yield "", text


def _get_infotext(texts: Mapping[str, str], name: str) -> str:
    text = texts.get(name, "")
    # Real infotexts have some thousand characters.
    return join_quoted_lines(clean_text(text).strip()) if len(text) <= 300_000 else ""


def _iter_documents(texts: Mapping[str, str]) -> Iterator[Mapping[str, object]]:
    """Yield each text that is a JSON object, parsed."""
    left = MAX_PARSED
    for name in _JSON_TEXTS:
        text = texts.get(name, "").strip("\0 \n")
        size = estimate_parsed_size(text)
        if text[:1] + text[-1:] in ("{}", '""') and size <= left:
            left -= size
            data = load_json(text)
            data = load_json(data) if isinstance(data, str) else data  # JSON in a JSON string
            if isinstance(data, Mapping):
                yield data


def _identify_webui(infotext: Infotext) -> str:
    if any(key.startswith("Civitai ") for key in infotext.parameters):
        return "Civitai"
    if infotext.parameters.get("App"):
        return as_text(infotext.parameters["App"])
    version = infotext.parameters.get("Version", "")
    return next((name for pattern, name in _VERSIONS if re.match(pattern, version)), "")
