"""Programs that make images, and images that they make again."""

from __future__ import annotations

import hashlib
import json
import os
from contextlib import suppress
from typing import Annotated, Literal

from typing_extensions import TypedDict

from ... import engines, host, model_files
from ...core import Image
from ...engines import comfyui, Engine, Plan, PlanOptions
from ...errors import Cancelled, CivitaiShortcutError
from ...i18n import messages
from ...infotext import find_workflow, parse_infotext
from ...jobs import check_plan, describe_cautions, list_missing_names, make_recipe, propose_weights
from ...library import image_records
from ..http import ApiError, change_route, find_lock_reason, is_owner, Most, remote_route
from ..http import RequestContext, route
from .dependencies import get_make_service, require_image, respond_once
from .views import format_iso_time

_MAX_IMAGES = 200  # made by one request
_MAX_WEIGHT = 10  # of a LoRA
_MAX_JOBS = 100  # in a response
_LOCKED = "engine_addresses"  # who may change it may also run a stranger's nodes


class EngineView(TypedDict):
    """A program that makes images. id: to name it in requests. is_host: the WebUI around us.

    message: what the user must do before it can be used, "" if nothing. model_folders: where it has
    its models, if these are not searched yet and the user may change that; separated by ";".
    """

    id: str
    kind: Literal["comfyui", "sdnext", "webui"]
    name: str
    address: str
    is_host: bool
    state: Literal["ready", "no_api", "needs_login"]
    message: str
    model_folders: str


class MissingView(TypedDict):
    """What an engine lacks. text: its kind and name for the user."""

    type: str
    name: str
    text: str


class PlanView(TypedDict):
    """What would be made. cautions: why it will differ. custom_nodes: those that need consent.

    has_own_graph: the image was made by ComfyUI, whose graph is known. should_match: nothing is
    known by which the image would differ. weights: to compare, of the LoRA that was named.
    """

    engine: str
    seed: str
    infotext: str
    should_match: bool
    has_own_graph: bool
    cautions: list[str]
    missing: list[MissingView]
    custom_nodes: list[str]
    weights: list[float]


class WorkflowView(TypedDict):
    """A workflow in ComfyUI. name: as its list of workflows shows it. text: its JSON."""

    engine: str
    name: str
    text: str


class MakeView(TypedDict):
    """An image that is made, was made or waits. part: how much is done, 0 to 1.

    message: what went wrong, or what to know of the image, "" if nothing. name: of the made file.
    lora: a LoRA whose weights are compared, "" for none.
    """

    id: int
    image_id: int
    engine: str
    seed: str
    state: Literal["queued", "running", "done", "failed", "stopped"]
    part: float
    message: str
    name: str
    lora: str
    weight: float
    created: str


class MakeStarted(TypedDict):
    """jobs: their ids, in the order of the images. refused: why others cannot be made."""

    jobs: list[int]
    refused: list[str]


@remote_route("POST", "engines/find")
def ask_engines(context: RequestContext) -> list[EngineView]:
    """Ask the known addresses and return the programs that make images.

    The addresses are those in the settings and the usual ones on this machine. Nobody is asked for
    a user who is neither on this machine nor logged in; the list is then empty, and the other
    routes refuse to make images.
    """
    addresses = None if is_owner(context.request) else ()
    return [_make_view(context, one) for one in engines.find_engines(addresses)]


def _refuse_visitors(context: RequestContext) -> None:
    if not is_owner(context.request):
        raise ApiError(403, "only_here")


def _make_view(context: RequestContext, engine: Engine) -> EngineView:
    message, folders = "", list[str]()
    if engine.state != "ready":
        values = {"engine": engine.name, "address": engine.address}
        message = context.translate(f"engine_{engine.state}", **values)
    if engine.kind == "comfyui" and not find_lock_reason(context.request, "model_folders"):
        with suppress(CivitaiShortcutError):
            folders = model_files.list_unsearched(comfyui.list_engine_folders(engine))
    return {
        "id": _make_id(engine.address),
        "kind": engine.kind,
        "name": engine.name,
        "address": engine.address,
        "is_host": engine.address == host.find_own_address(),
        "state": engine.state,
        "message": message,
        "model_folders": ";".join(path for path in folders if ";" not in path),
    }


def _make_id(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()[:12]


def _find_address(engine_id: str) -> str:
    for address in engines.list_addresses():
        if _make_id(address) == engine_id:
            return address
    raise ApiError(404, "not_there", field="engine")


@change_route("PUT", "engines/login")
def put_login(
    context: RequestContext, engine: str, login: Annotated[str, Most(1_000)]
) -> list[EngineView]:
    """Store the login of a program, or remove it; return the program as it then answers.

    The list is empty if it does not answer. engine: an id of `EngineView`. login: "user:password",
    "" to remove it.
    """
    context.check_lock(_LOCKED, "login")
    address = _find_address(engine)
    engines.save_login(address, login)
    return [_make_view(context, one) for one in engines.find_engines([address])]


@remote_route("POST", "images/{image_id:civitai_id}/plan")
def plan_image(
    context: RequestContext,
    engine: str = "",
    seed: Annotated[str, Most(20)] = "",
    rebuilds: bool = False,
    drops_missing: bool = False,
    runs_custom_nodes: bool = False,
    lora: Annotated[str, Most(300)] = "",
) -> PlanView:
    """Return what would be made of an image, what is missing, and why it would differ.

    engine: an id of `EngineView`. seed: "" for the image's own, "random", or a number. rebuilds:
    make a new graph in place of the image's own. drops_missing: leave out LoRAs, VAEs, embeddings
    and upscalers that are missing. runs_custom_nodes: the user allows nodes of the image's own
    graph that are not ComfyUI's own. lora: a LoRA whose weights are to be compared.
    """
    _refuse_visitors(context)
    image, address, seed_wanted = require_image(context), _find_address(engine), _parse_seed(seed)
    options = PlanOptions(rebuilds, drops_missing, runs_custom_nodes)
    found = engines.find_engine(address)
    weights = propose_weights(lora) if lora else []
    recipe = make_recipe(image, seed_wanted, lora, *weights[:1])
    plan: Plan = engines.MODULES[found.kind].plan(found, recipe, options)
    texts = list_missing_names(plan.missing, context.language)
    return {
        "engine": found.name,
        "seed": str(recipe.seed),
        "infotext": plan.infotext,
        "should_match": plan.should_match,
        "has_own_graph": recipe.graph is not None and found.kind == "comfyui",
        "cautions": describe_cautions(plan.cautions, context.language),
        "missing": [
            {"type": one.type, "name": one.name, "text": text}
            for one, text in zip(plan.missing, texts)
        ],
        "custom_nodes": list(plan.custom_nodes),
        "weights": weights,
    }


@remote_route("POST", "images/{image_id:civitai_id}/workflow")
def store_workflow(context: RequestContext, engine: str = "") -> WorkflowView:
    """Store an image's workflow in a ComfyUI, so that its editor can open it.

    It is the image's own workflow or, if it has none, one made of its infotext. engine: an id of
    `EngineView`.
    """
    _refuse_visitors(context)
    image, found = require_image(context), engines.find_engine(_find_address(engine))
    if found.kind != "comfyui":
        raise ApiError(400, "bad_input", field="engine")
    workflow = json.loads(find_workflow(image.meta) or "{}")
    if "nodes" not in workflow:
        plan = comfyui.plan(found, make_recipe(image), PlanOptions(rebuilds=True))
        workflow = plan.request["workflow"]
    name = comfyui.save_workflow(found, str(image.id), workflow)
    return {"engine": found.name, "name": name, "text": json.dumps(workflow)}


@remote_route("POST", "made")
def make_images(
    context: RequestContext,
    ids: list[int],
    engine: str = "",
    seed: Annotated[str, Most(20)] = "",
    rebuilds: bool = False,
    drops_missing: bool = False,
    runs_custom_nodes: bool = False,
    lora: Annotated[str, Most(300)] = "",
    weight: float = 1,
    request: str = "",
) -> MakeStarted:
    """Queue images to be made, one after another; return the jobs' ids.

    An image of which something is missing is not queued. For the arguments see `plan_image`;
    weight: of `lora`. A second request with the same `request`, as after a double click, starts
    nothing.
    """
    _refuse_visitors(context)
    wanted = list(dict.fromkeys(ids))
    if not wanted or len(wanted) > _MAX_IMAGES:
        raise ApiError(400, "bad_input", field="ids")
    images = image_records.find_images(wanted)
    address, seed_wanted = _find_address(engine), _parse_seed(seed)
    if abs(weight) > _MAX_WEIGHT:
        raise ApiError(400, "bad_input", field="weight")
    if runs_custom_nodes:
        context.check_lock(_LOCKED, "runs_custom_nodes")
    options = PlanOptions(rebuilds, drops_missing, runs_custom_nodes)
    found = engines.find_engine(address)
    module = engines.MODULES[found.kind]
    lists = module.Lists(found)
    planned, refused = list[tuple[Image, Plan]](), list[str]()
    for image_id in wanted:
        if image_id not in images:
            refused.append(messages.explain_reason("not_known", context.language))
            continue
        context.cancelled.check()
        image = images[image_id]
        try:
            recipe = make_recipe(image, seed_wanted, lora, weight)
            plan = module.plan(found, recipe, options, lists)
            check_plan(found, plan, options)
            planned.append((image, plan))
        except Cancelled:
            raise
        except CivitaiShortcutError as error:
            refused.append(context.explain_error(error))

    def start() -> MakeStarted:
        add = get_make_service().add
        jobs = [add(image, found, plan, lora, weight) for image, plan in planned]
        return {"jobs": jobs, "refused": refused}

    return respond_once(request, start)


@route("GET", "made")
def get_made(context: RequestContext) -> list[MakeView]:
    """Return at most 100 images: what is made, what waits, what is over; each newest first.

    The list is empty for a user who may not make images.
    """
    if not is_owner(context.request):
        return []
    return [
        {
            "id": job.id,
            "image_id": job.image_id,
            "engine": job.engine.name,
            "seed": parse_infotext(job.plan.infotext).parameters.get("Seed", ""),
            "state": job.state,
            "part": job.part,
            "message": job.explain(context.language),
            "name": os.path.basename(job.path),
            "lora": job.lora,
            "weight": job.weight,
            "created": format_iso_time(job.created),
        }
        for job in get_make_service().list_jobs()[:_MAX_JOBS]
    ]


@change_route("POST", "made/{job:civitai_id}/stop")
def stop_making(context: RequestContext) -> list[MakeView]:
    """Stop an image that is made, or take it out of the queue; return all as `get_made` does."""
    _refuse_visitors(context)
    get_make_service().stop(context.path_param("job"))
    return get_made(context)


def _parse_seed(text: str) -> int | None:
    text = text.strip()
    if text == "random":
        return -1
    if text and not (text.isascii() and text.isdigit() and int(text) < 2**64):
        raise ApiError(400, "bad_input", field="seed")
    return int(text) if text else None
