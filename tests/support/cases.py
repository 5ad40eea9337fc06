"""The cases of a parametrized test, read from the JSON file beside its module."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

__all__ = ["each_case"]


def each_case(module: str, test: str) -> pytest.MarkDecorator:
    """Parametrize a test with the cases that `<module>.json` has under `test`: {id: {name: value}}.

    module: the `__file__` of the test's module.
    """
    cases = json.loads(Path(module).with_suffix(".json").read_text(encoding="utf-8"))[test]
    names = list(next(iter(cases.values())))
    rows = [[case[name] for name in names] for case in cases.values()]
    return pytest.mark.parametrize(names, rows, ids=list(cases))
