"""Makes the page's types, `contract.d.ts`, from the declared routes: `npm run contract`.

Writes into the folder that is given, javascript/gallery without an argument.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any, BinaryIO

_HERE = os.path.dirname(os.path.abspath(__file__))
_GALLERY = os.path.join(_HERE, "..", "..", "javascript", "gallery")
_TOOL = os.path.join(_HERE, "node_modules", ".bin", "json2ts")
_BANNER = "// Made from the routes in scripts/civitai_manager_libs/web: `npm run contract`."
_OPTIONS = ("--no-additionalProperties", "--style.printWidth", "100", "--bannerComment", _BANNER)


def make_contract() -> str:
    """Return the contract as TypeScript."""
    from pydantic import TypeAdapter

    schema = TypeAdapter(_make_type()).json_schema()
    named = {"title": "Contract", **_prepare(schema)}
    command = [_TOOL, *_OPTIONS]
    return subprocess.run(
        command, input=json.dumps(named), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _make_type() -> Any:
    """Return the type of the responses and bodies of each route, and of a failure."""
    sys.path.insert(0, os.path.join(_HERE, "..", "..", "scripts"))
    sys.path.insert(0, os.path.join(_HERE, "..", "support"))
    from civitai_manager_libs.web.http import ErrorDetails
    from contract import ROUTES
    from starlette.responses import Response
    from typing_extensions import TypedDict

    shape: Any = TypedDict
    no_json = {Response: Any, BinaryIO: Any, None: dict[str, Any]}

    def collect(name: str, kind: str, *methods: str) -> Any:
        tables: dict[str, dict[str, Any]] = {method: {} for method in methods}
        for (method, path), route in sorted(ROUTES.items()):
            if method in tables:
                declared = getattr(route, kind)
                tables[method][path] = no_json.get(declared, declared)
        return shape(name, {m: shape(f"{m.title()}{name}", tables[m]) for m in methods})

    answers = collect("Responses", "answer_type", "GET", "POST", "PUT")
    bodies = collect("Bodies", "body_type", "POST", "PUT")
    contract = shape("Contract", {"responses": answers, "bodies": bodies, "error": ErrorDetails})
    contract.__doc__ = "The responses and request bodies of each route, and the JSON of a failure."
    return contract


def _prepare(value: Any) -> Any:
    """Return a schema as the tool takes it: without titles, each of which would become a type, and
    with tuples in their older form. Each field of a dataclass is sent, whatever its default."""
    if isinstance(value, list):
        return [_prepare(part) for part in value]
    if not isinstance(value, dict):
        return value
    fields = value.get("properties", {})
    if sent := [name for name, field in fields.items() if "default" in field]:
        value = {**value, "required": [*value.get("required", ()), *sent]}
    names = {"prefixItems": "items"}
    return {
        names.get(name, name): _prepare(part)
        for name, part in value.items()
        if name != "title" or not isinstance(part, str)
    }


if __name__ == "__main__":
    folder = sys.argv[1] if sys.argv[1:] else _GALLERY
    contract = make_contract()  # before the file is opened: a failure leaves the old types
    with open(os.path.join(folder, "contract.d.ts"), "w", encoding="utf-8") as file:
        file.write(contract)
