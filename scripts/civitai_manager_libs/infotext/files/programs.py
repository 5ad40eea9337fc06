"""What other programs than the WebUIs write of a picture, under the names of an API record. Pure.

They write JSON, each of its own shape: the shape tells the program.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from ...ground import as_list, as_number, as_text, as_whole, mapping
from ..comfy import loaded

__all__ = ["Record", "read_dream", "read_program"]

Record = dict[str, Any]
_Data = Mapping[str, Any]

_MAX_LORAS = 50
_SWARM = "prompt steps seed width height vae sampler scheduler"
_INVOKE = "width height seed steps"
_RUINED = {"prompt": "Prompt", "negativePrompt": "Negative", "cfgScale": "cfg"}
_RUINED |= {"sampler": "sampler_name", "Model": "base_model_name", "Model hash": "base_model_hash"}
_DREAM = re.compile(r'\s*"(?P<prompt>.*)"(?P<options> -[sS] ?\d[^"]*)', re.DOTALL)
_DREAM_OPTIONS = {"s": "steps", "S": "seed", "W": "width", "H": "height", "C": "cfgScale"}
_DREAM_OPTIONS |= {"A": "sampler"}
_BRACKETS = re.compile(r"\[([^\[\]]*)\]")


def read_program(data: object, others: Mapping[str, str]) -> tuple[str, Record] | None:
    """The program that wrote `data` and the record it amounts to; None for an unknown shape.

    `others`: the file's other texts, by name.
    """
    if not isinstance(data, Mapping):
        return None
    wrapped = loaded(data.get("Comment"))
    if isinstance(wrapped, Mapping):  # NovelAI, where a file has but one text
        texts = {key: value for key, value in data.items() if isinstance(value, str)}
        return read_program(wrapped, texts)
    for program, has_shape, record_of in _PROGRAMS:
        if has_shape(data):
            record = record_of(data, others)
            return program, {key: value for key, value in record.items() if value is not None}
    return None


def _renamed(data: _Data, names: Mapping[str, str], same: str = "") -> Record:
    found = {name: data.get(name) for name in same.split()}
    return found | {ours: data.get(theirs) for ours, theirs in names.items()}


def _swarm(data: _Data, others: Mapping[str, str]) -> Record:
    """https://github.com/mcmonkeyprojects/SwarmUI/blob/master/docs/Image%20Metadata%20Format.md"""
    data = mapping(data["sui_image_params"])
    names = {"negativePrompt": "negativeprompt", "cfgScale": "cfgscale", "Model": "model"}
    record = _renamed(data, names | {"Distilled CFG Scale": "fluxguidancescale"}, _SWARM)
    for key in ("sampler", "scheduler"):
        record[key] = record[key] if as_text(record[key]) else data.get(f"comfyui{key}")
    weights = _listed(data.get("loraweights"))
    loras = enumerate(_listed(data.get("loras"))[:_MAX_LORAS])
    record["additionalResources"] = [
        _lora(name, weights[at] if at < len(weights) else 1) for at, name in loras
    ]
    skipped = as_whole(data.get("clipstopatlayer"))
    record["clipSkip"] = -skipped if skipped and skipped < 0 else None
    if as_text(record["vae"]) not in ("", "Automatic"):
        record["VAE"] = record["vae"]
    return record


def _listed(value: object) -> list[Any]:
    return list(as_list(value)) or [part.strip() for part in as_text(value).split(",") if part]


def _lora(name: object, weight: object) -> Record:
    return {"type": "lora", "name": name, "strength": weight}


def _invoke(data: _Data, others: Mapping[str, str]) -> Record:
    names = {"prompt": "positive_prompt", "negativePrompt": "negative_prompt"}
    names |= {"sampler": "scheduler", "cfgScale": "cfg_scale", "Distilled CFG Scale": "guidance"}
    record = _renamed(data, names, _INVOKE)
    record["Model"] = _invoke_name(data.get("model"))
    record["VAE"] = _invoke_name(data.get("vae"))
    loras = [mapping(entry) for entry in as_list(data.get("loras"))[:_MAX_LORAS]]
    record["additionalResources"] = [
        _lora(_invoke_name(entry.get("lora") or entry.get("model")), entry.get("weight"))
        for entry in loras
    ]
    skipped = as_whole(data.get("clip_skip"))
    record["clipSkip"] = skipped + 1 if skipped else None  # how many layers, not from where
    return record


def _invoke_name(model: object) -> str | None:
    names = (as_text(mapping(model).get(key)) for key in ("model_name", "name"))
    return next((name for name in names if name), None)


def _invoke_2(data: _Data, others: Mapping[str, str]) -> Record:
    image = mapping(data.get("image"))
    record = _renamed(image, {"cfgScale": "cfg_scale"}, "steps seed width height sampler")
    stated = image.get("prompt")
    texts = [as_text(mapping(part).get("prompt")) for part in as_list(stated)]
    return record | _invoke_prompts(" ".join(texts) or as_text(stated)) | _model_of(data)


def _model_of(data: _Data) -> Record:
    return {"Model": data.get("model_weights")}


def _invoke_prompts(text: str) -> Record:
    """InvokeAI 2 has what is not wanted in brackets within the prompt."""
    negative = ", ".join(part.strip() for part in _BRACKETS.findall(text))
    return {"prompt": _BRACKETS.sub("", text).strip(), "negativePrompt": negative}


def read_dream(text: str) -> Record:
    """InvokeAI 1's: `"a prompt [not this]" -s 50 -S 42 -W 512 -H 768 -C 7.5 -A k_lms`."""
    found = _DREAM.fullmatch(text)
    if found is None:
        return {}
    options = re.findall(r"-([sSWHCA]) ?(\S{1,40})", found["options"])
    return _invoke_prompts(found["prompt"]) | {_DREAM_OPTIONS[key]: v for key, v in options}


def _fooocus(data: _Data, others: Mapping[str, str]) -> Record:
    names = {"negativePrompt": "negative_prompt", "cfgScale": "guidance_scale"}
    names |= {"Model": "base_model", "Model hash": "base_model_hash", "clipSkip": "clip_skip"}
    names |= {"VAE": "vae", "Version": "version"}
    record = _renamed(data, names, "prompt steps seed sampler scheduler")
    for key, full in (("prompt", "full_prompt"), ("negativePrompt", "full_negative_prompt")):
        whole = [as_text(part) for part in as_list(data.get(full))]  # with styles and expansion
        record[key] = "\n".join(part for part in whole if part) or record[key]
    sides = re.findall(r"\d+", as_text(data.get("resolution")))
    if len(sides) == 2:
        record |= {"width": sides[0], "height": sides[1]}
    loras = [as_list(entry) for entry in as_list(data.get("loras"))[:_MAX_LORAS]]
    record["additionalResources"] = [_lora(entry[0], entry[1]) for entry in loras if entry[1:]]
    if as_text(record["VAE"]) == "Default (model)":
        record["VAE"] = None
    return record


def _ruined_fooocus(data: _Data, others: Mapping[str, str]) -> Record:
    record = _renamed(data, _RUINED, "steps seed width height scheduler")
    return record | {"other": {"loras": as_text(data.get("loras"))}}


def _novelai(data: _Data, others: Mapping[str, str]) -> Record:
    names = {"prompt": "prompt", "negativePrompt": "uc", "cfgScale": "scale"}
    record = _renamed(data, names, "steps seed width height sampler")
    schedule = as_text(data.get("noise_schedule"))
    record["scheduler"] = None if schedule == "native" else schedule
    for key, version in (("prompt", "v4_prompt"), ("negativePrompt", "v4_negative_prompt")):
        record[key] = "\n".join(_captions(data.get(version))) or record[key]
    record["prompt"] = record["prompt"] or others.get("Description")
    return record


def _captions(prompt: object) -> Iterator[str]:
    """Of NovelAI 4: the whole picture's, then one for each of its people."""
    caption = mapping(mapping(prompt).get("caption"))
    people = [mapping(each).get("char_caption") for each in as_list(caption.get("char_captions"))]
    for text in map(as_text, (caption.get("base_caption"), *people[:20])):
        if text:
            yield text


def _draw_things(data: _Data, others: Mapping[str, str]) -> Record:
    names = {"prompt": "c", "negativePrompt": "uc", "cfgScale": "scale", "Size": "size"}
    names |= {"Model": "model", "denoise": "strength", "clipSkip": "clip_skip"}
    record = _renamed(data, names, "steps seed sampler")
    loras = [mapping(entry) for entry in as_list(data.get("lora"))[:_MAX_LORAS]]
    record["additionalResources"] = [_lora(each.get("model"), each.get("weight")) for each in loras]
    return record


def _easy_diffusion(data: _Data, others: Mapping[str, str]) -> Record:
    names = {"negativePrompt": "negative_prompt", "steps": "num_inference_steps"}
    names |= {"cfgScale": "guidance_scale", "sampler": "sampler_name"}
    names |= {"Model": "use_stable_diffusion_model", "VAE": "use_vae_model"}
    return _renamed(data, names, "prompt seed width height")


def _site(data: _Data, others: Mapping[str, str]) -> Record:
    """The site's own ComfyUI pictures of 2024 and 2025: a graph with a summary beside it."""
    summary = mapping(loaded(data["extraMetadata"]))
    used = [mapping(entry) for entry in as_list(summary.get("resources"))[:100]]
    record = {key: value for key, value in summary.items() if key != "resources"}
    record["civitaiResources"] = [
        {**entry, "weight": entry.get("strength", entry.get("weight"))} for entry in used
    ]
    return record | {"engine": "Civitai"}


def _comfy(data: _Data, others: Mapping[str, str]) -> Record:
    return {"comfy": data if "prompt" in data or "workflow" in data else {"prompt": data}}


def _is_comfy(data: _Data) -> bool:
    graph = loaded(data.get("prompt", data))
    workflow = mapping(loaded(data.get("workflow")))
    nodes = graph.values() if isinstance(graph, Mapping) else ()
    return "nodes" in workflow or any("class_type" in mapping(node) for node in nodes)


def _is_novelai(data: _Data) -> bool:
    numbers = (data.get("scale"), data.get("steps"))
    return ("uc" in data or "v4_prompt" in data) and any(as_number(n) is not None for n in numbers)


_PROGRAMS: tuple[tuple[str, Callable[[_Data], bool], Callable[..., Record]], ...] = (
    ("SwarmUI", lambda data: "sui_image_params" in data, _swarm),
    ("InvokeAI", lambda data: "positive_prompt" in data and "scheduler" in data, _invoke),
    ("InvokeAI", lambda data: "model_weights" in data and "image" in data, _invoke_2),
    ("RuinedFooocus", lambda data: "Prompt" in data and "base_model_name" in data, _ruined_fooocus),
    ("Fooocus", lambda data: "base_model" in data and "guidance_scale" in data, _fooocus),
    ("Draw Things", lambda data: "c" in data and "uc" in data, _draw_things),
    ("NovelAI", _is_novelai, _novelai),
    ("Easy Diffusion", lambda data: "num_inference_steps" in data, _easy_diffusion),
    ("Civitai", lambda data: bool(mapping(loaded(data.get("extraMetadata"))).get("prompt")), _site),
    ("ComfyUI", _is_comfy, _comfy),
)
