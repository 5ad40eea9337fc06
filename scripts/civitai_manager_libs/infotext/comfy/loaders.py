"""The model, the VAE and the LoRAs that a sampler of a ComfyUI graph uses. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from itertools import islice
from typing import Any

from ...core import as_integer, as_number, as_text, model_formats
from .nodes import BUNDLES, get_linked_node, get_node_type, list_feeding_nodes, Node, NodeId, Nodes
from .nodes import resolve_value, walk_nodes
from .sampling import iter_image_path

_MAX_LORAS = 50
_MODEL_SIDES = tuple(
    "model guider pipe basic_pipe base_basic_pipe sdxl_tuple base_ctx context ctx_01"
    " base_sampler data base_model models_pipe sdxl_pipe".split()
)
_LORA_SIDES = ("lora_stack", "lora", "prev_lora", "optional_lora_stack", "loras")
_MODEL_NAMES = tuple(
    "ckpt_name unet_name base_ckpt_name gguf_name model_path base_checkpoint stage_c"
    " stage_c_name".split()
)
# The inputs that lead to a node's model, most important first.
_MODEL_INPUTS = ("optional_model", "model_override", "model")
_VAE_INPUTS = ("optional_vae", "vae_override", "vae", "vae_opt", "opt_vae", "ae")
_VAE_NAMES = ("vae_name", "vae_model", "vae_checkpoint", "stage_a")
_VAE_LOADER = re.compile(r"vae ?load", re.IGNORECASE)  # has its file's name as "model_name"
_LATENTS = ("samples", "latent", "latents", "latent_image")
_LORA = re.compile("lora|lbw_model")
_NAMES = ("lora", "loraname", "lbwmodel")
# A LoRA's weights have the same number as its name: `lora_name_2`, `lora_wt_2`.
_MODEL_WEIGHTS = {"strengthmodel", "modelstrength", "modelstr", "modelweight", "lorawt", "strength"}
_MODEL_WEIGHTS |= {"loramodelstrength", "lorastrength", "weight", "loraweight", "strength1"}
_CLIP_WEIGHTS = {"strengthclip", "clipstrength", "clipstr", "clipweight", "loraclipstrength"}
# Weights that a node ignores in a mode.
_UNUSED = {"simple": {"modelstr", "clipstr", "loramodelstrength", "loraclipstrength"}}
_UNUSED |= {"advanced": {"lorawt", "lorastrength"}}
# Nodes that load the LoRAs in a text's tags: the input with the text.
_TAGGED = {"ImpactWildcardEncode": "populated_text", "LoraTagLoader": "text"}
_TAG = re.compile(r"<lora:([^:<>\n]{1,200})((?::[^:<>\n]{0,200}){0,4})>")
_SWITCHES = {"switch", "toggle", "enabled", "on"}

_Lora = dict[str, Any]  # an entry of a record's `additionalResources`


def find_model(nodes: Nodes, sampler: NodeId) -> str | None:
    """Return the path of a sampler's model file; None if it is unknown or merged of several."""
    for node in _iter_model_nodes(nodes, sampler):
        inputs = node["inputs"]
        if _find_link(inputs, _MODEL_INPUTS) is not None:  # it only patches the linked model
            continue
        if get_linked_node(inputs.get("model1")) is not None and "model2" in inputs:  # a merge
            return None
        for name in _MODEL_NAMES:
            if name in inputs:
                value = resolve_value(nodes, inputs[name], _MODEL_NAMES)
                return value if isinstance(value, str) else None
        for name in ("model", "model_name"):
            value = resolve_value(nodes, inputs.get(name))
            if isinstance(value, str) and value.lower().endswith(model_formats.MODELS):
                return value
    return None


def _iter_model_nodes(
    nodes: Nodes, sampler: NodeId, other_inputs: tuple[str, ...] = ()
) -> Iterator[Node]:
    """Yield a sampler and the nodes through which its model passes, nearest first."""

    def list_next(node_id: NodeId) -> list[NodeId]:
        inputs = nodes.get(node_id, {"inputs": {}})["inputs"]
        if _find_link(inputs, _MODEL_INPUTS) is None:
            return list_feeding_nodes({"inputs": inputs}, (*_MODEL_SIDES, *other_inputs))
        links = [_find_link(inputs, names) for names in (_MODEL_INPUTS, *zip(other_inputs))]
        return [link for link in links if link is not None]

    return (nodes[each] for each in walk_nodes([sampler], list_next) if each in nodes)


def find_vae(nodes: Nodes, sampler: NodeId) -> str | None:
    """Return the VAE file that decodes a sampler's image; None if unknown, several or built in."""
    decoders = (
        node_id
        for node_id, node in nodes.items()
        if None not in (_find_link(node["inputs"], names) for names in (_VAE_INPUTS, _LATENTS))
    )
    first = islice(decoders, 100)
    used = [n for n in first if n == sampler or sampler in iter_image_path(nodes, n)]
    found = {_read_vae(nodes, node_id) for node_id in used or [sampler]}
    return found.pop() if len(found) == 1 else None


def _find_link(inputs: Mapping[str, Any], names: tuple[str, ...]) -> NodeId | None:
    links = (get_linked_node(inputs.get(name)) for name in names)
    return next((link for link in links if link is not None), None)


def _read_vae(nodes: Nodes, decoder: NodeId) -> str | None:
    """Return the path of the VAE file that a node loads or is linked to, None if unknown."""
    link: NodeId | None = decoder
    for _ in range(30):  # links from a decoder to the loader of its VAE
        if link is None or link not in nodes:
            return None
        inputs, kind = nodes[link]["inputs"], get_node_type(nodes[link])
        link = _find_link(inputs, _VAE_INPUTS)
        if link is None:
            names = (*_VAE_NAMES, "model_name") if _VAE_LOADER.search(kind) else _VAE_NAMES
            stated = [inputs[name] for name in names if name in inputs]
            if stated:
                value = as_text(resolve_value(nodes, stated[0]))
                return value if value.lower().endswith(model_formats.MODELS) else None
            link = _find_link(inputs, BUNDLES)
    return None


def list_loras(nodes: Nodes, sampler: NodeId) -> list[_Lora]:
    """Return the LoRAs that change a sampler's model, in the order in which they are applied.

    Only the last 50 are returned, each as a dict like {"type": "lora", "name": "a.safetensors",
    "strength": 1}.
    """
    found: list[_Lora] = []
    for node in _iter_model_nodes(nodes, sampler, _LORA_SIDES):
        loras = _iter_node_loras(nodes, get_node_type(node), node["inputs"])
        found[:0] = list(islice(filter(_has_effect, loras), _MAX_LORAS))
        if len(found) >= _MAX_LORAS:
            break
    return found[-_MAX_LORAS:]


def _iter_node_loras(nodes: Nodes, kind: str, inputs: Mapping[str, Any]) -> Iterator[_Lora]:
    if kind in _TAGGED:
        text = as_text(resolve_value(nodes, inputs.get(_TAGGED[kind])))
        for found in islice(_TAG.finditer(text), _MAX_LORAS):  # `<lora:name:1:0.5>`
            weights = [as_number(part) for part in found[2].split(":")[1:3]]
            model = weights[0] if weights else 1
            clip = weights[1] if len(weights) > 1 else None
            yield _make_lora(found[1], model, model if clip is None else clip)
        return
    if not any(_LORA.search(name) for name in (kind.lower(), *map(str, inputs))):
        return
    for row in islice(inputs.values(), 200):  # rgthree's loader has an input for each LoRA
        if isinstance(row, Mapping) and "lora" in row and row.get("on") is not False:
            yield _make_lora(row["lora"], row.get("strength"), row.get("strengthTwo"))
    rows = inputs.get("loras")  # LoRA Manager's: {"__value__": [{"name": "a", "strength": 1}]}
    rows = rows.get("__value__") if isinstance(rows, Mapping) else rows
    for row in rows[:_MAX_LORAS] if isinstance(rows, list) else ():
        if isinstance(row, Mapping) and row.get("active") is not False:
            yield _make_lora(row.get("name"), row.get("strength"), row.get("clipStrength"))
    yield from _iter_numbered_loras(nodes, inputs)


def _iter_numbered_loras(nodes: Nodes, inputs: Mapping[str, Any]) -> Iterator[_Lora]:
    """Yield the LoRAs of a node with inputs such as `lora_name_2`, of one LoRA `lora_name`."""
    counts = (as_integer(inputs.get(name)) for name in ("lora_count", "num_loras"))
    count = next((number for number in counts if number is not None), 1000)
    unused = _UNUSED.get(as_text(inputs.get("input_mode") or inputs.get("mode")), set())
    by_number: dict[str, dict[str, Any]] = {}
    for name, value in islice(inputs.items(), 500):
        number = "".join(re.findall(r"\d", name))
        field = re.sub(r"[\d_ ]", "", name.lower())
        by_number.setdefault(number, {}).update({} if field in unused else {field: value})
    for number, fields in by_number.items():
        both = (fields, by_number.get("", {}))
        is_off = any(one.get(name) in ("Off", "None", False) for one in both for name in _SWITCHES)
        is_off = is_off or any(one.get("bypass") is True for one in both)
        if not is_off and (not number or int(number[:4]) <= count):
            name = resolve_value(nodes, _find_field(fields, _NAMES), ("lora_name",))
            model = resolve_value(nodes, _find_field(fields, _MODEL_WEIGHTS))
            clip = resolve_value(nodes, _find_field(fields, _CLIP_WEIGHTS))
            yield _make_lora(name, model, clip)


def _find_field(fields: Mapping[str, Any], names: Collection[str]) -> Any:
    return next((value for field, value in fields.items() if field in names), None)


def _make_lora(name: object, strength: object, clip: object) -> _Lora:
    entry = {"type": "lora", "name": name, "strength": strength, "strengthClip": clip}
    return {key: value for key, value in entry.items() if value is not None}


def _has_effect(lora: _Lora) -> bool:
    """Return whether a LoRA has a name, and a weight other than 0 for the model or for CLIP."""
    name, strength, clip = (lora.get(key) for key in ("name", "strength", "strengthClip"))
    is_off = as_number(strength) == 0 and not as_number(clip)
    varies = isinstance(strength, str) and as_number(strength) is None  # a list of weights
    return isinstance(name, str) and as_text(name) != "" and not is_off and not varies
