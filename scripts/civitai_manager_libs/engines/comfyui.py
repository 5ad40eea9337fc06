"""ComfyUI: what it has, and a graph that it runs."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlsplit

from .. import setting
from ..core import as_integer, as_list, as_mapping, as_text, Cancellation, clean_line
from ..core import detect_media_extension, model_file_stem, model_formats, never_cancelled
from ..errors import Cancelled, EngineError, InvalidResponse, NetworkError
from ..infotext import build_infotext, build_workflow, ComfyGraph, compose_infotext, find_family
from ..infotext import Graph, parse_infotext, read_graph, SEEDS
from ..network import ReplyLimits
from .find import Connection, Engine, make_error, shorten_error
from .model_parts import choose_parts, find_part, list_lora_bases, read_contents
from .recipe import Caution, EngineFile, iter_cautions, Made, match_file, Missing, MODULE, Plan
from .recipe import Planner, PlanOptions, real_path, Recipe, Report

_LISTS = {  # the node by which files are looked for, and its input that lists them
    "model": ("CheckpointLoaderSimple", "ckpt_name"),
    "diffusion_model": ("UNETLoader", "unet_name"),
    "lora": ("LoraLoader", "lora_name"),
    "vae": ("VAELoader", "vae_name"),
    "upscaler": ("UpscaleModelLoader", "model_name"),
    "sampler": ("KSampler", "sampler_name"),
    "schedule": ("KSampler", "scheduler"),
}
_GGUF = "UnetLoaderGGUF"  # https://github.com/city96/ComfyUI-GGUF
_LOADERS = (_LISTS["model"], _LISTS["diffusion_model"], (_GGUF, "unet_name"))
_FOLDERS = {  # the folders of a list, as ComfyUI names them
    "ckpt_name": ("checkpoints",),
    "unet_name": ("diffusion_models", "unet", "unet_gguf"),
    "lora_name": ("loras",),
    "vae_name": ("vae",),
}
_TYPES = {name: kind.removeprefix("diffusion_") for kind, (_, name) in _LISTS.items()}
_TYPES["image"] = "image"
_IN_PARTS = ("flux", "sd3", "sdxl")  # families that can be loaded so
_UPSCALERS = {  # A1111's names of upscalers: the usual names of their files
    "R-ESRGAN 4x+": "RealESRGAN_x4plus",
    "R-ESRGAN 4x+ Anime6B": "RealESRGAN_x4plus_anime_6B",
    "SwinIR 4x": "SwinIR_4x",
}
_CORE_MODULE = re.compile(r"nodes|comfy_extras(?:\..*)?")
_OUTPUTS = ("SaveImage", "PreviewImage")  # other outputs may write any file, such as a checkpoint
_EMBEDDING = re.compile(r"embedding:\s*([^\s,():]{1,200})")
_FILES = (*model_formats.MODELS, ".png", ".jpg", ".jpeg", ".webp")  # of models and images
_MAX_IMAGE = 100_000_000  # bytes
_POLL = 1.0  # seconds
_MAX_FAILURES = 30  # polls in a row without an answer
_MAX_UNKNOWN = 3  # polls in a row without the graph: it may leave the queue between two questions
_STOP = ReplyLimits(wait=5, total=5)
_VALIDATION = ReplyLimits(wait=30, total=60)  # ComfyUI opens the files


class Lists:
    """The nodes and files that a ComfyUI has, each asked for once."""

    def __init__(self, engine: Engine) -> None:
        self._client = Connection(engine)
        self._known: dict[str, Mapping[str, Any]] = {}
        self._files: dict[tuple[str, str], list[EngineFile]] = {}

    def find(self, node_type: str) -> Mapping[str, Any]:
        """Return the description of a type of node, {} if it is missing."""
        if node_type not in self._known:
            path = f"/object_info/{quote(node_type, safe='', errors='replace')}"
            # A name with a slash is no path of the route.
            reply = self._client.read_json(path, (200, 404, 405))
            self._known[node_type] = as_mapping(as_mapping(reply.value).get(node_type))
        return self._known[node_type]

    def list_choices(self, node_type: str, name: str) -> list[str] | None:
        """Return the values that an input accepts, None if it is not a choice."""
        inputs = as_mapping(self.find(node_type).get("input"))
        for part in ("required", "optional"):
            stated = as_list(as_mapping(inputs.get(part)).get(name))
            if not stated:
                continue
            values = stated[0]
            if values == "COMBO" and len(stated) > 1:
                values = as_mapping(stated[1]).get("options")
            if isinstance(values, list):
                return [one for one in values if isinstance(one, str)]
        return None

    def list_files(self, node_type: str, input_name: str) -> list[EngineFile]:
        """Return the files that an input accepts."""
        key = (node_type, input_name)
        if key in self._files:
            return self._files[key]
        folders = self.list_folders(*_FOLDERS.get(input_name, ()))
        files = []
        for name in self.list_choices(*key) or ():
            paths = (os.path.join(folder, name) for folder in folders)
            path = real_path(next(filter(os.path.isfile, paths), ""))  # "" if not on this machine
            files.append(EngineFile(name, (model_file_stem(name), name), path))
        self._files[key] = files
        return files

    def list_folders(self, *kinds: str) -> list[str]:
        """Return the folders of these kinds; [] if ComfyUI runs on another machine."""
        listed = (as_list(self._folders.get(kind))[:50] for kind in kinds)
        return [folder for part in listed for folder in part if isinstance(folder, str)]

    @cached_property
    def _folders(self) -> Mapping[str, Any]:
        if urlsplit(self._client.address).hostname not in ("127.0.0.1", "localhost", "::1"):
            return {}
        reply = self._client.read_json("/internal/folder_paths", (200, 404, 405))
        return as_mapping(reply.value) if reply.status == 200 else {}

    @cached_property
    def embeddings(self) -> list[EngineFile]:
        """Return the embeddings, which ComfyUI lists without extension."""
        names = as_list(self._client.read_json("/embeddings").value)
        return [EngineFile(n, (model_file_stem(n), n)) for n in names if isinstance(n, str)]


def list_files(engine: Engine) -> dict[str, list[str]]:
    """Return the names of ComfyUI's models, LoRAs, VAEs, upscalers, samplers and schedules."""
    lists = Lists(engine)
    return {kind: lists.list_choices(*where) or [] for kind, where in _LISTS.items()}


def list_engine_folders(engine: Engine) -> list[str]:
    """Return the folders on this machine where ComfyUI has its models.

    A folder `models` stands for those in it, beside which ComfyUI's own configuration may lie.
    """
    kinds = (kind for kinds in _FOLDERS.values() for kind in kinds)
    found = filter(os.path.isdir, Lists(engine).list_folders(*kinds, "embeddings"))
    pairs = ((os.path.dirname(path), path) for path in found)
    tops = (top if os.path.basename(top) == "models" else path for top, path in pairs)
    return list(dict.fromkeys(tops))


def plan(
    engine: Engine, recipe: Recipe, options: PlanOptions = PlanOptions(), lists: Lists | None = None
) -> Plan:
    """Return the graph to run, what is missing, and why the image will differ.

    lists: those of an earlier plan, so that the engine is not asked again. Raises EngineError if it
    is not known how a graph for the image looks.
    """
    lists = lists or Lists(engine)
    if recipe.graph is not None and not options.rebuilds:
        return _OwnGraphPlanner(recipe, options, lists).plan(recipe.graph)
    return _Planner(recipe, options, lists).plan(engine)


class _Planner(Planner):
    """Plans a graph that is made anew from an infotext."""

    _lists: Lists

    def plan(self, engine: Engine) -> Plan:
        values = dict(self._infotext.parameters)
        loaders = {one[0]: self._lists.list_files(*one) for one in _LOADERS}
        loader, model = self._find_model(values, loaders)
        base_model, has_encoders, has_vae = self._read_model(loader, model)
        family = find_family(base_model, self._infotext)
        if family not in _IN_PARTS:
            has_vae = True  # or the infotext names one
            if not has_encoders:
                raise make_error("engine_no_family", engine=engine.name, model=model)
        self._place_vae(values, self._lists.list_files(*_LISTS["vae"]))
        prompt, loras = self._find_loras(self._lists.list_files(*_LISTS["lora"]))
        self._check_loras(loras.values(), family)
        vae = ""
        names_vae = (stated := values.get("VAE", "")).lower() not in ("", "automatic", "none")
        if names_vae:
            wanted = self._want("vae", model_file_stem(stated), values.get("VAE hash", ""))
            vae = self._find(wanted, self._lists.list_files(*_LISTS["vae"]))
            if not vae and self._options.drops_missing:
                del values["VAE"]
                names_vae = False
        upscaler = self._find_upscaler(values)
        embeddings = self._find_embeddings()
        prompts = (prompt, self._infotext.negative_prompt)
        files: dict[str, Any] = {"model": model, "loader": loader or _LOADERS[0][0], "loras": loras}
        files |= {"vae": vae, "upscaler": upscaler, "embeddings": embeddings}
        files |= {"has_encoders": has_encoders, "has_vae": has_vae}
        built = ComfyGraph(compose_infotext(*prompts, values), base_model, **files)
        graph = built.graph
        modules = {k: v for k, v in self._infotext.parameters.items() if MODULE.fullmatch(k)}
        parts = self._check_graph(graph, map(model_file_stem, modules.values()), names_vae)
        used = {
            name: file
            for name, file in modules.items()
            if name not in values or model_file_stem(file).lower() in parts
        }
        infotext = compose_infotext(*prompts, values | used)
        lost = [one for one in built.lost if one.field not in used]
        recipe = replace(self._recipe, base_model=base_model)
        cautions = list(iter_cautions(recipe, "comfyui", lost))
        if guessed := parts - {model_file_stem(file).lower() for file in modules.values()}:
            cautions.append(Caution("caution_parts", value=", ".join(sorted(guessed))))
        assumed = (Caution("caution_assumed", one.field, one.got) for one in built.assumed)
        cautions += (one for one in assumed if one.field != "Model")
        request = {"prompt": graph, "workflow": build_workflow(graph), "modules": used}
        models = [one.path.lower() for one in self._recipe.wanted if one.type == "model"]
        is_gguf = any(path.endswith(".gguf") for path in models)
        if not model and is_gguf and not self._lists.find(_GGUF):  # only a custom node loads it
            self._missing = [one for one in self._missing if one.type != "model"]
            self._missing.append(Missing("node", _GGUF))
        missing = tuple(dict.fromkeys(self._missing))
        return Plan(infotext, request, missing, (*self._cautions, *cautions))

    def _read_model(self, loader: str, model: str) -> tuple[str, bool, bool]:
        """Return (base model, whether the file has text encoders, whether it has a VAE)."""
        listed = self._lists.list_files(loader, dict(_LOADERS)[loader]) if loader else ()
        contents = read_contents(next((one.path for one in listed if one.name == model), ""))
        base_model = self._recipe.base_model
        if contents is None:
            # A guess: Stability publishes SD 3 without text encoders, others checkpoints with all.
            choices = self._lists.list_choices("TripleCLIPLoader", "clip_name1") or ()
            is_sd3 = find_family(base_model, self._infotext) == "sd3"
            has_all = len(choose_parts(("clip_l", "clip_g", "t5xxl"), choices, ())) == 3
            is_whole = loader in ("", _LOADERS[0][0])
            return base_model, is_whole and not (is_sd3 and has_all), is_whole
        known, has_encoders, has_vae = contents
        families = {find_family(one, self._infotext) for one in (known, base_model)}
        if known and (not base_model or len(families) == 2):  # else the image's name says more
            base_model = known
        return base_model, has_encoders, has_vae

    def _check_loras(self, names: Iterable[str], family: str) -> None:
        """Note the LoRAs of another base model: ComfyUI leaves out what does not fit."""
        paths = {one.name: one.path for one in self._lists.list_files(*_LISTS["lora"])}
        for name in names:
            bases = list_lora_bases(paths.get(name, ""))
            if family and bases and family not in bases:
                self._cautions.append(Caution("caution_other_base", value=name))

    def _find_upscaler(self, values: dict[str, str]) -> str:
        name = values.get("Hires upscaler", "")
        if not name or name.startswith("Latent") or name in ("Lanczos", "Nearest", "None"):
            return ""
        wanted = self._want("upscaler", _UPSCALERS.get(name, name))
        file = self._find(wanted, self._lists.list_files(*_LISTS["upscaler"]))
        if not file and self._options.drops_missing:
            values["Hires upscaler"] = "Lanczos"
        return file

    def _check_graph(self, graph: Graph, modules: Iterable[str], names_vae: bool) -> set[str]:
        """Choose text encoders and VAE; note the nodes and the values that ComfyUI does not have.

        modules: the parts that a Forge has used, without extension. Return the chosen ones' names
        in this form, in lower case. names_vae: the infotext names the VAE.
        """
        stated = [*modules, *map(str.strip, setting.engine_encoders.split(";"))]
        chosen = set[str]()
        is_reported = {one.type for one in self._missing}
        for node in graph.values():
            kind, inputs = node["class_type"], node["inputs"]
            if not self._lists.find(kind):
                self._missing.append(Missing("node", kind))
                continue
            is_part = kind.endswith("CLIPLoader") or kind == "VAELoader" and not names_vae
            if is_part:
                inputs_of = {find_part(v): k for k, v in inputs.items() if k != "type"}
                listed = self._lists.list_choices(kind, [*inputs][0]) or []
                found = choose_parts([*inputs_of], listed, stated)
                inputs |= {inputs_of[part]: name for part, name in found.items()}
                chosen |= {model_file_stem(name).lower() for name in found.values()}
            for name, value in inputs.items():
                choices = self._lists.list_choices(kind, name) if isinstance(value, str) else None
                if choices is None or value in choices:
                    continue
                what = "part" if is_part else _name_type(name, value)
                if what not in is_reported:
                    self._missing.append(Missing(what, value))
        return chosen


def _name_type(input_name: str, value: str) -> str:
    """Return what a value of a node is, as a type of `Missing`."""
    return _TYPES.get(input_name, "file" if value.lower().endswith(_FILES) else "value")


class _OwnGraphPlanner(Planner):
    """Plans the graph that made the image: only its seed and the spelling of files change."""

    _lists: Lists

    def plan(self, own: Graph) -> Plan:
        names = ("class_type", "inputs")
        graph = {
            key: copy.deepcopy({name: node[name] for name in names}) for key, node in own.items()
        }
        if len({str(node["class_type"]) for node in graph.values()}) > 300:
            raise make_error("engine_graph_too_large")
        _ensure_output(graph, self._lists)
        custom_nodes = self._check_nodes(graph)
        old_seed = as_integer(read_graph({"prompt": own}).get("seed"))
        has_seed = _replace_seed(graph, old_seed, self._recipe)
        if self._recipe.is_other_seed:
            self._cautions.append(Caution("caution_seed" if has_seed else "caution_seed_kept"))
        for node in graph.values():
            kind, inputs = str(node["class_type"]), node["inputs"]
            if isinstance(inputs, dict):
                self._spell_inputs(kind, inputs)
        infotext = build_infotext({"comfy": {"prompt": graph}}) or self._recipe.infotext
        missing = tuple(dict.fromkeys(self._missing))
        cautions = tuple(dict.fromkeys(self._cautions))
        return Plan(infotext, {"prompt": graph}, missing, cautions, custom_nodes)

    def _check_nodes(self, graph: Graph) -> tuple[str, ...]:
        """Note the nodes that are missing; return those that need the user's consent."""
        custom = list[str]()
        for kind in dict.fromkeys(str(node["class_type"]) for node in graph.values()):
            about = self._lists.find(kind)
            is_core = _CORE_MODULE.fullmatch(as_text(about.get("python_module")))
            if not about:
                self._missing.append(Missing("node", clean_line(kind)))
            elif about.get("api_node"):  # costs the user's money
                self._missing.append(Missing("paid_node", kind))
            elif not is_core or about.get("output_node") and kind not in _OUTPUTS:
                custom.append(kind)
        return tuple(custom)

    def _spell_inputs(self, kind: str, inputs: dict[str, Any]) -> None:
        """Spell the files that a node reads as ComfyUI lists them."""
        if kind == "SaveImage":
            inputs["filename_prefix"] = "gallery/image"
        for name, value in inputs.items():
            if not isinstance(value, str):
                continue
            if kind.startswith("LoadImage") and name == "image":
                self._cautions.append(Caution("caution_input", value=value))
            for embedding in _EMBEDDING.findall(value):
                stem = model_file_stem(embedding)
                self._find(self._want("embed", stem), self._lists.embeddings)
            choices = self._lists.list_choices(kind, name)
            if choices is None:
                continue
            what, stem = _name_type(name, value), model_file_stem(value)
            wanted, listed = self._want(what, stem), self._lists.list_files(kind, name)
            same = [one for one in choices if one.replace("\\", "/") == value.replace("\\", "/")]
            if same:  # if need be, with the other system's separators
                inputs[name] = value if value in same else same[0]
                self._note_doubt(wanted, listed[choices.index(inputs[name])])
                continue
            found = match_file(wanted, listed) if value.lower().endswith(_FILES) else None
            if isinstance(found, EngineFile):
                self._note_doubt(wanted, found)
                inputs[name] = found.name
            else:
                self._missing.append(Missing(what, clean_line(value)))


def _replace_seed(graph: Graph, old: int | None, recipe: Recipe) -> bool:
    """Write the recipe's seed into the nodes that state the old one; return whether any does.

    The seed may come by a link from another node, whatever its input is named.
    """
    nodes = {
        key: inputs for key, node in graph.items() if isinstance(inputs := node["inputs"], dict)
    }
    linked = {
        str(value[0])
        for inputs in nodes.values()
        for name, value in inputs.items()
        if name in SEEDS and isinstance(value, list) and value
    }
    found = False
    for key, inputs in nodes.items():
        is_random = graph[key]["class_type"] == "Seed (rgthree)"
        for name, value in inputs.items():
            is_named = name in SEEDS or key in linked
            is_number = isinstance(value, (int, str)) and not isinstance(value, bool)
            is_old = is_number and old is not None and as_integer(value) == old
            if is_named and is_old or is_random and name == "seed":
                inputs[name], found = recipe.seed, True
    return found


def _ensure_output(graph: Graph, lists: Lists) -> None:
    """Add a node that saves the image if a graph has none, since Civitai may have dropped it."""
    kinds = {key: str(node["class_type"]) for key, node in graph.items()}
    previews = [key for key, kind in kinds.items() if kind == "PreviewImage"]
    savers = [  # of images; others write texts or checkpoints
        key
        for key, kind in kinds.items()
        if key not in previews
        and lists.find(kind).get("output_node")
        and {"image", "images"} & set(as_mapping(graph[key]["inputs"]))
    ]
    if savers:
        return
    if previews:  # its file would be deleted
        graph[previews[-1]]["class_type"] = "SaveImage"
        return
    decoders = [key for key, kind in kinds.items() if kind == "VAEDecode"]
    if decoders:
        inputs = {"images": [decoders[-1], 0], "filename_prefix": ""}
        graph["gallery"] = {"class_type": "SaveImage", "inputs": inputs}


def make(
    engine: Engine,
    planned: Plan,
    prompt_id: str,
    report: Report = lambda part: None,
    cancelled: Cancellation | None = None,
    is_resumed: bool = False,
) -> Made:
    """Run a planned graph and return the image. Raises EngineError and Cancelled.

    prompt_id: a lower-case UUID. is_resumed: the graph was sent before, so only wait for it.
    """
    cancelled = cancelled or never_cancelled()
    client, graph = Connection(engine), as_mapping(planned.request["prompt"])
    try:
        cancelled.check()
        is_answered = is_resumed or _send(client, planned, prompt_id)
        patience = _MAX_UNKNOWN if is_answered else 300  # polls: the graph may yet be taken
        entry = _wait(client, prompt_id, report, cancelled, patience)
        image = _fetch_image(client, entry, graph, cancelled)
    except Cancelled:
        stop(engine, prompt_id)
        raise
    read = parse_infotext(build_infotext({"comfy": {"prompt": graph}}))
    values = {**read.parameters, **as_mapping(planned.request.get("modules"))}
    values |= {"RNG": "CPU", "Version": f"ComfyUI {engine.version}".strip()}
    infotext = compose_infotext(read.prompt, read.negative_prompt, values)
    messages = map(as_list, as_list(as_mapping(entry.get("status")).get("messages")))
    stated = [as_mapping(one[1]) for one in messages if one[:1] == ["execution_cached"] and one[1:]]
    cached = {as_text(node) for one in stated for node in as_list(one.get("nodes"))}
    outputs = set(as_mapping(entry.get("outputs")))
    # It ran nothing if it had made the same before.
    is_same = bool(outputs) and outputs <= cached
    return Made(image, infotext, (Caution("engine_same"),) if is_same else ())


def _send(client: Connection, planned: Plan, prompt_id: str) -> bool:
    """Send a graph; return False if ComfyUI may yet take it. Raises EngineError."""
    graph = as_mapping(planned.request["prompt"])
    body: dict[str, Any] = {"prompt": graph, "prompt_id": prompt_id}
    if "workflow" in planned.request:
        body["extra_data"] = {"extra_pnginfo": {"workflow": planned.request["workflow"]}}
    try:
        # Not to be cancelled: a graph that ComfyUI takes later would run.
        reply = client.fetch("POST", "/prompt", body, limits=_VALIDATION)
    except NetworkError as error:
        try:
            _find_in_queue(client, prompt_id)
        except (NetworkError, InvalidResponse):
            raise client.error("engine_off") from error
        return False
    except InvalidResponse as error:
        raise client.error("engine_invalid") from error
    stated = as_mapping(client.check(reply, (200, 400)).value)
    problem = as_mapping(stated.get("error"))
    if problem.get("type") == "missing_node_type":
        kind = as_text(as_mapping(problem.get("extra_info")).get("class_type"))
        raise client.error("engine_missing_node", nodes=clean_line(kind))
    details = list(_iter_node_errors(as_mapping(stated.get("node_errors")), graph))
    if details:
        if reply.status == 200:  # it runs only a part
            stop(client.engine, prompt_id)
        raise client.error("engine_refused", error="; ".join(details[:3]))
    if reply.status != 200 or as_text(stated.get("prompt_id")) != prompt_id:
        detail = as_text(problem.get("message")) or f"HTTP {reply.status}"
        raise client.error("engine_refused", error=shorten_error(detail))
    return True


def _iter_node_errors(node_errors: Mapping[str, Any], graph: Mapping[str, Any]) -> Iterator[str]:
    for node_id, stated in node_errors.items():
        kind = as_text(as_mapping(graph.get(node_id)).get("class_type"))
        errors = [as_mapping(one) for one in as_list(as_mapping(stated).get("errors"))]
        for error in errors or [{}]:
            words = (as_text(error.get("message")), as_text(error.get("details")))
            yield shorten_error(f"{kind}: {' '.join(filter(None, words))}".strip(": "))


def _wait(
    client: Connection, prompt_id: str, report: Report, cancelled: Cancellation, patience: int
) -> Mapping[str, Any]:
    """Return the entry of ComfyUI's history once the graph has run. Raises EngineError.

    patience: how many times ComfyUI may not know the graph.
    """
    failures = unknown = 0
    while True:
        try:
            history = _poll(client, f"/history/{prompt_id}", cancelled=cancelled)
            entry = as_mapping(history.get(prompt_id))
            if entry:
                _check_status(client, as_mapping(entry.get("status")))
                return entry
            state = _find_in_queue(client, prompt_id, cancelled=cancelled)
            unknown = 0 if state else unknown + 1
            patience = _MAX_UNKNOWN if state else patience
            report(0.5 if state == "queue_running" else 0.0)
            failures = 0
        except (NetworkError, InvalidResponse) as error:
            failures += 1
            if failures >= _MAX_FAILURES:
                raise client.error("engine_gone") from error
        if unknown >= patience:
            raise client.error("engine_forgot" if patience == _MAX_UNKNOWN else "engine_gone")
        cancelled.sleep(_POLL)


def _poll(client: Connection, path: str, **options: Any) -> Mapping[str, Any]:
    reply = client.fetch("GET", path, **options)
    if reply.status >= 500 or reply.status == 429:  # of a proxy perhaps, for a moment
        raise NetworkError(f"HTTP {reply.status}")
    return as_mapping(client.check(reply).value)


def _find_in_queue(client: Connection, prompt_id: str, **options: Any) -> str:
    """Return "queue_running", "queue_pending", or "" if the queue does not have the graph."""
    queue = _poll(client, "/queue", **options)
    for state in ("queue_running", "queue_pending"):
        if any(prompt_id in as_list(one)[1:2] for one in as_list(queue.get(state))):
            return state
    return ""


def _check_status(client: Connection, status: Mapping[str, Any]) -> None:
    if status.get("status_str") == "success" or not status:  # old versions have no status
        return
    for message in map(as_list, as_list(status.get("messages"))):
        if message[:1] == ["execution_error"]:
            stated = as_mapping(message[1] if len(message) > 1 else None)
            kind, text = (as_text(stated.get(n)) for n in ("node_type", "exception_message"))
            error = ": ".join(filter(None, (clean_line(kind), shorten_error(text))))
            raise client.error("engine_failed", error=error)
    raise client.error("engine_interrupted")


def _fetch_image(
    client: Connection, entry: Mapping[str, Any], graph: Mapping[str, Any], cancelled: Cancellation
) -> bytes:
    images = [
        (as_mapping(graph.get(node_id)).get("class_type") == "SaveImage", as_mapping(image))
        for node_id, output in as_mapping(entry.get("outputs")).items()
        for image in as_list(as_mapping(output).get("images"))
    ]
    # What other nodes put there may be a mask or a control image.
    images.sort(key=lambda one: one[0])
    saved = [image for _, image in images if image.get("type") == "output"]
    if not saved:
        raise client.error("engine_no_image")
    params = {name: as_text(saved[-1].get(name)) for name in ("filename", "subfolder", "type")}
    limits = ReplyLimits(wait=30, total=600, size=_MAX_IMAGE)
    try:
        reply = client.fetch("GET", "/view", params=params, limits=limits, cancelled=cancelled)
    except InvalidResponse as error:
        raise client.error("engine_too_large") from error
    except NetworkError as error:
        raise client.error("engine_gone") from error
    is_image = detect_media_extension(reply.body[:16]) in ("png", "jpg", "webp")
    if reply.status != 200 or not is_image:
        raise client.error("engine_no_image")
    return reply.body


def stop(engine: Engine, prompt_id: str) -> None:
    """Take a graph out of the queue, or stop it if it runs; graphs of others go on."""
    try:
        client = Connection(engine)
        client.fetch("POST", "/queue", {"delete": [prompt_id]}, limits=_STOP)
        # Old versions ignore the id and stop whatever runs.
        if _find_in_queue(client, prompt_id, limits=_STOP) == "queue_running":
            client.fetch("POST", "/interrupt", {"prompt_id": prompt_id}, limits=_STOP)
    except (NetworkError, InvalidResponse, EngineError):
        return  # it is gone, and so is what it did


def save_workflow(engine: Engine, name: str, workflow: Mapping[str, Any]) -> str:
    """Store a workflow for ComfyUI's editor; return its name in the list of workflows there.

    Another workflow of this name, which the user may have changed, is kept. Raises EngineError.
    """
    client = Connection(engine)
    for number in range(1, 50):
        shown = f"gallery/{name}{f'-{number}' if number > 1 else ''}"
        path = f"/userdata/{quote(f'workflows/{shown}.json', safe='')}"
        try:
            reply = client.fetch("POST", path, workflow, {"overwrite": "false"})
            if reply.status != 409:
                client.check(reply)
                return shown
            if client.fetch("GET", path).value == workflow:
                return shown
        except NetworkError as error:
            raise client.error("engine_off") from error
        except InvalidResponse as error:
            raise client.error("engine_invalid") from error
    raise client.error("engine_failed", error=f"gallery/{name}")
