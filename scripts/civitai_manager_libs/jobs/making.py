"""Images that a program on the user's machine makes again, one after another."""

from __future__ import annotations

import itertools
import json
import os
import random
import re
import threading
import time
import uuid
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from functools import partial
from typing import Any, Literal

from .. import engines, setting, util
from ..core import as_integer, as_mapping, as_number, as_text, AtomicFile, Cancellation, clean_line
from ..core import detect_media_extension, format_number, Image, make_file_name, parse_json_or_none
from ..core import remove_if_present, remove_leftovers, sqlite
from ..engines import Caution, Engine, Made, Missing, Plan, PlanOptions, Recipe, Wanted
from ..errors import Cancelled, CivitaiShortcutError, DiskError, EngineError, InputError
from ..errors import NotAnImage, PathTaken, TooLarge
from ..i18n import messages
from ..infotext import build_infotext, compose_infotext, Difference, embed_infotext, find_graph
from ..infotext import list_differences, parse_infotext, read_embedded
from ..library import image_cache, image_records, reproductions, search
from ..model_files import find_used_models, list_untagged_loras, name_numbered_models, UsedModel
from .tables import jobs_database

MakeState = Literal["queued", "running", "done", "failed", "stopped"]
_OVER = ("done", "failed", "stopped")
_KEPT = 100  # jobs that are over
_MAX_SEED = 2**32
_COLUMNS = "id, created, image_id, engine, plan, prompt_id, state, problem, path"
_MAX_NAMES = 20  # in a sentence
_FEW = 5  # images whose weights tell nothing
_NARROW = 0.4  # range of weights
_MAX_SHOWN = 60  # characters of a value in a sentence
_SUBSTITUTIONS = ("checkpoint", "changed", "lora_missing", "lora_absent", "vae_missing")


@dataclass(frozen=True)
class MakeJob:
    """An image to be made. prompt_id: by which an engine knows it, also after our restart.

    problem: {"key", "values"} of a sentence for the user or {"reason"} of an error, {} for none;
    also of an image that was made. part: how much is done, 0 to 1. path: of the made file. weight:
    of the LoRA `lora`, if the image is made to compare its weights.
    """

    id: int
    created: float
    image_id: int
    engine: Engine
    plan: Plan
    prompt_id: str
    state: MakeState = "queued"
    problem: Mapping[str, Any] | None = None
    path: str = ""
    part: float = 0.0
    lora: str = ""
    weight: float = 1.0

    def explain(self, language: str) -> str:
        """Return the sentence about what went wrong, "" if nothing did."""
        problem = self.problem or {}
        if problem.get("key"):
            return messages.translate(problem["key"], language, **problem.get("values", {}))
        return messages.explain_reason(as_text(problem.get("reason")), language) if problem else ""


def propose_weights(lora: str) -> list[float]:
    """Return five weights of a LoRA to compare, lowest first.

    They span the weights that most images in the library use, or 0.4 to 1.2 if few do.
    """
    used = search.list_weights(lora)
    tenth = len(used) // 10
    low, high = (used[tenth], used[-1 - tenth]) if len(used) >= _FEW else (0.4, 1.2)
    if round(high - low, 2) < _NARROW:
        low, high = max(low - _NARROW / 2, 0.1), high + _NARROW / 2
    return [round(low + (high - low) * step / 4, 2) for step in range(5)]


def make_recipe(
    image: Image, seed: int | None = None, lora: str = "", weight: float = 1.0
) -> Recipe:
    """Return the recipe by which an image was made, as its record or its file on the disk tells it.

    seed: another seed than the image's; -1 draws one. lora: a LoRA to use with another weight,
    for which the image's own graph is made anew. Raises EngineError if the recipe is unknown.
    """
    meta, graph = name_numbered_models(image, includes_missing=True).meta, find_graph(image.meta)
    infotext = build_infotext(meta, image)
    if not parse_infotext(infotext).parameters:
        path = image_records.find_saved_file(image.id) or image_cache.find_cached(image.url)
        infotext = read_embedded(path).infotext if path else ""
    read = parse_infotext(infotext)
    if not read.prompt and not read.parameters:
        raise engines.make_error("engine_no_recipe")
    own_seed = as_integer(read.parameters.get("Seed"))
    if seed == -1 or seed is None and (own_seed is None or own_seed < 0):
        seed = random.randrange(_MAX_SEED)
    seed = own_seed if seed is None else seed
    is_other = seed != own_seed
    values = {**read.parameters, "Seed": str(seed)}
    prompt = _set_weight(read.prompt, lora, weight) if lora else read.prompt
    infotext = compose_infotext(prompt, read.negative_prompt, values)
    wanted = tuple(map(_make_wanted, find_used_models([image])[0][image.id]))
    untagged = tuple(list_untagged_loras(image, infotext))
    graph = None if lora else graph
    return Recipe(infotext, wanted, image.base_model or "", graph, is_other, untagged)


def _set_weight(prompt: str, lora: str, weight: float) -> str:
    name = re.sub(r"[<>:\s]+", " ", lora).strip()
    tag = f"<lora:{name}:{format_number(weight)}>"
    old = re.compile(rf"<(?:lora|lyco):\s*{re.escape(name)}\s*(?::[^<>\n]{{0,100}})?>", re.I)
    prompt, count = old.subn(lambda found: tag, prompt)
    return prompt if count else f"{prompt} {tag}"


def _make_wanted(used: UsedModel) -> Wanted:
    match, resource = used.match, used.resource
    same, other = (match.file if match.state == state else None for state in ("here", "other"))
    return Wanted(
        used.kind,
        used.file_name,
        resource.hash,
        same.path if same else "",
        other.path if other else "",
    )


def check_plan(engine: Engine, plan: Plan, options: PlanOptions) -> None:
    """Raise EngineError if something is missing, or if the user has not allowed something."""
    if plan.missing:
        names = ", ".join(list_missing_names(plan.missing, "en"))
        raise engines.make_error("engine_lacks", engine=engine.name, names=names)
    if plan.custom_nodes and not options.runs_custom_nodes:
        nodes = ", ".join(clean_line(kind, 60) for kind in plan.custom_nodes[:_MAX_NAMES])
        raise engines.make_error("engine_consent", nodes=nodes)


def list_missing_names(missing: Iterable[Missing], language: str) -> list[str]:
    """Return the missing files, nodes and the like in words."""
    texts = []
    for one in list(missing)[:_MAX_NAMES]:
        name = clean_line(one.name, 120)
        if one.is_other:
            name = messages.translate("missing_other_file", language, name=name)
        key = f"missing_{one.type}" if name else "missing_unnamed"
        texts.append(messages.translate(key, language, name=name))
    return texts


def describe_cautions(cautions: Iterable[Caution], language: str) -> list[str]:
    """Return a sentence for each reason why an image will differ."""
    return [
        messages.translate(one.key, language, field=field, value=clean_line(one.value, _MAX_SHOWN))
        for one in cautions
        for field in (messages.get_parameter_label(one.field, language),)
    ]


def describe_difference(difference: Difference, language: str) -> str:
    """Return a sentence for one difference of an image from what it was made after."""
    texts = (difference.field, difference.original, difference.made)
    field, original, made = (clean_line(text, _MAX_SHOWN) for text in texts)
    values = {"field": messages.get_parameter_label(field, language), "original": original}
    return messages.translate(_name_difference(difference), language, **values, made=made)


def _name_difference(difference: Difference) -> str:
    is_plain = difference.kind in ("absent", "added")
    is_group = is_plain and not (difference.original or difference.made)
    return f"differs_{difference.kind}{'_group' if is_group else ''}"


def keep_image(
    made: Made,
    image: Image,
    seed: int,
    folder: str = "",
    path: str = "",
    note: Callable[[str], None] = lambda path: None,
) -> str:
    """Write a made image with its infotext to a file, store it as a reproduction; return the path.

    folder: "" for the one in the settings. path: of the file if it is written already. note: called
    with the path before the file exists. The image of a local file has a negative id, and no
    reproduction; neither has an image that is too large to be compared. Raises EngineError if the
    bytes are no image, and DiskError.
    """
    folder = os.path.dirname(path) or folder or setting.made_folder()
    remove_leftovers(folder)
    path = path or _write_image(made.image, image, seed, folder, note)
    try:
        picture = reproductions.open_image(path)
    except NotAnImage as error:
        remove_if_present(path)
        raise engines.make_error("engine_no_image", engine="") from error
    except TooLarge:  # to be compared
        picture = None
    if made.infotext:
        embed_infotext(path, made.infotext)
    if image.id > 0 and picture is not None:
        about = (0, image.id, path, made.infotext, time.time(), False, *picture.size)
        one = reproductions.Reproduction(*about)
        reproductions.store_reproduction(one, picture)
    return path


def _write_image(
    content: bytes, image: Image, seed: int, folder: str, note: Callable[[str], None]
) -> str:
    extension = detect_media_extension(content[:16]) or "png"
    stem = make_file_name(f"{max(image.id, 0) or 'image'}-{seed}")
    with AtomicFile(folder) as file:
        file.write(content)
        for number in itertools.count(1):
            name = f"{stem}-{number}" if number > 1 else stem
            path = os.path.join(folder, f"{name}.{extension}")
            if not os.path.lexists(path):
                note(path)
                with suppress(PathTaken):
                    file.commit_new(path)
                    return path
    raise AssertionError("unreachable")


def _read_kept(path: str, infotext: str) -> Made | None:
    """Return what a process that was killed has kept. infotext: if the file has none."""
    with suppress(OSError):
        with open(path, "rb") as file:
            if content := file.read():  # older versions may have left an empty file
                return Made(content, read_embedded(path).infotext or infotext)
    return None


class MakeService:
    """Makes images one after another in a thread; any thread may call the methods.

    Jobs are stored, so that an image which an engine is making is received after a restart.
    Methods raise DiskError if the database cannot be used.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._running: dict[int, Cancellation] = {}
        self._parts: dict[int, float] = {}
        self._restores = False  # settings of WebUIs, before the first image

    def add(
        self, image: Image, engine: Engine, plan: Plan, lora: str = "", weight: float = 1.0
    ) -> int:
        """Queue an image and return the job's id."""
        about = {"lora": lora, "weight": weight} if lora else {}
        kept = json.dumps({"infotext": plan.infotext, "request": plan.request, **about})
        values = (time.time(), image.id, json.dumps(asdict(engine)), kept, str(uuid.uuid4()))
        with _open_database().writing() as db:
            sql = "INSERT INTO made (created, image_id, engine, plan, prompt_id) VALUES"
            job_id = int(db.execute(f"{sql} (?, ?, ?, ?, ?)", values).lastrowid or 0)
            is_old = "id <= (SELECT max(id) - ? FROM made)"
            db.execute(f"DELETE FROM made WHERE state IN {_OVER} AND {is_old}", (_KEPT,))
        self._wake()
        return job_id

    def list_jobs(self) -> list[MakeJob]:
        """Return all jobs: what is made, what waits, what is over; each newest first."""
        sql = f"SELECT {_COLUMNS} FROM made ORDER BY state = 'running' DESC, state = 'queued' DESC"
        rows = _open_database().rows(f"{sql}, id DESC")
        return [replace(job, part=self._parts.get(job.id, 0.0)) for job in map(_parse_row, rows)]

    def stop(self, job_id: int) -> None:
        """Stop an image that is being made, or take it out of the queue; others go on."""
        with self._lock:
            cancelled = self._running.get(job_id)
            if cancelled is None:
                sql = "UPDATE made SET state = 'stopped' WHERE id = ? AND state IN"
                with _open_database().writing() as db:
                    db.execute(f"{sql} ('queued', 'running')", (job_id,))
        if cancelled is not None:
            cancelled.set()

    def resume_after_start(self) -> None:
        """Go on with the images and put back the settings that an earlier process has left."""
        has_jobs = os.path.isfile(setting.database_file()) and bool(self._list_next())
        self._restores = engines.webui_api.has_noted_options()
        if has_jobs or self._restores:
            self._wake()

    def _list_next(self) -> list[MakeJob]:
        # What an earlier process has begun comes first.
        sql = f"SELECT {_COLUMNS} FROM made WHERE state IN ('queued', 'running')"
        rows = _open_database().rows(f"{sql} ORDER BY state = 'queued', id LIMIT 1")
        return list(map(_parse_row, rows))

    def _wake(self) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="gallery-make", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        """Make the queued images until none is left, or another program makes them."""
        path = os.path.join("locks", "making.lock")
        lock, is_broken = sqlite.ProcessLock(setting.data_path(path)), True
        try:
            if lock.acquire(1.0):
                if self._restores:
                    self._restores = False
                    engines.webui_api.restore_noted_options()
                while self._run_next():
                    pass
            is_broken = False
        except CivitaiShortcutError as error:  # of the database
            util.printD(f"[jobs] images are not made: {error}")
            is_broken = False
        finally:
            lock.release()
            with self._lock:
                if self._thread is threading.current_thread():
                    self._thread = None
            if is_broken:  # by a bug in one job, which has failed; the others go on
                self._wake()

    def _run_next(self) -> bool:
        with self._lock:
            jobs = self._list_next()
            if not jobs:
                self._thread = None  # so that `add` starts another one from now on
                return False
            job, cancelled = jobs[0], Cancellation()
            self._running[job.id] = cancelled
        try:
            self._run_job(job, cancelled)
        finally:
            with self._lock:
                del self._running[job.id]
                self._parts.pop(job.id, None)
            if _read_state(job.id) == "running":  # a bug has ended the run
                _update(job.id, "failed", {"key": "engine_job_broken"})
        return True

    def _run_job(self, job: MakeJob, cancelled: Cancellation) -> None:
        def report(part: float) -> None:
            self._parts[job.id] = part
            with suppress(DiskError):  # a moment later it is asked again
                if _read_state(job.id) == "stopped":  # by another process
                    cancelled.set()

        try:
            is_resumed = job.state == "running"
            kept = _read_kept(job.path, job.plan.infotext) if is_resumed else None
            path = job.path if kept else ""
            _update(job.id, "running", path=path)
            if kept:
                made = kept
            elif job.engine.kind == "comfyui":
                made = engines.comfyui.make(
                    job.engine, job.plan, job.prompt_id, report, cancelled, is_resumed
                )
            elif is_resumed:
                raise engines.make_error("engine_job_lost", engine=job.engine.name)
            else:
                make = engines.MODULES[job.engine.kind].make
                made = make(job.engine, job.plan, job.prompt_id, report, cancelled)
            image = image_records.find_image(job.image_id) or Image(job.image_id, "")
            seed = as_integer(parse_infotext(job.plan.infotext).parameters.get("Seed")) or 0
            note = partial(_update, job.id, "running", None)
            path = keep_image(made, image, seed, path=path, note=note)
            _update(job.id, "done", _find_remark(job, made), path)
        except Cancelled:
            _update(job.id, "stopped")
        except (EngineError, InputError) as error:
            _update(job.id, "failed", {"key": error.key, "values": error.values})
        except CivitaiShortcutError as error:
            _update(job.id, "failed", {"reason": error.reason})


def _find_remark(job: MakeJob, made: Made) -> dict[str, Any]:
    """Return what the user should know of an image that was made, {} if nothing.

    A WebUI silently takes another model or sampler if it does not find the one in the request.
    """
    if made.remarks:
        return {"key": made.remarks[0].key, "values": {"engine": job.engine.name}}
    if job.engine.kind != "comfyui":
        for one in list_differences(job.plan.infotext, made.infotext):
            if one.kind in _SUBSTITUTIONS:
                values = {"field": one.field, "original": one.original, "made": one.made}
                return {"key": _name_difference(one), "values": values}
    return {}


def _open_database() -> sqlite.Database:
    return jobs_database(setting.database_file())


def _update(
    job_id: int, state: MakeState, problem: Mapping[str, Any] | None = None, path: str = ""
) -> None:
    sql = "UPDATE made SET state = ?, problem = ?, path = ? WHERE id = ?"
    with _open_database().writing() as db:
        db.execute(sql, (state, json.dumps(problem or {}, default=str), path, job_id))
        if state in _OVER:  # nobody needs the request, which may be large
            sql = "UPDATE made SET plan = json_remove(plan, '$.request') WHERE id = ?"
            db.execute(f"{sql} AND json_valid(plan)", (job_id,))


def _read_state(job_id: int) -> str:
    rows = _open_database().rows("SELECT state FROM made WHERE id = ?", (job_id,))
    return str(rows[0][0]) if rows else ""


def _parse_row(row: tuple[Any, ...]) -> MakeJob:
    job_id, created, image_id, engine, plan, prompt_id, state, problem, path = row
    texts = (engine, plan, problem)  # the engine's of a newer version perhaps, with more fields
    about, values, problem = (as_mapping(parse_json_or_none(text)) for text in texts)
    kept = Plan(as_text(values.get("infotext")), as_mapping(values.get("request")))
    kind: Any = as_text(about.get("kind")) or "comfyui"
    address, version = as_text(about.get("address")), as_text(about.get("version"))
    maker = Engine(kind, address, version=version)
    lora, weight = as_text(values.get("lora")), as_number(values.get("weight"))
    main = (job_id, created, image_id, maker, kept, prompt_id, state, problem, path)
    return MakeJob(*main, lora=lora, weight=1.0 if weight is None else weight)
