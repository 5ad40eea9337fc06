"""An infotext as a graph for ComfyUI: what runs, and what its editor opens. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ...core import as_integer, as_number, model_formats
from ..host_rules import INFORMATIONAL_FIELDS, Loss
from ..infotext_format import A1111_VERSION, Infotext, parse_infotext, parse_size
from ..samplers import COMFY_SAMPLERS, COMFY_SCHEDULES, LATENT_UPSCALERS, resolve_schedule
from ..samplers import translate_sampler
from .nodes import SEEDS
from .write_prompt import ComfyPrompt, translate_prompt

Graph = dict[str, dict[str, Any]]  # in API format: {id: {"class_type", "inputs"}}
_Link = list[Any]

_BEFORE_SCHEDULES = re.compile(r"v?1\.[0-8](?:\.|$)")  # A1111's versions without a schedule
# Has a node of its own, which interpolates the noise levels over one step more than A1111.
_STEPS_OF_MODEL = "Align Your Steps"
_LATENT_METHODS = {name: method for method, name in LATENT_UPSCALERS.items()} | {  # the nearest
    "Latent (antialiased)": "bilinear",
    "Latent (bicubic antialiased)": "bicubic",
    "Latent (nearest)": "nearest-exact",
}
_PLAIN_UPSCALERS = {"Lanczos": "lanczos", "Nearest": "nearest-exact", "None": "lanczos"}
_NO_VAE = ("", "automatic", "none", "baked vae", "baked-in", "built-in")
SAME = re.compile(r"use same .*", re.IGNORECASE)  # a value of the hires pass
_CARRIED = {
    *("Steps", "Sampler", "Schedule type", "CFG scale", "Seed", "Size", "Clip skip", "VAE"),
    *("Denoising strength", "Hires upscale", "Hires resize", "Hires steps", "Hires upscaler"),
    *("Hires sampler", "Hires schedule type", "Hires CFG Scale", "Distilled CFG Scale"),
}
# What changes no image, or what other parameters repeat.
_MEANINGLESS = {
    *("App", "Backend", "Batch pos", "Batch size", "Operations", "Parser", "Pipeline", "Template"),
    *("Negative Template", "Negative template", "Hires size", "First pass size", "Hires VAE/TE"),
}
_WITHOUT_EFFECT = {("RNG", "CPU"), ("ENSD", "0"), ("Emphasis", "Original"), ("Eta", "0")}
# How a model in parts is loaded: the node for its text encoders, their usual names, the VAE's.
_PARTS = {
    "flux": ("DualCLIPLoader", "clip_l", "t5xxl_fp16", "ae"),
    "sd3": ("TripleCLIPLoader", "clip_l", "clip_g", "t5xxl_fp16", "sd3_vae"),
    "sdxl": ("DualCLIPLoader", "clip_l", "clip_g", "sdxl_vae"),
}
_FAMILIES = re.compile(
    r"(?P<flux>flux\.1)|(?P<sd3>sd ?3)|(?P<sd2>sd 2)|(?P<sd1>sd 1)"
    r"|(?P<sdxl>sdxl|pony(?! v7)|illustrious|noobai)"
)
_MAX_CFG, _MAX_SIDE, _MAX_STEPS = 100, 16_384, 10_000


def find_family(base_model: str, infotext: Infotext) -> str:
    """Return "flux", "sd3", "sdxl", "sd2" or "sd1" for a base model as Civitai names it.

    "" if unknown, or if an image has several, whose names Civitai joins.
    """
    found = {one.lastgroup or "" for one in _FAMILIES.finditer(base_model.lower())}
    has_guidance = "Distilled CFG Scale" in infotext.parameters
    if has_guidance and (len(found) > 1 or not base_model):
        return "flux"
    return found.pop() if len(found) == 1 else ""


def split_hires_size(parameters: Mapping[str, str]) -> tuple[int, int] | None:
    """Return (width, height) after A1111's second pass, None if there is no second pass."""
    factor = as_number(parameters.get("Hires upscale"))
    first = [max(side, 1) for side in parse_size(parameters.get("Size", "")) or (512, 512)]
    width, height = parse_size(parameters.get("Hires resize", "")) or (0, 0)
    if width or height:  # a side of 0 keeps the proportions
        width = width or round(first[0] * height / first[1])
        height = height or round(first[1] * width / first[0])
    elif factor:
        width, height = (int(side * factor) for side in first)
    elif "Hires upscaler" in parameters:
        width, height = (side * 2 for side in first)
    else:
        return None
    width, height = (min(max(side // 8 * 8, 16), _MAX_SIDE) for side in (width, height))
    return width, height


class ComfyGraph:
    """The ComfyUI graph that makes the image of an infotext, in API format.

    Read back by `read_graph` it has the infotext's prompts (as A1111 weighs them), LoRAs, model,
    VAE, steps, sampler, schedule, CFG scale, seed, size, Clip skip and Hires. fix, except what is
    in `lost`; a Loss without a value in ComfyUI (`got`) has no effect there. assumed: what the
    infotext does not say.

    base_model: as Civitai names it, "" if unknown. The files are named as ComfyUI lists them; one
    that is "" is named as in the infotext. loader: the type of the node that loads the model.
    loras: {name in the prompt, in lower case: file}. embeddings: the names of all.
    has_encoders, has_vae: whether a checkpoint contains them; many of Flux and SD 3 do not.
    """

    def __init__(
        self,
        infotext: str,
        base_model: str = "",
        *,
        model: str = "",
        loader: str = "CheckpointLoaderSimple",
        loras: Mapping[str, str] | None = None,
        vae: str = "",
        upscaler: str = "",
        embeddings: Collection[str] = (),
        has_encoders: bool = True,
        has_vae: bool = True,
    ) -> None:
        read = parse_infotext(infotext)
        self._values, self._family = read.parameters, find_family(base_model, read)
        can_guide = "flux.1 s" not in base_model.lower() or "Distilled CFG Scale" in self._values
        self._has_guidance = self._family == "flux" and can_guide
        self._model, self._loader, self._vae = model, loader, vae
        self._loras, self._upscaler, self._embeddings = loras or {}, upscaler, embeddings
        self._has_encoders = has_encoders and loader == "CheckpointLoaderSimple"
        self._has_vae = has_vae
        self.graph: Graph = {}
        self.lost: list[Loss] = []
        self.assumed: list[Loss] = []
        self._write(read.prompt, read.negative_prompt)
        self.lost, self.assumed = (list(dict.fromkeys(x)) for x in (self.lost, self.assumed))

    def _write(self, prompt_text: str, negative_text: str) -> None:
        wanted = self._number("Steps", 20)
        steps = int(min(max(wanted, 1), _MAX_STEPS))
        if not 1 <= wanted <= _MAX_STEPS:
            self.lost.append(Loss("Steps", f"{wanted:g}", str(steps)))
        size = self._find_size()
        names = self._find_sampler("Sampler", "Schedule type")
        prompt = translate_prompt(prompt_text, steps, self._embeddings)
        negative = translate_prompt(negative_text, steps, self._embeddings, False)
        model, clip, vae = self._load(prompt)
        positive = self._encode(clip, prompt.texts)
        if self._has_guidance:
            guidance = self._number("Distilled CFG Scale", 3.5)
            positive = self._add("FluxGuidance", conditioning=positive, guidance=guidance)
        links = {"model": model, "positive": positive}
        links["negative"] = self._encode(clip, negative.texts)
        version = self._values.get("Version", "")
        is_a1111s = A1111_VERSION.match(version) or not version and "RNG" in self._values
        if self._family == "sdxl" and not any(negative.texts) and is_a1111s:
            links["negative"] = self._add("ConditioningZeroOut", conditioning=links["negative"])
        is_large = self._family in ("flux", "sd3")
        kind = "EmptySD3LatentImage" if is_large else "EmptyLatentImage"
        latent = self._add(kind, width=size[0], height=size[1], batch_size=1)
        cfg = self._number("CFG scale", 1 if self._family == "flux" else 7)
        cfg = self._limit_cfg("CFG scale", cfg)
        latent = self._sample({**links, "latent_image": latent}, steps, cfg, names, 1)
        final_size = split_hires_size({**self._values, "Size": f"{size[0]}x{size[1]}"})
        if final_size is not None:
            links["latent_image"] = self._enlarge(latent, vae, size, final_size)
            # `Automatic` depends on the pass's own sampler.
            sampler = "Hires sampler" if self._has_own("Hires sampler") else "Sampler"
            has_schedule = self._has_own("Hires schedule type")
            schedule = "Hires schedule type" if has_schedule else "Schedule type"
            names = self._find_sampler(sampler, schedule)
            steps = as_integer(self._values.get("Hires steps")) or steps
            cfg = as_number(self._values.get("Hires CFG Scale")) or cfg
            denoise = min(self._number("Denoising strength", 0.7), 1)
            cfg = self._limit_cfg("Hires CFG Scale", cfg)
            latent = self._sample(links, min(max(steps, 1), _MAX_STEPS), cfg, names, denoise)
        elif "Denoising strength" in self._values:  # the image that it was made from is unknown
            self.lost.append(Loss("Denoising strength", self._values["Denoising strength"]))
        image = self._add("VAEDecode", samples=latent, vae=vae)
        self._add("SaveImage", images=image, filename_prefix="gallery/image")
        for side, lost in (("Prompt", prompt.lost), ("Negative prompt", negative.lost)):
            self.lost += [Loss(side, each) for each in lost]
        self.lost += [Loss(*each) for each in iter_special_parameters(self._values)]
        if self._family != "flux" and "Distilled CFG Scale" in self._values:
            self.lost.append(Loss("Distilled CFG Scale", self._values["Distilled CFG Scale"]))

    def _add(self, node_type: str, **inputs: Any) -> _Link:
        """Add a node. inputs: in the order that the node has, by which its editor reads them."""
        node_id = str(len(self.graph) + 1)
        self.graph[node_id] = {"class_type": node_type, "inputs": inputs}
        return [node_id, 0]

    def _number(self, name: str, default: float) -> float:
        value = as_number(self._values.get(name))
        if value is None or value < 0:
            self.assumed.append(Loss(name, "", f"{default:g}"))
            return default
        return int(value) if value == int(value) else value

    def _limit_cfg(self, name: str, value: float) -> float:
        if value > _MAX_CFG:
            self.lost.append(Loss(name, f"{value:g}", str(_MAX_CFG)))
        return min(value, _MAX_CFG)

    def _find_size(self) -> tuple[int, int]:
        stated = self._values.get("Size", "")
        sides = parse_size(stated)
        if sides is None:
            side = 512 if self._family in ("sd1", "sd2") else 1024
            self.assumed.append(Loss("Size", "", f"{side}x{side}"))
            return side, side
        unit = 16 if self._family in ("flux", "sd3") else 8
        width, height = (min(max(side // unit * unit, 16), _MAX_SIDE) for side in sides)
        got = f"{width}x{height}"
        if got != stated:
            self.lost.append(Loss("Size", stated, got))
        return width, height

    def _has_own(self, name: str) -> bool:
        value = self._values.get(name, "")
        return value != "" and not SAME.fullmatch(value)

    def _find_sampler(self, name: str, schedule_name: str) -> tuple[str, str]:
        """Return ComfyUI's (sampler, schedule) for two parameters of the infotext."""
        stated = self._values.get(name, "")
        sampler, schedule = translate_sampler(stated, self._values.get(schedule_name, ""))
        if not stated:
            sampler = "Euler"
            self.assumed.append(Loss(name, "", sampler))
        known = COMFY_SAMPLERS.get(sampler)
        is_own = re.fullmatch("[a-z][a-z0-9_]*", sampler) is not None  # ComfyUI's name
        if known is None and not is_own:
            self.lost.append(Loss(name, sampler, "Euler"))
        own = known or (sampler if is_own else "euler")
        return own, self._find_schedule(sampler, schedule_name, schedule)

    def _find_schedule(self, sampler: str, name: str, stated: str) -> str:
        is_usual = not stated and self._family in ("flux", "sd3")
        default = "Simple" if is_usual else "Normal"
        schedule = resolve_schedule(sampler, stated, default)
        is_old = not stated and _BEFORE_SCHEDULES.match(self._values.get("Version", ""))
        if is_old and schedule == "Karras":
            return "normal"
        has_steps = stated == _STEPS_OF_MODEL and self._family in ("sd1", "sdxl")
        if has_steps or stated == "KL Optimal":  # other noise levels under the same name
            self.lost.append(Loss(name, stated, stated))
        if has_steps:
            return _STEPS_OF_MODEL
        known = COMFY_SCHEDULES.get(schedule)
        if known is None and not re.fullmatch("[a-z][a-z0-9_]*", stated):
            self.lost.append(Loss(name, stated, "Normal"))
        return known or (stated if stated.islower() else "normal")

    def _load(self, prompt: ComfyPrompt) -> tuple[_Link, _Link, _Link]:
        """Add the nodes that load the models; return links to (model, CLIP, VAE)."""
        family, loader = self._family, self._loader
        model_name = self._model or _name_file(self._values.get("Model", ""))
        if not model_name:
            self.assumed.append(Loss("Model"))
        vae_name = self._values.get("VAE", "")
        vae_name = self._vae or ("" if vae_name.lower() in _NO_VAE else _name_file(vae_name))
        if loader == "CheckpointLoaderSimple":
            model = self._add(loader, ckpt_name=model_name)
            clip, vae = [model[0], 1], [model[0], 2]
        else:
            is_plain = loader == "UNETLoader"
            values = {"weight_dtype": "default"} if is_plain else {}
            model = vae = self._add(loader, unet_name=model_name, **values)
        kind, *encoders, usual_vae = _PARTS.get(family, _PARTS["flux"])
        if not self._has_encoders:
            names = {f"clip_name{n}": f"{one}.safetensors" for n, one in enumerate(encoders, 1)}
            if kind == "DualCLIPLoader":
                names["type"] = family if family in _PARTS else "flux"
            clip = self._add(kind, **names)
        if vae is model or not self._has_vae:
            vae_name = vae_name or f"{usual_vae}.safetensors"
        if vae_name:
            vae = self._add("VAELoader", vae_name=vae_name)
        for name, clip_weight, model_weight in prompt.loras:
            file = self._loras.get(name.lower()) or _name_file(name)
            weights = {"strength_model": model_weight, "strength_clip": clip_weight}
            model = self._add("LoraLoader", model=model, clip=clip, lora_name=file, **weights)
            clip = [model[0], 1]
        skip = as_integer(self._values.get("Clip skip")) or 1
        is_forge = self._values.get("Version", "").startswith("f")  # A1111 ignores it in SDXL
        if skip > {"sdxl": 24 if is_forge else 2, "flux": 1, "sd3": 1}.get(family, 24):
            self.lost.append(Loss("Clip skip", str(skip)))
        elif skip > 1:  # 2 is what SDXL has by itself
            clip = self._add("CLIPSetLastLayer", clip=clip, stop_at_clip_layer=-skip)
        return model, clip, vae

    def _encode(self, clip: _Link, texts: tuple[str, ...]) -> _Link:
        joined: _Link | None = None
        for text in texts:
            encoded = self._add("CLIPTextEncode", text=text, clip=clip)
            if joined is not None:  # as A1111 joins what stands before and after BREAK
                links = {"conditioning_to": joined, "conditioning_from": encoded}
                encoded = self._add("ConditioningConcat", **links)
            joined = encoded
        return joined or []

    def _sample(
        self,
        links: Mapping[str, _Link],
        steps: int,
        cfg: float,
        names: tuple[str, str],
        denoise: float,
    ) -> _Link:
        seed = as_integer(self._values.get("Seed"))
        if seed is None or not 0 <= seed < 2**64:
            seed = 0
            self.assumed.append(Loss("Seed", "", "0"))
        sampler, schedule = names
        if schedule != _STEPS_OF_MODEL:
            chosen = {"sampler_name": sampler, "scheduler": schedule, "denoise": denoise}
            return self._add("KSampler", **links, seed=seed, steps=steps, cfg=cfg, **chosen)
        kind = "SDXL" if self._family == "sdxl" else "SD1"
        chosen = {"model_type": kind, "steps": steps, "denoise": denoise}
        sources = {
            "sampler": self._add("KSamplerSelect", sampler_name=sampler),
            "sigmas": self._add("AlignYourStepsScheduler", **chosen),
            "latent_image": links["latent_image"],  # after the others, as the node has it
        }
        conditions = {name: links[name] for name in ("model", "positive", "negative")}
        values = {"add_noise": True, "noise_seed": seed, "cfg": cfg}
        return self._add("SamplerCustom", **conditions, **sources, **values)

    def _enlarge(
        self, latent: _Link, vae: _Link, first: tuple[int, int], size: tuple[int, int]
    ) -> _Link:
        """Add the nodes that enlarge the image before the second pass; return the latent image."""
        name = self._values.get("Hires upscaler", "")
        if not name:
            name = "Latent"
            self.assumed.append(Loss("Hires upscaler", "", name))
        sides = {"width": size[0], "height": size[1], "crop": "center"}
        if name in _LATENT_METHODS:
            method = _LATENT_METHODS[name]
            if (got := LATENT_UPSCALERS[method]) != name:
                self.lost.append(Loss("Hires upscaler", name, got))
            factor = as_number(self._values.get("Hires upscale")) or 0
            scaled = tuple(round(side // 8 * factor) * 8 for side in first)
            if "Hires resize" not in self._values and 1 < factor <= 8 and scaled == size:
                by = {"upscale_method": method, "scale_by": factor}
                return self._add("LatentUpscaleBy", samples=latent, **by)
            return self._add("LatentUpscale", samples=latent, upscale_method=method, **sides)
        image = self._add("VAEDecode", samples=latent, vae=vae)
        if name not in _PLAIN_UPSCALERS:
            file = self._upscaler or f"{name}.pth"
            upscaler = self._add("UpscaleModelLoader", model_name=file)
            image = self._add("ImageUpscaleWithModel", upscale_model=upscaler, image=image)
        method = _PLAIN_UPSCALERS.get(name, "lanczos")
        image = self._add("ImageScale", image=image, upscale_method=method, **sides)
        return self._add("VAEEncode", pixels=image, vae=vae)


def iter_special_parameters(parameters: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield the parameters that belong to an extension or to a rare setting of A1111."""
    for name, value in parameters.items():
        known = name in _CARRIED or name in INFORMATIONAL_FIELDS or name in _MEANINGLESS
        is_same = name.startswith("Hires ") and (SAME.fullmatch(value) or value == "Built-in")
        if not (known or is_same) and (name, value) not in _WITHOUT_EFFECT:
            yield name, value


def _name_file(name: str) -> str:
    is_file = name.lower().endswith(model_formats.MODELS)
    return name if is_file or not name else f"{name}.safetensors"


_OUTPUTS = {  # of each type of node
    **dict.fromkeys(("UNETLoader", "UnetLoaderGGUF"), "MODEL"),
    **dict.fromkeys(("CLIPSetLastLayer", "DualCLIPLoader", "TripleCLIPLoader"), "CLIP"),
    **dict.fromkeys(("CLIPTextEncode", "ConditioningConcat", "FluxGuidance"), "CONDITIONING"),
    "ConditioningZeroOut": "CONDITIONING",
    **dict.fromkeys(("EmptyLatentImage", "EmptySD3LatentImage", "KSampler"), "LATENT"),
    **dict.fromkeys(("LatentUpscale", "LatentUpscaleBy", "VAEEncode"), "LATENT"),
    **dict.fromkeys(("ImageScale", "ImageUpscaleWithModel", "VAEDecode"), "IMAGE"),
    **{"CheckpointLoaderSimple": "MODEL CLIP VAE", "LoraLoader": "MODEL CLIP"},
    **{"AlignYourStepsScheduler": "SIGMAS", "KSamplerSelect": "SAMPLER"},
    **{"SamplerCustom": "LATENT LATENT", "SaveImage": "", "VAELoader": "VAE"},
    "UpscaleModelLoader": "UPSCALE_MODEL",
}
_BRACE = re.compile(r"(?<!\\)((?:\\\\)*)([{}])")  # without a backslash of its own


def build_workflow(graph: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return a `ComfyGraph.graph` in the format that ComfyUI's editor opens."""
    depths: dict[str, int] = {}
    rows: dict[int, int] = {}
    nodes: dict[str, dict[str, Any]] = {}
    links: list[list[Any]] = []
    for order, (node_id, node) in enumerate(graph.items()):
        kind, inputs = node["class_type"], node["inputs"]
        sources = [value[0] for value in inputs.values() if isinstance(value, list)]
        depth = depths[node_id] = max((depths[source] + 1 for source in sources), default=0)
        rows[depth] = rows.get(depth, -1) + 1
        sockets, widgets = list[dict[str, Any]](), list[Any]()
        for name, value in inputs.items():
            if not isinstance(value, list):
                if kind == "CLIPTextEncode":  # the editor would draw one of `{black|white}`
                    value = _BRACE.sub(r"\1\\\2", value)
                widgets += [value, "fixed"] if name in SEEDS else [value]
                continue
            source, slot = value
            output = nodes[source]["outputs"][slot]
            link = [len(links) + 1, int(source), slot, int(node_id), len(sockets), output["type"]]
            links.append(link)
            output["links"].append(link[0])
            sockets.append({"name": name, "type": output["type"], "link": link[0]})
        nodes[node_id] = {
            "id": int(node_id),
            "type": kind,
            "pos": [depth * 380, rows[depth] * 300],  # pixels
            "size": [315, 120 + 26 * len(widgets)],
            "flags": {},
            "order": order,
            "mode": 0,
            "inputs": sockets,
            "outputs": [{"name": one, "type": one, "links": []} for one in _OUTPUTS[kind].split()],
            "properties": {"Node name for S&R": kind},
            "widgets_values": widgets,
        }
    return {
        "last_node_id": len(nodes),
        "last_link_id": len(links),
        "nodes": list(nodes.values()),
        "links": links,
        "groups": [],
        "config": {},
        "extra": {},
        "version": 0.4,
    }
