"""Generation parameters of an API record as infotext."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import as_text, clean, Image, mapping
from .civitai_generator import in_webui_terms
from .comfy import loaded, read_graph
from .lora_tags import lacking_tags
from .normalize import with_host_names
from .parameters import mangled_names, parameters
from .text import compose

__all__ = ["added_lora_tags", "infotext", "left_out", "recorded_workflow"]

_MAX_PROMPT = 100_000  # characters


def infotext(
    meta: Mapping[str, Any] | None, image: Image | None = None, *, adds_lora_tags: bool = True
) -> str:
    """The infotext of a record's `meta` (flat, or wrapped as {id, meta}); "" if it says nothing.

    `image`, the record's own, tells the base model, and lends its id, base model and post where a
    parameter line would be too short for a WebUI to see it (see `compose`); never its size, which
    may be upscaled. `adds_lora_tags`: with `added_lora_tags` at the prompt's end.
    """
    record = _record(meta, image)
    prompt, negative_prompt = _prompt(record.get("prompt")), _prompt(record.get("negativePrompt"))
    written = parameters(record)
    if adds_lora_tags and (prompt or any(written.values())):
        prompt = " ".join(part for part in (prompt.rstrip(), *lacking_tags(record)) if part)
    return compose(prompt, negative_prompt, written, _origin(image) if image else ())


def added_lora_tags(meta: Mapping[str, Any] | None, image: Image | None = None) -> tuple[str, ...]:
    """The tags in the record's infotext that are not its maker's words: see `lacking_tags`."""
    return lacking_tags(_record(meta, image))


def left_out(meta: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Which of the record's parameters are not in its infotext: see `mangled_names`."""
    return mangled_names(_unwrapped(meta))


def recorded_workflow(meta: Mapping[str, Any] | None) -> str:
    """ComfyUI's workflow in a record, or at least its graph, as the JSON text that is dropped on
    the editor; "" for none."""
    comfy = mapping(loaded(_unwrapped(meta).get("comfy")))
    workflow, graph = (mapping(loaded(comfy.get(name))) for name in ("workflow", "prompt"))
    for found in (workflow if "nodes" in workflow else {}, graph):
        if found:  # once more through `loaded`: NaN is none of a browser's JSON
            return json.dumps(loaded(json.dumps(found)), ensure_ascii=False)
    return ""


def _record(meta: object, image: Image | None) -> Mapping[str, Any]:
    named = with_host_names(_with_graph(_unwrapped(meta)))
    return in_webui_terms(named, image.base_model if image else "")


def _unwrapped(meta: object) -> Mapping[str, Any]:
    for _ in range(2):
        if isinstance(meta, Mapping) and "meta" in meta and {"id", "meta"}.issuperset(meta):
            meta = meta["meta"]
    return meta if isinstance(meta, Mapping) else {}


def _with_graph(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """`meta`, with what its ComfyUI graph says in the place of what it does not say itself."""
    if "comfy" not in meta:
        return meta
    graph = read_graph(meta["comfy"])
    if _prompt(meta.get("prompt")):
        graph.pop("negativePrompt", None)
    said = {key: value for key, value in meta.items() if key not in graph or as_text(value)}
    return {**graph, **said}


def _prompt(value: object) -> str:
    return clean(value[:_MAX_PROMPT]) if isinstance(value, str) else ""


def _origin(image: Image) -> Iterable[tuple[str, str]]:
    yield "Image id", as_text(image.id)
    yield "Base model", as_text(image.base_model)
    yield "Post id", as_text(image.post_id)
