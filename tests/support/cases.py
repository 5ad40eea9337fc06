"""The cases of tests: read from the JSON file beside a module, or made up of any JSON."""

import json
from pathlib import Path

import pytest
from hypothesis import strategies as st

__all__ = ["any_json", "each_case", "SCALARS"]

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)


def each_case(module: str, test: str) -> pytest.MarkDecorator:
    """Parametrize a test with the cases that `<module>.json` has under `test`: {id: {name: value}}.

    module: the `__file__` of the test's module.
    """
    cases = json.loads(Path(module).with_suffix(".json").read_text(encoding="utf-8"))[test]
    names = list(next(iter(cases.values())))
    rows = [[case[name] for name in names] for case in cases.values()]
    return pytest.mark.parametrize(names, rows, ids=list(cases))


def any_json(
    keys: st.SearchStrategy[str] = st.text(max_size=8),
    max_leaves: int = 8,
    scalars: st.SearchStrategy = SCALARS,
) -> st.SearchStrategy:
    """Return a strategy for JSON values whose objects have these keys."""

    def nest(inner: st.SearchStrategy) -> st.SearchStrategy:
        return st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4)

    return st.recursive(scalars, nest, max_leaves=max_leaves)
