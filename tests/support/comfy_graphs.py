"""ComfyUI graphs in API format."""

from typing import Any

__all__ = ["GRAPH", "GRAPH_INFOTEXT", "node"]


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


_NUMBERS = {"seed": 7, "steps": 25, "cfg": 5.5, "denoise": 1}
_NAMES = {"sampler_name": "dpmpp_2m", "scheduler": "karras"}
_LINKS = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
GRAPH = {
    "3": node("KSampler", **_NUMBERS, **_NAMES, **_LINKS),
    "4": node("CheckpointLoaderSimple", ckpt_name="a/exampleXL.ckpt"),
    "5": node("EmptyLatentImage", width=832, height=1216),
    "6": node("CLIPTextEncode", text="a lighthouse"),
    "7": node("CLIPTextEncode", text="blurry"),
}
GRAPH_INFOTEXT = """\
a lighthouse
Negative prompt: blurry
Steps: 25, Sampler: DPM++ 2M, Schedule type: Karras, CFG scale: 5.5, Seed: 7, Size: 832x1216, \
Model: exampleXL"""
