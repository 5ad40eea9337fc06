"""The two graphs that ComfyUI embeds in its images."""

from __future__ import annotations

import json
import math
from typing import Any

__all__ = ["make_graphs"]


def make_graphs(meta: dict[str, Any]) -> tuple[str, str]:
    """Return (prompt, workflow), the two JSON texts that ComfyUI writes into an image.

    meta: the image's generation data as in the API. The prompt contains a NaN, as in real files.
    """
    size = {"width": meta["width"], "height": meta["height"], "batch_size": 1}
    nodes = {
        "3": _make_sampler_node(meta),
        "4": _make_node("CheckpointLoaderSimple", ckpt_name=meta["models"][0]),
        "5": _make_node("EmptyLatentImage", **size),
        "6": _make_node("CLIPTextEncode", text=meta["prompt"], clip=["4", 1]),
        "7": _make_node("CLIPTextEncode", text=meta["negativePrompt"], clip=["4", 1]),
        "8": _make_node("VAEDecode", samples=["3", 0], vae=["4", 2]),
    }
    for lora in meta["additionalResources"]:
        inputs = {"lora_name": lora["name"], "strength_model": lora["strength"]}
        nodes["10"] = _make_node(
            "LoraLoader", **inputs, strength_clip=1, model=["4", 0], clip=["4", 1]
        )
        nodes["3"]["inputs"]["model"] = ["10", 0]
        nodes["6"]["inputs"]["clip"] = nodes["7"]["inputs"]["clip"] = ["10", 1]
    return json.dumps(nodes), json.dumps(_make_workflow(nodes))


def _make_node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _make_sampler_node(meta: dict[str, Any]) -> dict[str, Any]:
    numbers = {"seed": meta["seed"], "steps": meta["steps"], "cfg": meta["cfgScale"]}
    names = {"sampler_name": meta["sampler"], "scheduler": meta["scheduler"], "denoise": 1.0}
    links = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0]}
    node = _make_node("KSampler", **numbers, **names, **links, latent_image=["5", 0])
    return node | {"is_changed": [math.nan]}


def _make_workflow(nodes: dict[str, Any]) -> dict[str, Any]:
    drawn = [
        {"id": int(key), "type": node["class_type"], "pos": [200 * i, 80]}
        for i, (key, node) in enumerate(nodes.items())
    ]
    return {"last_node_id": 10, "last_link_id": 9, "nodes": drawn, "links": [], "version": 0.4}
