"""Makes the page's types, `contract.d.ts`, from `web/schemas`: `npm run contract`.

Writes into the folder that is given, javascript/gallery without an argument.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from pydantic import TypeAdapter

_HERE = os.path.dirname(os.path.abspath(__file__))
_GALLERY = os.path.join(_HERE, "..", "..", "javascript", "gallery")
_TOOL = os.path.join(_HERE, "node_modules", ".bin", "json2ts")
_BANNER = "// Made from scripts/civitai_manager_libs/web/schemas: `npm run contract`."
_OPTIONS = ("--no-additionalProperties", "--style.printWidth", "100", "--bannerComment", _BANNER)


def make_contract() -> str:
    """Return the contract as TypeScript."""
    sys.path.insert(0, os.path.join(_HERE, "..", "..", "scripts"))
    from civitai_manager_libs.web.schemas import Contract

    schema = TypeAdapter(Contract).json_schema()
    named = {"title": "Contract", **_prepare(schema)}
    command = [_TOOL, *_OPTIONS]
    return subprocess.run(
        command, input=json.dumps(named), stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def _prepare(value: Any) -> Any:
    """Return a schema as the tool takes it: without titles, each of which would become a type, and
    with tuples in their older form."""
    if isinstance(value, list):
        return [_prepare(part) for part in value]
    if not isinstance(value, dict):
        return value
    names = {"prefixItems": "items"}
    return {
        names.get(name, name): _prepare(part)
        for name, part in value.items()
        if name != "title" or not isinstance(part, str)
    }


if __name__ == "__main__":
    folder = sys.argv[1] if sys.argv[1:] else _GALLERY
    with open(os.path.join(folder, "contract.d.ts"), "w", encoding="utf-8") as file:
        file.write(make_contract())
