"""Generation data as Civitai's records have it, from an infotext. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ..core import as_list, as_mapping
from .infotext_format import parse_infotext

__all__ = ["build_metadata"]

_HASHES = re.compile(
    r"(?<![^,:])\s*([^,:\s][^,:]{0,199}):\s*((?:0x)?[0-9a-fA-F]{4,64})(?=\s*(?:,|$))"
)
_DECODER = json.JSONDecoder()


def build_metadata(infotext: str) -> dict[str, Any]:
    """Return the generation data in an infotext, in the form of Civitai's `meta`.

    Its keys are the names of the parameters, and `prompt`, `negativePrompt`, `hashes` (of models),
    `civitaiResources` (models with their ids on Civitai) and `extra` (the request to Civitai's
    generator).
    """
    read = parse_infotext(infotext)
    meta: dict[str, Any] = {"prompt": read.prompt, "negativePrompt": read.negative_prompt}
    meta |= read.parameters
    meta["hashes"] = dict(_iter_hashes(read.parameters))
    meta["civitaiResources"] = as_list(_find_json(infotext, "Civitai resources: "))
    meta["extra"] = as_mapping(_find_json(infotext, "Civitai metadata: "))
    return meta


def _find_json(infotext: str, label: str) -> Any:
    """Return the JSON after a label in an infotext's last line, None if there is none.

    Such JSON is unquoted, so that a parameter's value is only the beginning of it.
    """
    line = infotext.rstrip().rpartition("\n")[2]
    start = line.find(label)
    try:
        return _DECODER.raw_decode(line, start + len(label))[0] if start >= 0 else None
    except (ValueError, RecursionError):
        return None


def _iter_hashes(parameters: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Yield pairs such as ("lora:style", hash) for the hashes of models in an infotext."""
    yield from as_mapping(_parse_json(parameters.get("Hashes"))).items()
    for key, kind in (("Lora hashes", "lora"), ("TI hashes", "embed")):
        for name, code in _HASHES.findall(parameters.get(key, "")):
            yield f"{kind}:{name.strip()}", code


def _parse_json(text: str | None) -> Any:
    try:
        return json.loads(text or "null")
    except (ValueError, RecursionError):
        return None
