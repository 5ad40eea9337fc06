"""How an image was made, in a few words: what a tile shows of it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..core import as_text, as_whole_number, clean_line
from .civitai_generator import drop_placeholders
from .resources import list_resources
from .samplers import translate_sampler

__all__ = ["Summary", "summarize"]

_MAX_PROMPT = 56  # bytes of UTF-8: what a page of a gallery can carry of each image
_MAX_READ = 1000  # characters of a prompt that are read for that
_MAX_SAMPLER = 24
_MAX_STEPS = 10_000
_LORA_TAG = re.compile(r"<[^<>]{0,300}>")


class Summary(NamedTuple):
    """How an image was made, in short; an unknown text is "", an unknown number 0.

    prompt: its beginning, without LoRA tags. sampler: with the schedule.
    """

    prompt: str
    steps: int
    sampler: str
    lora_count: int


def summarize(meta: Mapping[str, Any] | None) -> Summary | None:
    """Return a summary of an image's generation data, None if there is no data.

    Values in a ComfyUI graph are not read, since that would take too long for a page of images.
    """
    if not meta:
        return None
    meta = drop_placeholders(meta)
    prompt, sampler = meta.get("prompt"), meta.get("sampler")
    sampler = clean_line(as_text(sampler) if isinstance(sampler, str) else "", _MAX_SAMPLER)
    text = _LORA_TAG.sub(" ", prompt[:_MAX_READ] if isinstance(prompt, str) else "")
    text = clean_line(" ".join(text.split()).lstrip(" ,"))
    return Summary(
        text.encode()[:_MAX_PROMPT].decode("utf-8", "ignore"),
        as_whole_number(meta.get("steps"), 0, _MAX_STEPS) or 0,
        " ".join(filter(None, translate_sampler(sampler))),
        sum(resource.type == "lora" for resource in list_resources(meta)),
    )
