"""Marks and sets as a file of JSON, out and in."""

from __future__ import annotations

import json
from typing import Any

from starlette.responses import Response

from ....library import own
from ...wire import Asked

__all__ = ["export", "take"]


def export(asked: Asked) -> Response:
    """`export?set=`: of one set, or of all that the user has marked, as a file to save."""
    told = own.exchange.export(asked.text("set"))
    body = json.dumps(told, ensure_ascii=False, indent=1).encode("utf-8", "replace")
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": 'attachment; filename="civitai-shortcut-sets.json"',
        "X-Content-Type-Options": "nosniff",
    }
    return Response(body, 200, headers, media_type="application/json")


def take(asked: Asked) -> dict[str, Any]:
    """`POST import`: what `export` gave."""
    pictures, sets = own.exchange.take(asked.body)
    said = asked.words("import_done", n=pictures, sets=sets)
    return {"pictures": pictures, "sets": sets, "message": said}
