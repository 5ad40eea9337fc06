"""ComfyUI: what it has, and a graph that it runs."""

from __future__ import annotations

import copy
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlsplit

from .. import setting
from ..core import (
    as_integer,
    as_list,
    as_mapping,
    as_text,
    Cancellation,
    clean_line,
    detect_media_extension,
    model_file_stem,
    never_cancelled,
)
from ..errors import Cancelled, EngineError, InvalidResponse, NetworkError
from ..infotext import (
    build_graph,
    build_infotext,
    build_workflow,
    compose_infotext,
    GraphFiles,
    parse_infotext,
    read_graph,
    translate_prompt,
)
from ..network import EngineClient, ReplyLimits
from .find import check_reply, connect, Engine, fail, request_json, shorten_error
from .recipe import (
    Caution,
    drop_lora,
    Graph,
    iter_cautions,
    Listed,
    Made,
    match_file,
    Missing,
    Plan,
    PlanOptions,
    Recipe,
    Report,
    Wanted,
)

__all__ = ["list_files", "make", "plan", "stop"]

_LOADERS = (  # by which a model is looked for, and the input that lists the files
    ("CheckpointLoaderSimple", "ckpt_name"),
    ("UNETLoader", "unet_name"),
    ("UnetLoaderGGUF", "unet_name"),
)
_LISTS = {
    "model": ("CheckpointLoaderSimple", "ckpt_name"),
    "diffusion_model": ("UNETLoader", "unet_name"),
    "lora": ("LoraLoader", "lora_name"),
    "vae": ("VAELoader", "vae_name"),
    "upscaler": ("UpscaleModelLoader", "model_name"),
    "sampler": ("KSampler", "sampler_name"),
    "schedule": ("KSampler", "scheduler"),
}
_FOLDERS = {  # the folders of a list, as ComfyUI names them
    "ckpt_name": ("checkpoints",),
    "unet_name": ("diffusion_models", "unet", "unet_gguf"),
    "lora_name": ("loras",),
    "vae_name": ("vae",),
}
_TYPES = {"ckpt_name": "model", "unet_name": "model", "lora_name": "lora", "vae_name": "vae"}
_TYPES |= {"model_name": "upscaler", "image": "image", "sampler_name": "sampler"}
_TYPES |= {"scheduler": "schedule"}
_ENCODERS = {"flux": ("clip_l", "t5xxl"), "sd3": ("clip_l", "clip_g", "t5xxl")}
_UPSCALERS = {  # A1111's names of upscalers: the usual names of their files
    "R-ESRGAN 4x+": "RealESRGAN_x4plus",
    "R-ESRGAN 4x+ Anime6B": "RealESRGAN_x4plus_anime_6B",
    "SwinIR 4x": "SwinIR_4x",
}
_CORE_MODULE = re.compile(r"nodes|comfy_extras(?:\..*)?")
_OUTPUTS = ("SaveImage", "PreviewImage")  # other outputs may write any file, such as a checkpoint
_SEEDS = ("seed", "noise_seed")
_FILE = re.compile(r".{1,300}\.(?:safetensors|ckpt|pt|pth|bin|gguf|sft|png|jpe?g|webp)", re.I)
_MAX_KINDS = 300  # of nodes in one graph
_MAX_IMAGE = 100_000_000  # bytes
_POLL = 1.0  # seconds
_MAX_FAILURES = 30  # polls in a row without an answer
_MAX_UNKNOWN = 3  # polls in a row without the graph: it may leave the queue between two questions
_MAX_UNANSWERED = 300  # the same while the graph may yet be taken
_VALIDATION = ReplyLimits(wait=30, total=60)  # ComfyUI opens the files


class _Nodes:
    """The types of nodes that a ComfyUI has, asked for one by one."""

    def __init__(self, engine: Engine, client: EngineClient) -> None:
        self._engine, self._client = engine, client
        self._known: dict[str, Mapping[str, Any]] = {}

    def find(self, node_type: str) -> Mapping[str, Any]:
        """Return the description of a type of node, {} if it is missing."""
        if node_type not in self._known:
            path = f"/object_info/{quote(node_type, safe='')}"
            # A name with a slash is no path of the route.
            reply = request_json(self._engine, self._client, "GET", path, (200, 404, 405))
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


def list_files(engine: Engine) -> dict[str, list[str]]:
    """Return the names of ComfyUI's models, LoRAs, VAEs, upscalers, samplers and schedules."""
    nodes = _Nodes(engine, connect(engine.address))
    return {kind: nodes.list_choices(*where) or [] for kind, where in _LISTS.items()}


def plan(engine: Engine, recipe: Recipe, options: PlanOptions = PlanOptions()) -> Plan:
    """Return the graph to run, what is missing, and why the image will differ."""
    client = connect(engine.address)
    nodes, list_paths = _Nodes(engine, client), _make_path_finder(engine, client)
    if recipe.graph is not None and not options.rebuilds:
        return _plan_own_graph(recipe, recipe.graph, nodes, list_paths)
    return _Planner(recipe, options, nodes, list_paths).plan(engine, client)


def _make_path_finder(engine: Engine, client: EngineClient) -> Callable[[str, str], str]:
    """Return a function that returns a listed file's path on this machine, "" if unknown."""
    folders: Mapping[str, Any] = {}
    if urlsplit(engine.address).hostname in ("127.0.0.1", "localhost", "::1"):
        reply = client.fetch("GET", "/internal/folder_paths")
        folders = as_mapping(reply.value) if reply.status == 200 else {}

    def find(input_name: str, name: str) -> str:
        for kind in _FOLDERS.get(input_name, ()):
            for folder in as_list(folders.get(kind))[:50]:
                path = os.path.join(folder, name) if isinstance(folder, str) else ""
                if os.path.isfile(path):
                    return path
        return ""

    return find


def _list_as_files(
    values: Sequence[str], input_name: str, find_path: Callable[[str, str], str]
) -> list[Listed]:
    return [
        Listed(name, (model_file_stem(name), name), find_path(input_name, name)) for name in values
    ]


class _Planner:
    """Plans a graph that is made anew from an infotext."""

    def __init__(
        self,
        recipe: Recipe,
        options: PlanOptions,
        nodes: _Nodes,
        find_path: Callable[[str, str], str],
    ) -> None:
        self._recipe, self._options = recipe, options
        self._nodes, self._find_path = nodes, find_path
        self._infotext = parse_infotext(recipe.infotext)
        self._missing: list[Missing] = []
        self._cautions: list[Caution] = []

    def plan(self, engine: Engine, client: EngineClient) -> Plan:
        values = dict(self._infotext.parameters)
        loader, model = self._find_model(values.get("Model", ""))
        prompt = self._infotext.prompt
        loras: dict[str, str] = {}
        for tag in translate_prompt(prompt).loras:
            file = self._find("lora", tag.name, "LoraLoader", "lora_name")
            if file:
                loras[tag.name.lower()] = file
            elif self._options.drops_missing:
                prompt = drop_lora(prompt, tag.name)
        vae = ""
        if (stated := values.get("VAE", "")).lower() not in ("", "automatic", "none"):
            name, code = model_file_stem(stated), values.get("VAE hash", "")
            vae = self._find("vae", name, "VAELoader", "vae_name", code)
            if not vae and self._options.drops_missing:
                del values["VAE"]
        upscaler = self._find_upscaler(values)
        embeddings = self._find_embeddings(engine, client)
        infotext = compose_infotext(prompt, self._infotext.negative_prompt, values)
        files = GraphFiles(model, loader, loras, vae, upscaler, (), embeddings)
        built = build_graph(infotext, files, self._recipe.base_model)
        graph = built.graph
        self._choose_encoders(graph)
        self._missing += _list_unknown_values(graph, self._nodes, set(self._missing))
        self._cautions += iter_cautions(self._recipe, "comfyui", built.lost)
        assumed = (Caution("caution_assumed", one.field, one.got) for one in built.assumed)
        self._cautions += (one for one in assumed if one.field != "Model")
        request = {"prompt": graph, "workflow": build_workflow(graph)}
        return Plan(infotext, request, tuple(self._missing), tuple(self._cautions))

    def _wanted(self, kind: str, name: str, code: str = "") -> Wanted:
        for one in self._recipe.wanted:
            if one.type == kind and one.name.lower() == name.lower():
                return one
        return Wanted(kind, name, code)

    def _find_model(self, name: str) -> tuple[str, str]:
        """Return (type of the loader, file), the first loader and "" if the model is missing."""
        models = [one for one in self._recipe.wanted if one.type == "model"]
        wanted = next((one for one in models if one.name == model_file_stem(name)), None)
        wanted = wanted or next(iter(models), None)
        wanted = wanted or Wanted("model", model_file_stem(name))
        missing = Missing("model", wanted.name or wanted.hash)
        for loader, input_name in _LOADERS:
            values = self._nodes.list_choices(loader, input_name) or []
            found = match_file(wanted, _list_as_files(values, input_name, self._find_path))
            if isinstance(found, Listed):
                return loader, found.name
            missing = found if found.is_other else missing
        self._missing.append(missing)
        return _LOADERS[0][0], ""

    def _find(self, kind: str, name: str, node_type: str, input_name: str, code: str = "") -> str:
        """Return the listed name of a file; if it is missing, note that and return ""."""
        values = self._nodes.list_choices(node_type, input_name) or []
        listed = _list_as_files(values, input_name, self._find_path)
        found = match_file(self._wanted(kind, name, code), listed)
        if isinstance(found, Listed):
            return found.name
        if self._options.drops_missing:
            self._cautions.append(Caution("caution_dropped", kind, name))
        else:
            self._missing.append(found)
        return ""

    def _find_upscaler(self, values: dict[str, str]) -> str:
        name = values.get("Hires upscaler", "")
        if not name or name.startswith("Latent") or name in ("Lanczos", "Nearest", "None"):
            return ""
        file_name = _UPSCALERS.get(name, name)
        file = self._find("upscaler", file_name, "UpscaleModelLoader", "model_name")
        if not file and self._options.drops_missing:
            values["Hires upscaler"] = "Lanczos"
        return file

    def _find_embeddings(self, engine: Engine, client: EngineClient) -> list[str]:
        wanted = [one for one in self._recipe.wanted if one.type == "embed" and one.name]
        if not wanted:
            return []
        reply = request_json(engine, client, "GET", "/embeddings")
        names = [one for one in as_list(reply.value) if isinstance(one, str)]
        listed = [Listed(one, (model_file_stem(one),)) for one in names]
        found = []
        for one in wanted:
            match = match_file(one, listed)
            if isinstance(match, Listed):
                found.append(match.name)
            elif self._options.drops_missing:  # its name stays in the prompt as a word
                self._cautions.append(Caution("caution_dropped", "embed", one.name))
            else:
                self._missing.append(match)
        return found

    def _choose_encoders(self, graph: Graph) -> None:
        """Set the text encoders that are there: those in the settings, or the usual ones."""
        stated = [one.strip() for one in setting.engine_encoders.split(";") if one.strip()]
        for node in graph.values():
            kind, inputs = node["class_type"], node["inputs"]
            names = _ENCODERS.get(
                {"DualCLIPLoader": "flux", "TripleCLIPLoader": "sd3"}.get(kind, "")
            )
            for index, usual in enumerate(names or (), 1):
                choices = self._nodes.list_choices(kind, f"clip_name{index}") or []
                known = [one for one in stated if one in choices and usual in one.lower()]
                known += [one for one in sorted(choices) if usual in one.lower()]
                if known:
                    inputs[f"clip_name{index}"] = known[0]


def _list_unknown_values(graph: Graph, nodes: _Nodes, known: set[Missing]) -> list[Missing]:
    """Return the nodes and the values of a graph that ComfyUI does not have."""
    found: dict[Missing, None] = {}
    is_reported = {(one.type, one.name) for one in known}
    for node in graph.values():
        kind = node["class_type"]
        if not nodes.find(kind):
            found[Missing("node", kind)] = None
            continue
        for name, value in node["inputs"].items():
            choices = nodes.list_choices(kind, name) if isinstance(value, str) else None
            if choices is not None and value not in choices:
                what = _TYPES.get(name, name if _FILE.fullmatch(value) else "value")
                if not any(one == what for one, _ in is_reported):
                    found[Missing(what, value)] = None
    return list(found)


def _plan_own_graph(
    recipe: Recipe, own: Graph, nodes: _Nodes, find_path: Callable[[str, str], str]
) -> Plan:
    """Plan the graph that made the image: only its seed and the spelling of files change."""
    names = ("class_type", "inputs")
    graph = {key: copy.deepcopy({name: node[name] for name in names}) for key, node in own.items()}
    _ensure_output(graph, nodes)
    kinds = list(dict.fromkeys(str(node.get("class_type")) for node in graph.values()))
    if len(kinds) > _MAX_KINDS:
        raise fail("engine_graph_too_large")
    absent = [Missing("node", kind) for kind in kinds if not nodes.find(kind)]
    custom, missing = list[str](), list[Missing](absent)
    for kind in kinds:
        module = as_text(nodes.find(kind).get("python_module"))
        if nodes.find(kind).get("api_node"):  # costs the user's money
            missing.append(Missing("paid_node", kind))
        is_writer = nodes.find(kind).get("output_node") and kind not in _OUTPUTS
        if nodes.find(kind) and (is_writer or not _CORE_MODULE.fullmatch(module)):
            custom.append(kind)
    has_seed = _replace_seed(graph, as_integer(read_graph({"prompt": own}).get("seed")), recipe)
    for node in graph.values():
        kind, inputs = str(node.get("class_type")), node.get("inputs")
        if not isinstance(inputs, dict):
            continue
        if kind == "SaveImage":
            inputs["filename_prefix"] = "gallery/image"
        for name, value in inputs.items():
            choices = nodes.list_choices(kind, name) if isinstance(value, str) else None
            if choices is not None and value not in choices:
                found = _match_value(recipe, name, value, choices, find_path)
                if isinstance(found, Missing):
                    missing.append(found)
                else:
                    inputs[name] = found
    cautions = []
    if recipe.is_other_seed:
        cautions.append(Caution("caution_seed" if has_seed else "caution_seed_kept"))
    infotext = build_infotext({"comfy": {"prompt": graph}}) or recipe.infotext
    unique = tuple(dict.fromkeys(missing))
    return Plan(infotext, {"prompt": graph}, unique, tuple(cautions), tuple(custom))


def _replace_seed(graph: Graph, old: int | None, recipe: Recipe) -> bool:
    """Write the recipe's seed into the nodes that state the old one; return whether any does.

    The seed of a sampler may come by a link from another node, whatever its input is named.
    """
    nodes = {
        key: inputs for key, node in graph.items() if isinstance(inputs := node["inputs"], dict)
    }
    linked = {
        str(value[0])
        for inputs in nodes.values()
        for name, value in inputs.items()
        if name in _SEEDS and isinstance(value, list) and value
    }
    found = False
    for key, inputs in nodes.items():
        is_random = graph[key]["class_type"] == "Seed (rgthree)"
        for name, value in inputs.items():
            is_named = name in _SEEDS or key in linked
            is_number = isinstance(value, (int, str)) and not isinstance(value, bool)
            is_old = is_number and old is not None and as_integer(value) == old
            if is_named and is_old or is_random and name == "seed":
                inputs[name], found = recipe.seed, True
    return found


def _ensure_output(graph: Graph, nodes: _Nodes) -> None:
    """Add a node that saves the image if a graph has none, since Civitai may have dropped it."""
    kinds = {key: str(node["class_type"]) for key, node in graph.items()}
    previews = [key for key, kind in kinds.items() if kind == "PreviewImage"]
    savers = [  # of images; others write texts or checkpoints
        key
        for key, kind in kinds.items()
        if key not in previews
        and nodes.find(kind).get("output_node")
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


def _match_value(
    recipe: Recipe,
    name: str,
    value: str,
    choices: Sequence[str],
    find_path: Callable[[str, str], str],
) -> str | Missing:
    kind = _TYPES.get(name, "file" if _FILE.fullmatch(value) else "value")
    stem = model_file_stem(value)
    known = [one for one in recipe.wanted if one.type == kind and one.name == stem]
    wanted = known[0] if known else Wanted(kind, stem)
    if not _FILE.fullmatch(value):
        return Missing(kind, clean_line(value))
    found = match_file(wanted, _list_as_files(choices, name, find_path))
    return found.name if isinstance(found, Listed) else Missing(kind, clean_line(value))


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
    client = connect(engine.address)
    try:
        cancelled.check()
        is_answered = is_resumed or _send(engine, client, planned, prompt_id, cancelled)
        patience = _MAX_UNKNOWN if is_answered else _MAX_UNANSWERED
        entry = _wait(engine, client, prompt_id, report, cancelled, patience)
        graph = as_mapping(planned.request["prompt"])
        image = _fetch_image(engine, client, entry, graph, cancelled)
    except Cancelled:
        stop(engine, prompt_id)
        raise
    infotext = build_infotext({"comfy": {"prompt": graph}})
    read = parse_infotext(infotext)
    values = {**read.parameters, "RNG": "CPU", "Version": f"ComfyUI {engine.version}".strip()}
    return Made(
        image, compose_infotext(read.prompt, read.negative_prompt, values), _note_cached(entry)
    )


def _send(
    engine: Engine,
    client: EngineClient,
    planned: Plan,
    prompt_id: str,
    cancelled: Cancellation,
) -> bool:
    """Send a graph; return False if the answer is late, and ComfyUI may yet take the graph.

    Raises EngineError if ComfyUI does not run the whole of it.
    """
    body: dict[str, Any] = {"prompt": planned.request["prompt"], "prompt_id": prompt_id}
    if "workflow" in planned.request:
        body["extra_data"] = {"extra_pnginfo": {"workflow": planned.request["workflow"]}}
    try:
        reply = client.fetch("POST", "/prompt", body, limits=_VALIDATION, cancelled=cancelled)
    except NetworkError as error:
        try:
            _find_in_queue(engine, client, prompt_id, cancelled)
        except NetworkError:
            raise fail("engine_off", address=engine.address) from error
        return False
    except InvalidResponse as error:
        raise fail("engine_invalid", engine=engine.name) from error
    stated = as_mapping(reply.value)
    problem = as_mapping(stated.get("error"))
    if problem.get("type") == "missing_node_type":
        kind = as_text(as_mapping(problem.get("extra_info")).get("class_type"))
        raise fail("engine_missing_node", engine=engine.name, nodes=clean_line(kind))
    details = list(_iter_node_errors(as_mapping(stated.get("node_errors")), planned))
    if details:
        if reply.status == 200:  # it runs only a part
            stop(engine, prompt_id)
        raise fail("engine_refused", engine=engine.name, error="; ".join(details[:3]))
    if reply.status != 200 or as_text(stated.get("prompt_id")) != prompt_id:
        if reply.status in (401, 403):
            raise fail("engine_needs_login", engine=engine.name, address=engine.address)
        if reply.value is None:
            raise fail("engine_invalid", engine=engine.name)
        detail = as_text(problem.get("message")) or f"HTTP {reply.status}"
        raise fail("engine_refused", engine=engine.name, error=shorten_error(detail))
    return True


def _iter_node_errors(node_errors: Mapping[str, Any], planned: Plan) -> Iterator[str]:
    graph = as_mapping(planned.request["prompt"])
    for node_id, stated in node_errors.items():
        kind = as_text(as_mapping(graph.get(node_id)).get("class_type"))
        errors = [as_mapping(one) for one in as_list(as_mapping(stated).get("errors"))]
        for error in errors or [{}]:
            words = (as_text(error.get("message")), as_text(error.get("details")))
            yield shorten_error(f"{kind}: {' '.join(filter(None, words))}".strip(": "))


def _wait(
    engine: Engine,
    client: EngineClient,
    prompt_id: str,
    report: Report,
    cancelled: Cancellation,
    patience: int,
) -> Mapping[str, Any]:
    """Return the entry of ComfyUI's history once the graph has run. Raises EngineError.

    patience: how many times ComfyUI may not know the graph.
    """
    failures = unknown = 0
    while True:
        try:
            history = _poll(engine, client, f"/history/{prompt_id}", cancelled)
            entry = as_mapping(history.get(prompt_id))
            if entry:
                _check_status(engine, as_mapping(entry.get("status")))
                return entry
            state = _find_in_queue(engine, client, prompt_id, cancelled)
            unknown = 0 if state else unknown + 1
            patience = _MAX_UNKNOWN if state else patience
            report(0.5 if state == "queue_running" else 0.0)
            failures = 0
        except (NetworkError, InvalidResponse) as error:
            failures += 1
            if failures >= _MAX_FAILURES:
                raise fail("engine_gone", engine=engine.name) from error
        if unknown >= patience:
            is_lost = patience == _MAX_UNKNOWN
            raise fail("engine_forgot" if is_lost else "engine_gone", engine=engine.name)
        cancelled.sleep(_POLL)


def _poll(
    engine: Engine, client: EngineClient, path: str, cancelled: Cancellation | None
) -> Mapping[str, Any]:
    reply = client.fetch("GET", path, cancelled=cancelled)
    if reply.status >= 500 or reply.status == 429:  # of a proxy perhaps, for a moment
        raise NetworkError(f"HTTP {reply.status}")
    return as_mapping(check_reply(engine, reply).value)


def _find_in_queue(
    engine: Engine, client: EngineClient, prompt_id: str, cancelled: Cancellation | None = None
) -> str:
    """Return "queue_running", "queue_pending", or "" if the queue does not have the graph."""
    queue = _poll(engine, client, "/queue", cancelled)
    for state in ("queue_running", "queue_pending"):
        if any(prompt_id in as_list(one)[1:2] for one in as_list(queue.get(state))):
            return state
    return ""


def _check_status(engine: Engine, status: Mapping[str, Any]) -> None:
    if status.get("status_str") == "success" or not status:  # old versions have no status
        return
    for message in map(as_list, as_list(status.get("messages"))):
        if message[:1] == ["execution_error"]:
            stated = as_mapping(message[1] if len(message) > 1 else None)
            kind, text = (as_text(stated.get(n)) for n in ("node_type", "exception_message"))
            error = ": ".join(filter(None, (clean_line(kind), shorten_error(text))))
            raise fail("engine_failed", engine=engine.name, error=error)
    raise fail("engine_interrupted", engine=engine.name)


def _fetch_image(
    engine: Engine,
    client: EngineClient,
    entry: Mapping[str, Any],
    graph: Mapping[str, Any],
    cancelled: Cancellation,
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
        raise fail("engine_no_image", engine=engine.name)
    names = ("filename", "subfolder", "type")
    params = {name: as_text(saved[-1].get(name)) for name in names}
    limits = ReplyLimits(wait=30, total=600, size=_MAX_IMAGE)
    try:
        reply = client.fetch("GET", "/view", params=params, limits=limits, cancelled=cancelled)
    except InvalidResponse as error:
        raise fail("engine_too_large", engine=engine.name) from error
    except NetworkError as error:
        raise fail("engine_gone", engine=engine.name) from error
    is_image = detect_media_extension(reply.body[:16]) in ("png", "jpg", "webp")
    if reply.status != 200 or not is_image:
        raise fail("engine_no_image", engine=engine.name)
    return reply.body


def _note_cached(entry: Mapping[str, Any]) -> tuple[Caution, ...]:
    """Return a remark if ComfyUI ran nothing, since it had made the same before."""
    messages = map(as_list, as_list(as_mapping(entry.get("status")).get("messages")))
    stated = [as_mapping(one[1]) for one in messages if one[:1] == ["execution_cached"] and one[1:]]
    cached = {as_text(node) for one in stated for node in as_list(one.get("nodes"))}
    outputs = set(as_mapping(entry.get("outputs")))
    return (Caution("engine_same"),) if outputs and outputs <= cached else ()


def stop(engine: Engine, prompt_id: str) -> None:
    """Take a graph out of the queue, or stop it if it runs; graphs of others go on."""
    try:
        client = connect(engine.address)
        client.fetch("POST", "/queue", {"delete": [prompt_id]})
        # Old versions ignore the id and stop whatever runs.
        if _find_in_queue(engine, client, prompt_id) == "queue_running":
            client.fetch("POST", "/interrupt", {"prompt_id": prompt_id})
    except (NetworkError, InvalidResponse, EngineError):
        return  # it is gone, and so is what it did
