"""What a file tells of its making: as infotext, with the program that made it."""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ...ground import as_text, clean, mapping
from ..comfy import loaded
from ..foreign import in_host_words
from ..metadata import infotext
from ..text import Infotext, missing_values, parse_infotext
from .programs import read_dream, read_program, read_texts
from .texts import embedded_texts

__all__ = ["Embedded", "embedded"]

_JSON_TEXTS = ("parameters-json", "generation_data", "parameters", "UserComment")
_JSON_TEXTS += ("invokeai_metadata", "sd-metadata", "Comment", "Description")
_SUMMARIZED = ("Stability Matrix", "TensorArt")  # their infotext or graph tells less than the JSON
_INFOTEXTS = ("parameters", "UserComment", "Comment", "Description")
_VERSIONS = (  # how a WebUI's `Version` begins
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
class Embedded:
    """What a file tells; all of it is "" or () where it tells nothing.

    program: its name as people know it. workflow: ComfyUI's, the JSON text as it is dropped on
    the editor. missing: which main parameters the infotext lacks (see `missing_values`).
    """

    infotext: str = ""
    program: str = ""
    workflow: str = ""
    missing: tuple[str, ...] = ()


def embedded(path: str) -> Embedded:
    """Raises DiskError when the file cannot be read."""
    texts = embedded_texts(path)
    documents = [data for data in map(loaded, _json_texts(texts)) if isinstance(data, Mapping)]
    workflow = _workflow(texts, documents)
    for program, written in _readings(texts, documents):
        if written:
            return Embedded(written, program, workflow, missing_values(written))
    has_graph = "prompt" in texts or bool(workflow)
    return Embedded("", "ComfyUI", workflow, missing_values("")) if has_graph else Embedded()


def _readings(
    texts: Mapping[str, str], documents: list[Mapping[str, object]]
) -> Iterator[tuple[str, str]]:
    """Programs and infotexts, the likeliest first; some are empty."""
    known = (read_texts(texts), *(read_program(data, texts) for data in documents))
    records = [each for each in known if each]
    for program, record in records:
        if program in _SUMMARIZED:
            yield program, infotext(record)
    graph = {name: texts[name] for name in ("prompt", "workflow") if name in texts}
    for name in _INFOTEXTS:
        text = clean(texts.get(name, "")).strip()
        read = parse_infotext(text)
        if read.parameters and not isinstance(loaded(text), Mapping):
            if graph and _is_placeholder(read):
                yield "ComfyUI", infotext({"comfy": graph})
            yield _webui(read), in_host_words(text)
    for program, record in records:
        yield program, infotext(record)
    yield "InvokeAI", infotext(read_dream(texts.get("Dream", "")))
    yield "ComfyUI", infotext({"comfy": graph})
    text = clean(texts.get("parameters", "")).strip()
    if not isinstance(loaded(text), (Mapping, list)):  # a prompt alone
        yield "", text


def _is_placeholder(read: Infotext) -> bool:
    """Return whether a node of ComfyUI wrote its own defaults, since nobody told it more."""
    named = (read.prompt, read.parameters.get("Model", ""), read.parameters.get("Model name", ""))
    return any(name.lower() == "unknown" for name in named)


def _json_texts(texts: Mapping[str, str]) -> Iterator[str]:
    for name in _JSON_TEXTS:
        text = texts.get(name, "").strip("\0 \n")
        if text.startswith("{") and text.endswith("}"):
            yield text
    yield _xmp_comment(texts.get("XMP", ""))


def _xmp_comment(packet: str) -> str:
    """The user's comment in an XMP packet, where Draw Things puts its JSON."""
    start = packet.find("<exif:UserComment")
    end = packet.find("</exif:UserComment>", start)
    return html.unescape(re.sub(r"<[^<>]*>", "", packet[start:end])).strip() if start >= 0 else ""


def _workflow(texts: Mapping[str, str], documents: list[Mapping[str, object]]) -> str:
    """That beside the picture or in a video's comment, if it is one."""
    for stated in (texts.get("workflow"), *(data.get("workflow") for data in documents)):
        if "nodes" in mapping(loaded(stated)):
            return stated if isinstance(stated, str) else json.dumps(stated, ensure_ascii=False)
    return ""


def _webui(read: Infotext) -> str:
    """Which of the WebUIs it is by; "" for one that does not say."""
    if any(key.startswith("Civitai ") for key in read.parameters):
        return "Civitai"
    if read.parameters.get("App"):
        return as_text(read.parameters["App"])
    version = read.parameters.get("Version", "")
    return next((name for pattern, name in _VERSIONS if re.match(pattern, version)), "")
