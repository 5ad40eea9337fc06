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
_RESOURCES = re.compile(r"Civitai resources: (\[\{(?:[^\]C]|C(?!ivitai resources: )){0,20000}\}\])")


def build_metadata(infotext: str) -> dict[str, Any]:
    """Return the generation data in an infotext, in the form of Civitai's `meta`.

    Its keys are the names of the parameters, and `prompt`, `negativePrompt`, `hashes` (of models)
    and `civitaiResources` (models with their ids on Civitai).
    """
    read = parse_infotext(infotext)
    meta: dict[str, Any] = {"prompt": read.prompt, "negativePrompt": read.negative_prompt}
    meta |= read.parameters
    meta["hashes"] = dict(_iter_hashes(read.parameters))
    resources = _RESOURCES.search(infotext)  # unquoted, so that the parameters have a piece of it
    meta["civitaiResources"] = as_list(_parse_json(resources[1] if resources else None))
    return meta


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
