"""The program that wrote a JSON object or a file's texts, and the record in them. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from ....core import as_list, as_mapping
from ...comfy import load_json
from .converters import Data, find_value, Record
from .tables import Program, PROGRAMS

__all__ = ["read_program", "read_texts"]


def read_program(data: object, texts: Mapping[str, str]) -> tuple[str, Record] | None:
    """Return (program, generation data) for JSON that an image program wrote, None if unknown.

    The generation data has the keys of Civitai's `meta`. texts: all texts of the same file by name,
    because some programs store a value outside of their JSON.
    """
    if not isinstance(data, Mapping):
        return None
    wrapped = load_json(data.get("Comment"))
    if isinstance(wrapped, Mapping):  # NovelAI, where a file has but one text
        texts = {key: value for key, value in data.items() if isinstance(value, str)}
        return read_program(wrapped, texts)
    for program in PROGRAMS:
        if _is_written_by(program, data):
            return program.name, _build_record(program, data, texts)
    return _read_comfy_graph(data)


def read_texts(texts: Mapping[str, str]) -> tuple[str, Record] | None:
    """Return (program, generation data) for a file with one text for each parameter.

    Return None if the program is unknown. The generation data has the keys of Civitai's `meta`.
    texts: the file's texts by name.
    """
    for program in PROGRAMS:
        if program.has_texts and _is_written_by(program, texts):
            return program.name, _build_record(program, texts, {})
    return None


def _is_written_by(program: Program, data: Data) -> bool:
    return any(all(key in data for key in mark.split("+")) for mark in program.marks)


def _build_record(program: Program, data: Data, texts: Mapping[str, str]) -> Record:
    data = as_mapping(data.get(program.parent_key)) if program.parent_key else data
    json_texts = {name: load_json(texts.get(name)) for name in program.json_texts}
    objects = {name: value for name, value in json_texts.items() if isinstance(value, Mapping)}
    data = {**data, "texts": texts, **objects}
    record = {ours: find_value(data, theirs) for ours, theirs in program.fields.items()}
    if program.read_second_pass:
        record |= program.read_second_pass(data)
    return {name: value for name, value in record.items() if value is not None}


def _read_comfy_graph(data: Data) -> tuple[str, Record] | None:
    """Return (program, generation data) if `data` is or contains a ComfyUI graph, else None.

    The program is "ComfyUI", or "Civitai" if Civitai's generator has added a summary to the graph.
    """
    summary = as_mapping(load_json(data.get("extraMetadata")))
    if summary.get("prompt"):
        return "Civitai", _build_generator_record(data, summary)
    graph = load_json(data.get("prompt", data))
    nodes = graph.values() if isinstance(graph, Mapping) else ()
    is_workflow = "nodes" in as_mapping(load_json(data.get("workflow")))
    if is_workflow or any("class_type" in as_mapping(node) for node in nodes):
        is_wrapped = "prompt" in data or "workflow" in data
        return "ComfyUI", {"comfy": data if is_wrapped else {"prompt": data}}
    return None


def _build_generator_record(data: Data, summary: Data) -> Record:
    """Return the generation data of an image from Civitai's own generator.

    data: the image's ComfyUI graph. summary: the values that the generator has added to it; the
    graph only supplies values that are missing there.
    """
    used = [as_mapping(entry) for entry in as_list(summary.get("resources"))[:100]]
    record = {key: value for key, value in summary.items() if key != "resources"}
    record["civitaiResources"] = [
        {**entry, "weight": entry.get("strength", entry.get("weight"))} for entry in used
    ]
    return record | {"engine": "Civitai", "comfy": {"prompt": data}}
