"""Hashes of models that the host has made before, from a `hashes.json` among its data."""

from __future__ import annotations

import json
import os
from typing import Any

from .paths import data_path


def cache(subsection: str) -> dict[str, Any]:
    path = os.path.join(data_path, "hashes.json")
    if not os.path.isfile(path):
        return {}
    with open(path, encoding="utf-8") as file:
        return json.load(file).get(subsection, {})
