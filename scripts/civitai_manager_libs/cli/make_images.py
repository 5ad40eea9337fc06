"""Programs that make images, and images made again by them, in a terminal."""

from __future__ import annotations

import argparse
import getpass
import json
import os
import sys
import uuid
from typing import Any

from .. import engines
from ..core import Cancellation, expand_folder, Image
from ..engines import Engine, PlanOptions
from ..errors import Cancelled, DiskError, EngineError, InputError
from ..http_client import CivitaiHttpClient
from ..i18n import messages
from ..infotext import build_metadata, list_differences, read_embedded, read_embedded_texts
from ..jobs import check_plan, describe_cautions, describe_difference, keep_image, make_recipe
from ..library import wait_for_writes
from .target import load_target, make_checked_client, parse_target
from .terminal import catch_signals, format_row, get_text, get_user_language, INTERRUPTED
from .terminal import NOTHING_DONE, print_message, print_result, print_translated, SUCCESS

_NAME_WIDTH, _ADDRESS_WIDTH = 18, 28  # columns
_INDENT = " " * 6
_WRITE_SECONDS = 60.0


def list_engines(arguments: argparse.Namespace) -> int:
    """Print the programs that make images, or store the login of one; return the exit code."""
    if arguments.login is not None:
        prompt = get_text("engines_password", address=arguments.login)
        typed = getpass.getpass(prompt) if sys.stdin.isatty() else sys.stdin.readline().strip()
        engines.save_login(arguments.login.rstrip("/"), typed)
        return SUCCESS
    found = engines.find_engines()
    rows = [_describe(engine) for engine in found]
    if arguments.json:
        print_result(json.dumps(rows))
    for row in () if arguments.json else rows:
        cells = ((row["name"], _NAME_WIDTH), (row["address"], _ADDRESS_WIDTH))
        text = get_text(f"engines_state_{row['state']}")
        if row["files"]:
            counts = {f"{kind}s": len(row["files"][kind]) for kind in ("model", "lora", "vae")}
            counts["models"] += len(row["files"].get("diffusion_model", ()))  # ComfyUI's
            text = get_text("engines_has", **counts)
        print_result(format_row(*cells, text=text))
    if not found:
        print_translated("engine_none_found")
    return SUCCESS if found else NOTHING_DONE


def _describe(engine: Engine) -> dict[str, Any]:
    files: dict[str, list[str]] = {}
    state: str = engine.state
    if state == "ready":
        try:
            files = engines.MODULES[engine.kind].list_files(engine)
        except EngineError as error:
            state = "needs_login" if error.key == "engine_needs_login" else state
            print_message(messages.translate_error(error, get_user_language()))
    return {
        **{"kind": engine.kind, "name": engine.name, "address": engine.address},
        **{"state": state, "files": files},
    }


def make_image(arguments: argparse.Namespace) -> int:
    """Make an image again, keep it as a reproduction, and return the program's exit code."""
    engine = _choose_engine(arguments.engine)
    image = _load_image(arguments.image)
    recipe = make_recipe(image, arguments.seed)
    options = PlanOptions(arguments.rebuild, arguments.allow_missing, arguments.allow_custom_nodes)
    module = engines.MODULES[engine.kind]
    plan = module.plan(engine, recipe, options)
    check_plan(engine, plan, options)
    language = get_user_language()
    cautions = describe_cautions(plan.cautions, language)
    print_translated("make_same_recipe" if cautions else "make_same")
    for sentence in cautions:
        print_message(f"{_INDENT}{sentence}")
    print_translated("make_progress", engine=engine.name)
    cancelled = Cancellation()
    with catch_signals(cancelled.set):
        try:
            made = module.make(engine, plan, str(uuid.uuid4()), cancelled=cancelled)
        except Cancelled:
            return INTERRUPTED
    folder = os.path.abspath(expand_folder(arguments.dest)) if arguments.dest else ""
    path = keep_image(made, image, recipe.seed, folder)
    wait_for_writes(_WRITE_SECONDS)
    for remark in made.remarks:
        print_translated(remark.key, engine=engine.name)
    differences = [
        describe_difference(one, language)
        for one in list_differences(plan.infotext, made.infotext)
        if one.kind != "program"
    ]
    if differences:
        print_translated("make_differs")
        for sentence in differences:
            print_message(f"{_INDENT}{sentence}")
    if arguments.json:
        result = {
            **{"path": path, "engine": engine.name, "address": engine.address},
            **{"seed": recipe.seed, "infotext": made.infotext, "cautions": cautions},
            **{"should_match": plan.should_match, "differences": differences},
        }
        print_result(json.dumps(result))
    else:
        print_result(get_text("make_made", path=path))
    return SUCCESS


def _choose_engine(stated: str | None) -> Engine:
    """Return the engine that the user named by its address or kind, else the only one."""
    if stated and "://" in stated:
        return engines.find_engine(stated.rstrip("/"))
    found = [one for one in engines.find_engines() if one.kind == (stated or one.kind)]
    ready = [one for one in found if one.state == "ready"]
    if len(ready) > 1:
        names = ", ".join(one.address for one in ready)
        raise InputError(get_text("make_several_engines", names=names))
    if not ready and found:  # says what it needs
        return engines.find_engine(found[0].address)
    if not ready:
        raise engines.make_error("engine_none_found")
    return ready[0]


def _load_image(text: str) -> Image:
    if os.path.isfile(text):
        try:
            infotext, texts = read_embedded(text).infotext, read_embedded_texts(text)
        except DiskError as error:
            raise InputError(str(error)) from error
        meta = build_metadata(infotext)
        if "prompt" in texts:
            meta["comfy"] = {"prompt": texts["prompt"]}
        return Image(-1, "", meta=meta)
    reference = parse_target(text)
    client: CivitaiHttpClient = make_checked_client()
    target = load_target(client, reference, None)
    if not isinstance(target, Image):
        raise InputError(get_text("make_of_what", text=repr(text)))
    return target
