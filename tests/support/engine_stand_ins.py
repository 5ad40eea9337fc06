"""Programs that make images, in the form of their APIs: a ComfyUI and an A1111 on loopback."""

import base64
import io
import json
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from loopback_server import Closing, LoopbackServer, QuietHandler

__all__ = ["ComfyStandIn", "drip", "make_png", "NeoStandIn", "text_answer", "WebuiStandIn"]

Answer = Callable[["_Handler"], None]


def make_png(side: int = 64, **texts: str) -> bytes:
    from PIL import Image, PngImagePlugin

    info = PngImagePlugin.PngInfo()
    for name, text in texts.items():
        info.add_text(name, text)
    with io.BytesIO() as file:
        Image.new("RGB", (side, side), (90, 120, 30)).save(file, "PNG", pnginfo=info)
        return file.getvalue()


def text_answer(status: int, body: str = "<html>Log in</html>", kind: str = "text/html") -> Answer:
    return lambda handler: handler.reply(status, body.encode(), {"Content-Type": kind})


def drip(size: int = 10**9) -> Answer:
    """Return an answer that states a large size and never ends."""

    def answer(handler: _Handler) -> None:
        handler.send(200, {"Content-Length": str(size)}, b"")
        while handler.server.owner.is_open:
            handler.wfile.write(b"{" * 100_000)

    return answer


class _Handler(QuietHandler):
    body: Any = None

    def _respond(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        data = self.rfile.read(length)
        self.body = json.loads(data) if data else None
        owner, url = self.server.owner, urlsplit(self.path)
        if not owner.is_open:
            self.close_connection = True
            return
        path, query = unquote(url.path), dict(parse_qsl(url.query))
        owner.asked.append((self.command, path, self.body, dict(self.headers)))
        fault = owner.faults.get(path)
        if fault is not None:
            fault(self)
            return
        status, value = owner.answer(self.command, path, query, self.body)
        is_bytes = isinstance(value, bytes)
        body = value if is_bytes else json.dumps(value).encode()
        self.reply(status, body, {"Content-Type": "application/json"})

    do_GET = do_POST = _respond


class _StandIn(Closing):
    """faults: {path: an answer in place of the usual one}. asked: (method, path, body, headers)."""

    def __init__(self) -> None:
        self.faults: dict[str, Answer] = {}
        self.asked: list[tuple[str, str, Any, dict[str, str]]] = []
        self.is_open = True
        self._server = LoopbackServer(_Handler, self)
        self.url = self._server.url

    def close(self) -> None:
        if self.is_open:
            self.is_open = False
            self._server.close()

    def list_asked(self, path: str) -> list[Any]:
        return [body for _, asked, body, _ in self.asked if asked == path]


class ComfyStandIn(_StandIn):
    """A ComfyUI. seconds: how long it makes an image. ends: the status of an image's history."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds = seconds
        self.image = make_png()
        self.lists = {
            "ckpt_name": ["dream_8.safetensors", "sub dir/Other.safetensors"],
            "lora_name": ["style/Ink.safetensors"],
            "vae_name": ["vae-ft.safetensors"],
            "model_name": ["4x-Ultra.pth"],
            "sampler_name": ["euler", "dpmpp_2m"],
            "scheduler": ["normal", "karras"],
        }
        self.nodes = {
            "CheckpointLoaderSimple": ("ckpt_name",),
            "LoraLoader": ("lora_name",),
            "VAELoader": ("vae_name",),
            "UpscaleModelLoader": ("model_name",),
            "KSampler": ("sampler_name", "scheduler"),
            **dict.fromkeys(("CLIPTextEncode", "EmptyLatentImage", "VAEDecode", "SaveImage"), ()),
            **dict.fromkeys(("CLIPSetLastLayer", "LatentUpscaleBy", "PreviewImage"), ()),
            "ConditioningZeroOut": (),
            **dict.fromkeys(("ImageScale", "ImageUpscaleWithModel", "VAEEncode"), ()),
        }
        self.modules: dict[str, str] = {}
        self.folders: dict[str, list[str]] = {}
        self.jobs: dict[str, tuple[float, Any]] = {}
        self.stopped: list[str] = []
        self.workflows: dict[str, Any] = {}
        self.status: dict[str, Any] = {"status_str": "success", "completed": True, "messages": []}
        super().__init__()

    def answer(self, method: str, path: str, query: Any, body: Any) -> tuple[int, Any]:
        if path == "/system_stats":
            return 200, {"system": {"comfyui_version": "0.33.0"}, "devices": []}
        if path == "/object_info/":
            return 404, b"404: Not Found"
        if path.startswith("/object_info/"):
            return 200, self._describe(path.removeprefix("/object_info/"))
        if path == "/embeddings":
            return 200, ["easyneg"]
        if path == "/internal/folder_paths":
            return 200, self.folders
        if path == "/prompt":
            return self._validate(body)
        if path.startswith("/history/"):
            return 200, self._find_history(path.removeprefix("/history/"))
        if path == "/queue" and method == "GET":
            running = [[1, one] for one in self.jobs if not self._find_history(one)]
            return 200, {"queue_running": running, "queue_pending": []}
        if path in ("/queue", "/interrupt"):
            self.stopped += body.get("delete", []) or [body["prompt_id"]]
            for prompt_id in self.stopped if path == "/interrupt" else ():
                self.jobs.pop(prompt_id, None)
            return 200, {}
        if path == "/view":
            return 200, self.image
        if path.startswith("/userdata/"):
            is_new = path not in self.workflows
            if method == "GET":
                return (404, b"") if is_new else (200, self.workflows[path])
            self.workflows.setdefault(path, body)
            return (200, path) if is_new else (409, b"File exists")
        return 404, {}

    def _describe(self, kind: str) -> dict[str, Any]:
        if kind not in self.nodes:
            return {}
        # The two forms in which ComfyUI states a choice.
        inputs = {
            name: (
                ["COMBO", {"options": self.lists[name]}]
                if name == "model_name"
                else [self.lists[name], {}]
            )
            for name in self.nodes[kind]
        }
        module = self.modules.get(kind, "nodes")
        about = {"python_module": module, "output_node": kind in ("SaveImage", "PreviewImage")}
        return {kind: {"input": {"required": inputs}, **about}}

    def _validate(self, body: Any) -> tuple[int, Any]:
        prompt_id, errors = body["prompt_id"], {}
        for node_id, node in body["prompt"].items():
            kind = node["class_type"]
            if kind not in self.nodes:
                extra = {"class_type": kind}
                error = {"type": "missing_node_type", "message": "no", "extra_info": extra}
                return 400, {"error": error, "node_errors": {}}
            for name in self.nodes[kind]:
                if node["inputs"].get(name) not in self.lists[name]:
                    details = f"{name}: {node['inputs'].get(name)!r} not in list"
                    error = {"type": "value_not_in_list", "message": "Value not in list"}
                    errors[node_id] = {"errors": [{**error, "details": details}]}
        if errors:
            error = {"type": "prompt_outputs_failed_validation", "message": "failed"}
            return 400, {"error": error, "node_errors": errors}
        self.jobs[prompt_id] = (time.monotonic() + self.seconds, body["prompt"])
        return 200, {"prompt_id": prompt_id, "number": 1, "node_errors": {}}

    def _find_history(self, prompt_id: str) -> dict[str, Any]:
        end, graph = self.jobs.get(prompt_id, (float("inf"), {}))
        if time.monotonic() < end:
            return {}
        node = next(n for n, one in graph.items() if one["class_type"] == "SaveImage")
        image = {"filename": "image_1_.png", "subfolder": "gallery", "type": "output"}
        return {prompt_id: {"status": self.status, "outputs": {node: {"images": [image]}}}}


class WebuiStandIn(_StandIn):
    """An A1111 with --api, which drops silently what it does not have.

    edits: parameters of the infotext of what it makes, in place of those that were asked for.
    has_page: False as with --nowebui, which leaves the page's own routes out.
    """

    has_page = True

    def __init__(self, seconds: float = 0.0) -> None:
        self.seconds, self.edits = seconds, dict[str, str]()
        self.options: dict[str, Any] = {"CLIP_stop_at_last_layers": 1, "randn_source": "GPU"}
        self.options |= {"sd_model_checkpoint": "other [0]", "sd_vae": "Automatic"}
        self.options |= {"samples_format": "png", "enable_pnginfo": True}
        self.is_busy = threading.Event()  # with the work of others
        self.image = make_png()
        self.interrupted = threading.Event()
        self.task = ""
        super().__init__()

    def answer(self, method: str, path: str, query: Any, body: Any) -> tuple[int, Any]:
        name = path.removeprefix("/sdapi/v1/")
        lists = {
            "sd-models": [
                {"title": "sub/dream_8.safetensors [aabbccddee]", "model_name": "sub_dream_8"}
                | {"filename": "/models/sub/dream_8.safetensors", "hash": "aabbccddee"}
            ],
            "loras": [{"name": "Ink", "alias": "ink style", "path": "/loras/Ink.safetensors"}],
            "sd-vae": [{"model_name": "vae-ft.safetensors", "filename": "/vae/vae-ft.safetensors"}],
            "samplers": [{"name": "Euler"}, {"name": "DPM++ 2M"}],
            "schedulers": [{"name": n.lower(), "label": n} for n in ("Automatic", "Karras")],
            "upscalers": [{"name": "None"}, {"name": "4x-Ultra"}],
            "latent-upscale-modes": [{"name": "Latent"}],
        }
        if name in lists:
            return 200, lists[name]
        if path.startswith("/internal/") and not self.has_page:
            return 404, {"detail": "Not Found"}
        if path == "/internal/ping":
            return 200, {}
        if name == "progress":
            job = "scripts_txt2img" if self.task and not self.is_busy.is_set() else ""
            return 200, {"progress": 0.4 if job else 0.0, "state": {"job": job}}
        if path == "/internal/progress":
            is_ours = self.task == body["id_task"]
            is_active = is_ours and not self.is_busy.is_set()
            return 200, {"active": is_active, "queued": is_ours != is_active, "progress": 0.4}
        if name == "options":
            self.options |= body or {}
            return 200, dict(self.options)
        if name == "interrupt":
            self.interrupted.set()
            return 200, {}
        if name == "txt2img":
            return self._make(body)
        return 404, {"detail": "Not Found"}

    def change_options(self, body: Any) -> None:
        """Change the settings of a request for good, as A1111 does; the model is restored."""
        names = body["override_settings"].keys() - {"sd_model_checkpoint"}
        self.options |= {name: body["override_settings"][name] for name in names}

    def _make(self, body: Any) -> tuple[int, Any]:
        self.task = body["force_task_id"]
        while self.is_busy.is_set() and self.is_open:
            time.sleep(0.01)
        self.change_options(body)
        self.interrupted.wait(self.seconds)
        self.task = ""
        stated = {"Steps": body["steps"], "Sampler": body["sampler_name"], "Seed": body["seed"]}
        stated |= {"CFG scale": body["cfg_scale"], "Size": f"{body['width']}x{body['height']}"}
        stated |= {"Schedule type": body["scheduler"], "Model": "dream_8", "Version": "v1.10.1"}
        stated |= self.edits
        line = ", ".join(f"{name}: {value}" for name, value in stated.items())
        infotext = f"{body['prompt']}\nNegative prompt: {body['negative_prompt']}\n{line}"
        image = base64.b64encode(self.image).decode()
        return 200, {"images": [image], "info": json.dumps({"infotexts": [infotext]})}


class NeoStandIn(WebuiStandIn):
    """A Forge Neo: it has modules, keeps their paths, and needs two fields beside an infotext."""

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.options |= {"forge_additional_modules": ["/own/my_vae.safetensors"]}

    def answer(self, method: str, path: str, query: Any, body: Any) -> tuple[int, Any]:
        name = path.removeprefix("/sdapi/v1/")
        if name == "sd-modules":
            names = ("ae", "clip_l", "t5xxl")
            return 200, [{"model_name": one, "filename": f"/m/{one}.safetensors"} for one in names]
        if name in ("sd-vae", "latent-upscale-modes"):
            return 404, {"detail": "Not Found"}
        if name == "txt2img" and "styles" not in body:
            error = "isinstance() argument 2 cannot be a parameterized generic"
            return 500, {"error": "TypeError", "detail": "", "body": "", "errors": error}
        if name == "txt2img" and body.get("enable_hr") and "hr_additional_modules" not in body:
            error = "argument of type 'NoneType' is not iterable"
            return 500, {"error": "TypeError", "detail": "", "body": "", "errors": error}
        return super().answer(method, path, query, body)

    def change_options(self, body: Any) -> None:
        super().change_options(body)
        modules = body["override_settings"].get("forge_additional_modules")
        if modules is not None:
            paths = [f"/m/{name}.safetensors" for name in modules]
            self.options["forge_additional_modules"] = paths


class SdnextStandIn(WebuiStandIn):
    """An SD.Next: its API is always on; it has fields for A1111's settings, and no id of a request.

    checkpoint: the title of the loaded model, "" if none is.
    """

    def __init__(self, seconds: float = 0.0) -> None:
        super().__init__(seconds)
        self.options, self.checkpoint = {"clip_skip": 1}, ""  # only what is not the default
        self.history: list[dict[str, Any]] = []

    def answer(self, method: str, path: str, query: Any, body: Any) -> tuple[int, Any]:
        name = path.removeprefix("/sdapi/v1/")
        sigmas = {"use_karras_sigmas": False, "timestep_spacing": "linspace"}
        samplers = {"Euler": sigmas, "Euler a": {"timestep_spacing": "linspace"}, "KDPM2": sigmas}
        upscalers = ("None", "Latent Bilinear", "4x-Ultra")
        values = {
            "version": {"app": "sd.next", "commit": "058a7f0c"},
            "sd-models": [{"title": "dream_8", "model_name": "dream_8", "hash": None}],
            "samplers": [{"name": name, "options": options} for name, options in samplers.items()],
            "upscalers": [{"name": one, "model_name": None} for one in upscalers],
            "embeddings": {"loaded": [], "skipped": []},
            "history": self.history,
        }
        if name in values:
            return 200, values[name]
        if name == "schedulers":
            return 500, {"error": "ResponseValidationError", "code": 500}
        if name in ("latent-upscale-modes", "sd-modules") or path == "/internal/ping":
            return 404, {"detail": "Not Found"}
        if name == "checkpoint":
            self.checkpoint = query.get("sd_model_checkpoint", self.checkpoint)
            is_loaded = bool(self.checkpoint)
            return 200, {"class": "StableDiffusionPipeline"} if is_loaded else {"class": None}
        if path == "/internal/progress":
            return 200, {"job": "Base", "active": False, "queued": False, "progress": 0.4}
        return super().answer(method, path, query, body)

    def _make(self, body: Any) -> tuple[int, Any]:
        if not self.checkpoint:
            return 200, {"images": [], "info": ""}
        while self.is_busy.is_set() and self.is_open:
            time.sleep(0.01)
        self.history += [{"job": name, "op": "begin"} for name in ("api-txt", "base")]
        self.interrupted.wait(self.seconds)
        self.history += [{"job": name, "op": "end"} for name in ("base", "api-txt")]
        stated = {"Steps": body["steps"], "Size": f"{body['width']}x{body['height']}"}
        stated |= {"Sampler": body["sampler_name"], "Seed": body["seed"]}
        stated |= {"CFG scale": body["cfg_scale"], "CFG rescale": "0.0"}
        stated |= {"CLiP-skip": body["clip_skip"], "App": "SD.Next", "Model": "dream_8"}
        line = ", ".join(f"{name}: {value}" for name, value in stated.items())
        prompts = (body["prompt"], body["negative_prompt"])
        head = "%s\nNegative prompt: %s\n" % prompts
        templates = "Template: %s\nNegative template: %s\n" % prompts
        image = base64.b64encode(self.image).decode()
        info = json.dumps({"infotexts": [f"{head}{templates}{line}"]})
        return 200, {"images": [image], "info": info}
