"""The infotext of an API record's generation parameters."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from ..core import as_mapping, as_text, clean_text, Image
from .civitai_generator import convert_generator_data
from .comfy import load_json, read_graph
from .lora_tags import list_missing_lora_tags
from .parameter_names import translate_parameters
from .parameters import build_webui_parameters, find_mangled_names
from .infotext_format import compose_infotext

__all__ = ["build_infotext", "find_workflow", "list_added_lora_tags", "list_omitted_parameters"]

_MAX_PROMPT = 100_000  # characters


def build_infotext(
    meta: Mapping[str, Any] | None, image: Image | None = None, *, adds_lora_tags: bool = True
) -> str:
    """Return the infotext for an image's generation data, "" if there is no data.

    meta: the data in the form of Civitai's `meta`, or wrapped as `{id, meta}`. image: the image, if
    known; its base model and ids supplement the data. adds_lora_tags: whether to append a tag to
    the prompt for each LoRA that the data lists but the prompts do not name.
    """
    # The record's image size is not used: the image may have been enlarged after its generation.
    record = _build_record(meta, image)
    prompt, negative_prompt = (_clean_prompt(record.get(k)) for k in ("prompt", "negativePrompt"))
    parameters = build_webui_parameters(record)
    if adds_lora_tags and (prompt or any(parameters.values())):
        prompt = " ".join(
            part for part in (prompt.rstrip(), *list_missing_lora_tags(record)) if part
        )
    padding = _iter_origin_parameters(image) if image else ()  # so that a WebUI recognises the text
    return compose_infotext(prompt, negative_prompt, parameters, padding)


def list_added_lora_tags(
    meta: Mapping[str, Any] | None, image: Image | None = None
) -> tuple[str, ...]:
    """Return the LoRA tags that an image's infotext has in addition to the image's own prompt."""
    return list_missing_lora_tags(_build_record(meta, image))


def list_omitted_parameters(meta: Mapping[str, Any] | None) -> tuple[str, ...]:
    """Return the names of the damaged parameters, which are left out of an image's infotext."""
    return find_mangled_names(_unwrap_meta(meta))


def find_workflow(meta: Mapping[str, Any] | None) -> str:
    """Return the ComfyUI workflow in an image's generation data, as JSON for ComfyUI's editor.

    If there is no workflow, return the graph in API format, or "" if there is no graph either.
    """
    comfy = as_mapping(load_json(_unwrap_meta(meta).get("comfy")))
    workflow, graph = (as_mapping(load_json(comfy.get(name))) for name in ("workflow", "prompt"))
    for found in (workflow if "nodes" in workflow else {}, graph):
        if found:  # `load_json` removes NaN, which browsers do not parse
            return json.dumps(load_json(json.dumps(found)), ensure_ascii=False)
    return ""


def _build_record(meta: object, image: Image | None) -> Mapping[str, Any]:
    translated = translate_parameters(_merge_graph(_unwrap_meta(meta)))
    return convert_generator_data(translated, image.base_model if image else "")


def _unwrap_meta(meta: object) -> Mapping[str, Any]:
    for _ in range(2):
        if isinstance(meta, Mapping) and "meta" in meta and {"id", "meta"}.issuperset(meta):
            meta = meta["meta"]
    return meta if isinstance(meta, Mapping) else {}


def _merge_graph(meta: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return generation data with its missing values added from its ComfyUI graph.

    A negative prompt is added only if the data has no prompt.
    """
    if "comfy" not in meta:
        return meta
    graph = read_graph(meta["comfy"])
    if _clean_prompt(meta.get("prompt")):
        graph.pop("negativePrompt", None)
    known = {key: value for key, value in meta.items() if key not in graph or as_text(value)}
    return {**graph, **known}


def _clean_prompt(value: object) -> str:
    return clean_text(value[:_MAX_PROMPT]) if isinstance(value, str) else ""


def _iter_origin_parameters(image: Image) -> Iterable[tuple[str, str]]:
    yield "Image id", as_text(image.id)
    yield "Base model", as_text(image.base_model)
    yield "Post id", as_text(image.post_id)
