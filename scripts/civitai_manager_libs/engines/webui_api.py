"""A1111's family by its API: what it has, and txt2img."""

from __future__ import annotations

import base64
import binascii
import re
import threading
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from .. import util
from ..core import as_integer, as_list, as_mapping, as_number, as_text, Cancellation
from ..core import detect_media_extension, model_file_stem, never_cancelled, parse_json_or_none
from ..errors import Cancelled, CivitaiShortcutError, InvalidResponse, NetworkError
from ..infotext import compose_infotext, iter_special_parameters, parse_size, resolve_schedule
from ..infotext import SAME, SDNEXT_SAMPLERS, SDNEXT_UPSCALERS, translate_sampler
from ..network import EngineReply, ReplyLimits
from .find import Connection, Engine, list_addresses, read_notes, write_note
from .recipe import Caution, EngineFile, iter_cautions, Made, Missing, MODULE, name_group, Plan
from .recipe import Planner, PlanOptions, real_path, Recipe, Report, was_made_from_image

# The size is that of an image of 100 MB in base64.
_PATIENT = ReplyLimits(wait=4 * 3600, total=4 * 3600, size=140_000_000)
_OPTIONS = ReplyLimits(wait=120, total=300)  # setting a model loads it
_POLL = 1.0  # seconds
_MAX_FAILURES = 60  # polls in a row without an answer, or after a stop
_STARTING = re.compile(r"default_script_arg", re.IGNORECASE)  # an error of the first minute
_START_TRIES, _START_PAUSE = 12, 5.0  # seconds between the tries
_TAG = re.compile(r"<(lora|lyco):([^:<>\n]{1,200})")
# What else a WebUI takes of an infotext without an extension or another file.
_CARRIED = {
    *("RNG", "ENSD", "Eta", "Emphasis", "Variation seed", "Variation seed strength"),
    *("Seed resize from", "Denoising strength", "Hires prompt", "Hires negative prompt"),
    *("Token merging ratio", "Token merging ratio hr", "Schedule max sigma", "Schedule min sigma"),
    *("Schedule rho", "Sigma churn", "Sigma noise", "Sigma tmin", "Sigma tmax", "UniPC order"),
}
_MODEL = "sd_model_checkpoint"
# In the data folder {address: {option: [value before, value sent]}}: what to put back if this
# program is killed meanwhile.
NOTES = "engine_options.json"
# SD.Next takes no infotext. What its request has of these parameters:
_SDNEXT_CARRIED = {"RNG", "ENSD", "Variation seed", "Variation seed strength", "Denoising strength"}
_SDNEXT_SCHEDULES = {  # field and value in its request, and the option of samplers that have it
    "Beta": ("schedulers_sigma", "betas", "use_beta_sigmas"),
    "Exponential": ("schedulers_sigma", "exponential", "use_exponential_sigmas"),
    "Karras": ("schedulers_sigma", "karras", "use_karras_sigmas"),
    "SGM Uniform": ("schedulers_timestep_spacing", "trailing", "timestep_spacing"),
}
_SDNEXT_CHECKPOINT, _SDNEXT_HISTORY = "/sdapi/v1/checkpoint", "/sdapi/v1/history"
_SDNEXT_JOB = "api-txt"  # in its history, for all of txt2img
_WEBUI_JOB = "scripts_txt2img"  # of any request to the API
# A WebUI takes no "Use same sampler" of an infotext.
_FIRST_PASS = {"Hires sampler": "Sampler", "Hires schedule type": "Schedule type"}


class Lists:
    """What a WebUI lists, each list asked for once."""

    def __init__(self, engine: Engine) -> None:
        self._client = Connection(engine)
        self.kind = engine.kind
        self._known: dict[str, list[Mapping[str, Any]] | None] = {}
        if engine.kind == "sdnext":  # its list of schedulers has samplers
            self._known["schedulers"] = None
        self._files: dict[str, list[EngineFile]] = {}

    def read(self, name: str) -> list[Mapping[str, Any]] | None:
        """Return the entries of a list such as "loras", None if the WebUI has no such list."""
        if name not in self._known:
            reply = self._client.read_json(f"/sdapi/v1/{name}", (200, 404))
            entries = [as_mapping(one) for one in as_list(reply.value)]
            self._known[name] = entries if reply.status == 200 else None
        return self._known[name]

    def list_files(self, name: str) -> list[EngineFile]:
        """Return the files of the list "sd-models", "loras", "sd-vae" or "sd-modules"."""
        if name in self._files:
            return self._files[name]
        name_key = {"sd-models": "title", "loras": "name"}.get(name, "model_name")
        is_lora = name == "loras"
        stem_keys = ("name", "alias") if is_lora else ("model_name", "filename")
        path_key = "path" if is_lora else "filename"
        self._files[name] = [
            EngineFile(
                as_text(one.get(name_key)),
                tuple(model_file_stem(as_text(one.get(key))) for key in stem_keys if one.get(key)),
                real_path(as_text(one.get(path_key))),
                as_text(one.get("sha256")) or as_text(one.get("hash")),
            )
            for one in self.read(name) or ()
            if as_text(one.get(name_key))
        ]
        return self._files[name]

    @cached_property
    def embeddings(self) -> list[EngineFile] | None:
        """Return the embeddings, None if the WebUI does not list them."""
        reply = self._client.read_json("/sdapi/v1/embeddings", (200, 404))
        if reply.status == 404 or self.kind == "sdnext":  # which lists those for the loaded model
            return None
        parts = (as_mapping(as_mapping(reply.value).get(part)) for part in ("loaded", "skipped"))
        return [EngineFile(name, (name,)) for part in parts for name in part]

    def list_names(self, name: str, keys: tuple[str, ...] = ("name",)) -> list[str] | None:
        entries = self.read(name)
        if entries is None:
            return None
        return [text for one in entries for key in keys if (text := as_text(one.get(key)))]


def list_files(engine: Engine) -> dict[str, list[str]]:
    """Return the names of a WebUI's models, LoRAs, VAEs, upscalers, samplers and schedules."""
    lists = Lists(engine)
    vaes = "sd-vae" if lists.read("sd-vae") is not None else "sd-modules"
    return {
        "model": [one.name for one in lists.list_files("sd-models")],
        "lora": [one.name for one in lists.list_files("loras")],
        "vae": [one.name for one in lists.list_files(vaes)],
        "upscaler": lists.list_names("upscalers") or [],
        "sampler": lists.list_names("samplers") or [],
        "schedule": lists.list_names("schedulers", ("label",)) or [],
    }


def plan(
    engine: Engine, recipe: Recipe, options: PlanOptions = PlanOptions(), lists: Lists | None = None
) -> Plan:
    """Return the body of txt2img, what is missing, and why the image will differ.

    lists: those of an earlier plan, so that the engine is not asked again.
    """
    return _Planner(recipe, options, lists or Lists(engine)).plan()


class _Planner(Planner):
    _lists: Lists

    def plan(self) -> Plan:
        infotext, values = self._infotext, dict(self._infotext.parameters)
        is_img2img = was_made_from_image(values)
        models = {_MODEL: self._lists.list_files("sd-models")}
        name, title = self._find_model(values, models)
        settings = {name: title} if title else {}
        if title:
            values["Model"] = model_file_stem(title.partition(" [")[0])
        has_modules = self._lists.read("sd-vae") is None  # a Forge
        if not has_modules:
            self._place_vae(values, self._lists.list_files("sd-vae"))
        settings |= self._choose_settings(values)
        prompt, loras = self._find_loras(self._lists.list_files("loras"))

        def spell(tag: re.Match[str]) -> str:
            return f"<{tag[1]}:{loras.get(tag[2].strip().lower()) or tag[2]}"

        prompt = _TAG.sub(spell, prompt)
        body = self._build_body(values)
        self._find_embeddings()
        is_sdnext = self._lists.kind == "sdnext"
        cautions = list(iter_cautions(self._recipe, self._lists.kind, ()))
        special = dict(iter_special_parameters(values))
        modules = [name for name in special if MODULE.fullmatch(name)]
        carried = _SDNEXT_CARRIED if is_sdnext else _CARRIED
        unsure = (name for name in special if name not in carried and name not in modules)
        key = "caution_lost" if is_sdnext else "caution_unsure"
        groups = {name_group(name): special[name] for name in unsure}
        cautions += (Caution(key, group, value) for group, value in groups.items())
        if not has_modules:
            cautions += (Caution("caution_lost", name, special[name]) for name in modules)
        if is_img2img:
            values.pop("Denoising strength")
        text = compose_infotext(prompt, infotext.negative_prompt, values)
        body |= {"prompt": prompt, "negative_prompt": infotext.negative_prompt}
        if is_sdnext:
            body |= self._build_sdnext_fields(values, body, settings)
        body["override_settings"] = settings
        body["infotext"] = text  # extensions read their own parameters from it
        body["styles"] = []  # Forge Neo fails to read those of an infotext that has none
        if has_modules and "enable_hr" in body:  # the Forges fail without
            body["hr_additional_modules"] = ["Use same choices"]
        missing = tuple(dict.fromkeys(self._missing))
        return Plan(text, body, missing, (*cautions, *self._cautions))

    def _choose_settings(self, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the settings that belong to the recipe; they would hold for the user otherwise."""
        # A1111 does not state its default of RNG.
        rng = values.get("RNG", "CPU" if self._recipe.graph is not None else "GPU")
        ensd, skip = (as_integer(values.get(name)) for name in ("ENSD", "Clip skip"))
        settings: dict[str, Any] = {"CLIP_stop_at_last_layers": skip or 1}
        settings |= {"samples_format": "png", "enable_pnginfo": True}
        settings |= {"randn_source": rng} if rng in ("GPU", "CPU", "NV") else {}
        settings |= {} if ensd is None else {"eta_noise_seed_delta": ensd}
        modules = [value for name, value in values.items() if MODULE.fullmatch(name)]
        stated = values.get("VAE", "")
        has_vae = stated.lower() not in ("", "automatic", "none")
        if self._lists.read("sd-vae") is not None:  # the Forges have modules instead
            settings["sd_vae"] = "None" if stated.lower() == "none" else "Automatic"
            if has_vae:
                wanted = self._want("vae", model_file_stem(stated), values.get("VAE hash", ""))
                settings["sd_vae"] = self._find(wanted, self._lists.list_files("sd-vae")) or "None"
        elif modules or has_vae:
            listed = self._lists.list_files("sd-modules")
            names = [model_file_stem(one) for one in modules or [stated]]
            found = [self._find(self._want("vae", name), listed) for name in names]
            settings["forge_additional_modules"] = [name for name in found if name]
        return settings

    def _build_body(self, values: Mapping[str, str]) -> dict[str, Any]:
        size = parse_size(values.get("Size", ""))
        width, height = size or (512, 512)
        body: dict[str, Any] = {
            **{"seed": self._recipe.seed, "width": width, "height": height},
            **{"batch_size": 1, "n_iter": 1, "send_images": True, "save_images": False},
            **{"override_settings_restore_afterwards": True, "do_not_save_grid": True},
        }
        numbers = {
            "steps": ("Steps", 20),
            "cfg_scale": ("CFG scale", 7),
            "distilled_cfg_scale": ("Distilled CFG Scale", None),
            "subseed": ("Variation seed", None),
            "subseed_strength": ("Variation seed strength", None),
        }
        for field, (name, default) in numbers.items():
            number = as_number(values.get(name))
            if number is None and default is not None:
                number = default
                self._cautions.append(Caution("caution_assumed", name, str(default)))
            if number is not None:
                body[field] = int(number) if number == int(number) else number
        if size is None:
            self._cautions.append(Caution("caution_assumed", "Size", "512x512"))
        if resize := parse_size(values.get("Seed resize from", "")):
            body |= {"seed_resize_from_w": resize[0], "seed_resize_from_h": resize[1]}
        names = ("Sampler", "Schedule type")
        body |= self._choose_sampler("sampler_name", "scheduler", values, *names)
        return {**body, **self._build_hires(values)}

    def _choose_sampler(
        self, field: str, schedule_field: str, values: Mapping[str, str], *names: str
    ) -> dict[str, str]:
        """Return the fields for a sampler and a schedule by the WebUI's own names."""
        stated, schedule = (values.get(name, "") for name in names)
        if not stated:
            return {}
        sampler, schedule = translate_sampler(stated, schedule)
        if self._lists.kind == "sdnext":
            sampler = SDNEXT_SAMPLERS.get(sampler, sampler)
        samplers = self._lists.list_names("samplers") or []
        schedules = self._lists.list_names("schedulers", ("label", "name"))
        known = {one.lower(): one for one in samplers}
        old_name = f"{sampler} {schedule}".lower()  # of A1111 before 1.9
        if schedules is None and old_name in known:
            return {field: known[old_name]}
        if sampler.lower() not in known:
            self._missing.append(Missing("sampler", sampler))
        fields = {field: known.get(sampler.lower(), sampler)}
        by_name = {one.lower(): one for one in reversed(schedules or ())}
        if schedules and schedule and schedule.lower() not in by_name:
            self._missing.append(Missing("schedule", schedule))
        elif schedules is not None:
            fields[schedule_field] = by_name.get(schedule.lower(), schedule) or "Automatic"
        return fields

    def _build_hires(self, values: Mapping[str, str]) -> dict[str, Any]:
        factor = as_number(values.get("Hires upscale"))
        resize = parse_size(values.get("Hires resize", ""))
        if not (factor or resize or "Hires upscaler" in values):
            return {}
        hires: dict[str, Any] = {"enable_hr": True, "hr_scale": factor or 2}
        if resize:
            hires |= {"hr_resize_x": resize[0], "hr_resize_y": resize[1]}
        defaults = {"Hires upscaler": "Latent", "Denoising strength": "0.7"}
        for field, default in defaults.items():
            if not values.get(field):
                self._cautions.append(Caution("caution_assumed", field, default))
        upscaler = values.get("Hires upscaler", "Latent")
        if self._lists.kind == "sdnext":
            upscaler = SDNEXT_UPSCALERS.get(upscaler, upscaler)
        lists = ("upscalers", "latent-upscale-modes")
        known = [one for name in lists for one in self._lists.list_names(name) or ()]
        known += ["None"] if known else []  # which `as_text` takes for no name
        listed = [EngineFile(one, (one,)) for one in dict.fromkeys(known)]
        name = self._find(self._want("upscaler", upscaler), listed) if known else upscaler
        denoise = as_number(values.get("Denoising strength"))
        hires |= {
            "hr_upscaler": name or ("Latent" if "Latent" in known else "None"),
            "denoising_strength": 0.7 if denoise is None else denoise,
        }
        hires["hr_second_pass_steps"] = as_integer(values.get("Hires steps")) or 0
        names = [  # what is not stated is that of the first pass
            name if values.get(name) and not SAME.fullmatch(values[name]) else first
            for name, first in _FIRST_PASS.items()
        ]
        hires |= self._choose_sampler("hr_sampler_name", "hr_scheduler", values, *names)
        cfg = as_number(values.get("Hires CFG Scale"))
        return hires if cfg is None else {**hires, "hr_cfg": cfg}

    def _build_sdnext_fields(
        self, values: Mapping[str, str], body: Mapping[str, Any], settings: dict[str, Any]
    ) -> dict[str, Any]:
        """Return the fields for what others have as settings, and remove these from `settings`."""
        sampler, rng = body.get("sampler_name"), settings.pop("randn_source", "GPU")
        fields: dict[str, Any] = {
            **{"schedulers_sigma": "default", "schedulers_timestep_spacing": "default"},
            **{"prompt_attention": "a1111", "clip_skip": settings.pop("CLIP_stop_at_last_layers")},
            "diffusers_generator_device": "CPU" if rng == "CPU" else "GPU",
            "eta_noise_seed_delta": settings.pop("eta_noise_seed_delta", 0),
        }
        del settings["enable_pnginfo"], settings["samples_format"]  # it writes the user's format
        names = (values.get(name, "") for name in ("Sampler", "Schedule type"))
        schedule = resolve_schedule(*translate_sampler(*names))
        field, value, option = _SDNEXT_SCHEDULES.get(schedule, ("", "", ""))
        listed = self._lists.read("samplers") or ()
        options = {as_text(one.get("name")): as_mapping(one.get("options")) for one in listed}
        if option in options.get(sampler or "", {}):
            fields[field] = value
        elif schedule not in ("Normal", sampler):  # DDIM is also the schedule of its own
            self._cautions.append(Caution("caution_lost", "Schedule type", schedule))
        if "distilled_cfg_scale" in body:  # its CFG scale is the guidance of the model
            fields |= {"cfg_scale": body["distilled_cfg_scale"], "cfg_true": body["cfg_scale"]}
        if rng == "NV":
            self._cautions.append(Caution("caution_lost", "RNG", rng))
        if body.get("enable_hr"):
            fields |= {"hr_force": True, "hr_resize_mode": 1}
            fields["hr_denoising_strength"] = body["denoising_strength"]
            fields["hr_second_pass_steps"] = body["hr_second_pass_steps"] or body["steps"]
        return fields


class _Request(threading.Thread):
    """Sends txt2img, which answers only when the image is made."""

    def __init__(self, client: Connection, body: Mapping[str, Any]) -> None:
        super().__init__(name="gallery-txt2img", daemon=True)
        self.reply: EngineReply | None = None
        self.error: CivitaiShortcutError | None = None
        self.done = threading.Event()
        self.abandoned = Cancellation()
        self._client, self._body = client, body
        self.start()

    def run(self) -> None:
        try:
            self.reply = self._client.fetch(
                "POST", "/sdapi/v1/txt2img", self._body, limits=_PATIENT, cancelled=self.abandoned
            )
        except CivitaiShortcutError as error:
            self.error = error
        finally:
            self.done.set()


def make(
    engine: Engine,
    planned: Plan,
    task_id: str,
    report: Report = lambda part: None,
    cancelled: Cancellation | None = None,
) -> Made:
    """Make an image by txt2img and return it with its infotext, as it was really made.

    The WebUI's settings are the same afterwards. task_id: of our own choice. Raises EngineError,
    and Cancelled after the WebUI has stopped.
    """
    cancelled = cancelled or never_cancelled()
    client = Connection(engine)
    noted = read_notes(NOTES).get(engine.address)
    if noted and _restore_options(client, noted):
        noted = None
    options = as_mapping(client.read_json("/sdapi/v1/options").value)
    changes = {  # by which the options stay changed, unless they are put back
        name: [options[name], value]
        for name, value in planned.request["override_settings"].items()
        if name in options and options[name] != value
    }
    changes |= as_mapping(noted)
    # Which model is loaded the user sees, and may choose meanwhile.
    hidden = {name: each for name, each in changes.items() if name != _MODEL}
    write_note(NOTES, engine.address, hidden)
    body, request = {**planned.request, "force_task_id": task_id}, None
    try:
        if engine.kind == "sdnext":
            _load_first_model(client, body["override_settings"][_MODEL], cancelled)
        for _ in range(_START_TRIES):
            cancelled.check()
            request = _Request(client, body)
            _wait(client, request, task_id, report, cancelled)
            reply = request.reply
            if reply is None or reply.status != 500 or not _STARTING.search(str(reply.value)):
                break
            cancelled.sleep(_START_PAUSE)  # it has only just been started
    finally:
        # A WebUI that hangs may make the image later.
        is_over = request is None or not request.abandoned.is_set()
        if _restore_options(client, changes) and is_over:
            write_note(NOTES, engine.address, {})
    cancelled.check()
    error = None if request is None else request.error
    if error is not None or reply is None:
        key = "engine_too_large" if isinstance(error, InvalidResponse) else "engine_gone"
        raise client.error(key) from error
    return _read_reply(client, reply)


def _load_first_model(client: Connection, title: str, cancelled: Cancellation) -> None:
    """Let SD.Next load a model if it has none: then it makes nothing, whatever is asked for."""
    if not as_mapping(client.read_json(_SDNEXT_CHECKPOINT).value).get("class"):
        sent: dict[str, Any] = {"params": {_MODEL: title}, "limits": _OPTIONS}
        client.read_json(_SDNEXT_CHECKPOINT, method="POST", cancelled=cancelled, **sent)


def _wait(
    client: Connection, request: _Request, task_id: str, report: Report, cancelled: Cancellation
) -> None:
    """Wait for the response; if the work is cancelled, stop ours in the WebUI, then wait."""
    is_stopped, failures = False, 0
    data = {"id_task": task_id, "live_preview": False}
    while not request.done.wait(_POLL):
        # None if the WebUI does not answer.
        reply = _send_quietly(client, "POST", "/internal/progress", data)
        value = as_mapping(reply)
        is_ours = value.get("active") is True
        is_waiting = value.get("queued") is True  # behind the work of others
        if reply is not None and "active" not in value:  # with --nowebui
            value = as_mapping(_send_quietly(client, "GET", "/sdapi/v1/progress"))
            is_ours = as_mapping(value.get("state")).get("job") == _WEBUI_JOB
            is_waiting = not is_ours
        if client.engine.kind == "sdnext" and cancelled.is_set():
            history = map(as_mapping, as_list(_send_quietly(client, "GET", _SDNEXT_HISTORY)))
            ours = [one.get("op") for one in history if one.get("job") == _SDNEXT_JOB]
            is_ours = ours[-1:] == ["begin"]
            is_waiting = not is_ours
        is_late = reply is None or cancelled.is_set() and not is_waiting
        failures = failures + 1 if is_late else 0
        if failures > _MAX_FAILURES:  # it hangs
            request.abandoned.set()
        report(as_number(value.get("progress")) or 0.0)
        if cancelled.is_set() and is_ours and not is_stopped:
            is_stopped = True
            _send_quietly(client, "POST", "/sdapi/v1/interrupt")


def _send_quietly(client: Connection, method: str, path: str, data: Any = None) -> Any:
    try:
        return client.fetch(method, path, data).value
    except (NetworkError, InvalidResponse, Cancelled):
        return None  # the answer of txt2img tells what happened


def has_noted_options() -> bool:
    """Return whether an earlier process has left a WebUI's settings changed."""
    return bool(read_notes(NOTES))


def restore_noted_options() -> None:
    """Put back the settings that an earlier process has left changed, where a WebUI answers."""
    for address, changes in read_notes(NOTES).items():
        if address not in list_addresses():
            write_note(NOTES, address, {})
            continue
        try:
            if _restore_options(Connection(Engine("webui", address)), as_mapping(changes)):
                write_note(NOTES, address, {})
        except CivitaiShortcutError as error:
            util.printD(f"[engines] settings are not put back: {error}")


def _restore_options(client: Connection, changes: Mapping[str, Any]) -> bool:
    """Set back the options that the user has not changed since; return False if that fails."""
    if not changes:
        return True
    after = as_mapping(_send_quietly(client, "GET", "/sdapi/v1/options"))
    if not after:
        return False
    changed = {}
    for name, pair in changes.items():
        if name not in after or len(as_list(pair)) != 2:
            continue
        if _name_plainly(after[name]) == _name_plainly(pair[1]):
            changed[name] = pair[0]
    if not changed:
        return True
    try:
        reply = client.fetch("POST", "/sdapi/v1/options", changed, limits=_OPTIONS)
    except (NetworkError, InvalidResponse):
        return False
    if reply.status == 200:
        util.printD(f"[engines] settings put back: {', '.join(sorted(changed))}")
    return reply.status == 200


def _name_plainly(value: Any) -> Any:
    """Return an option's value without a title's hash, which comes later, and modules' folders."""
    if isinstance(value, list):
        return [model_file_stem(one) if isinstance(one, str) else one for one in value]
    return value.partition(" [")[0] if isinstance(value, str) else value


def _read_reply(client: Connection, reply: EngineReply) -> Made:
    value = as_mapping(client.check(reply).value)
    text = next(iter(as_list(value.get("images"))), None)
    try:
        encoded = text.rpartition("base64,")[2] if isinstance(text, str) else ""
        image = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        image = b""
    if detect_media_extension(image[:16]) not in ("png", "jpg", "webp"):
        raise client.error("engine_no_image")
    info = value.get("info")
    stated = as_mapping(parse_json_or_none(info) if isinstance(info, str) else info)
    return Made(image, as_text(next(iter(as_list(stated.get("infotexts"))), "")))
