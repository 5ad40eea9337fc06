"""The sources in a program's table: where a value is and how to convert it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Union

from ....core import as_integer, as_list, as_mapping, as_text

__all__ = ["convert_last_layer", "convert_skipped_layers", "Data", "drop_default", "find_value"]
__all__ += ["join_lines", "parse_loras", "parse_resolution", "read_if", "read_lora_lists"]
__all__ += ["read_lora_texts", "read_numbered_loras", "Record", "Source"]

Data = Mapping[str, Any]
Record = dict[str, Any]
# A path (see `find_value`), a path and a function that converts the value, or a function that takes
# all data and returns the value.
Source = Union[str, tuple[str, Callable[[Any], object]], Callable[[Data], object]]

_MAX_LORAS = 50
_MAX_LIST = 10_000  # characters
_PART = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^,\[\]'\"]+)")
_DEFAULTS = {"Automatic", "Default (model)", "native", "-1"}  # the user has chosen nothing
_LORA_NAMES = "lora.model_name|lora.name|model.model_name|model.name|model|file|modelFileName"


def find_value(data: Data, source: Source) -> object:
    """Return a value from a program's JSON data, None if the value is missing.

    source: a path of keys such as "a.b"; several paths to try in turn, such as "a.b|c"; a pair
    (path, function), whose function converts the value; or a function of all data.
    """
    if isinstance(source, tuple):
        value = find_value(data, source[0])
        return None if value is None else source[1](value)
    if not isinstance(source, str):
        return source(data)
    values = (_get_at(data, path) for path in source.split("|"))
    return next((value for value in values if as_text(value) or as_list(value)), None)


def _get_at(data: object, path: str) -> object:
    for key in path.split("."):
        data = as_mapping(data).get(key)
    return data


def read_if(condition: str, source: Source) -> Callable[[Data], object]:
    """Return a function that reads `source` from data if the value at the path `condition` is True.

    The function returns None if that value is not True.
    """
    return lambda data: find_value(data, source) if find_value(data, condition) is True else None


def drop_default(value: object) -> object:
    """Return a value, None if the value says that the user has chosen nothing (see _DEFAULTS)."""
    return None if as_text(value) in _DEFAULTS else value


def convert_last_layer(layer: object) -> int | None:
    """Return A1111's Clip skip for a layer counted from the end (2 for -2), None for 0 or more."""
    number = as_integer(layer) or 0
    return -number if number < 0 else None


def convert_skipped_layers(count: object) -> int | None:
    """Return A1111's Clip skip for a number of skipped layers (2 for 1), None for 0 or less."""
    number = as_integer(count) or 0
    return number + 1 if number > 0 else None


def join_lines(value: object) -> str:
    """Return the texts of a list as lines, or a single text unchanged; "" for other values."""
    return "\n".join(filter(None, map(as_text, as_list(value) or (value,))))


def parse_resolution(value: object) -> str | None:
    """Return a size such as `(1024, 768)` as "1024x768", None if it is not two numbers."""
    sides = re.findall(r"\d{1,5}", as_text(value)[:100])
    return "x".join(sides) if len(sides) == 2 else None


def parse_loras(value: object) -> list[Record]:
    """Return {"type": "lora", "name": name, "strength": weight} for each LoRA in a list.

    Its entries are pairs `[name, weight]`, or dicts with "weight" and a name (see _LORA_NAMES).
    """
    loras = []
    for entry in as_list(value)[:_MAX_LORAS]:
        pair, fields = as_list(entry), as_mapping(entry)
        if len(pair) > 1:
            loras.append(_make_lora(pair[0], pair[1]))
        elif fields:
            loras.append(_make_lora(find_value(fields, _LORA_NAMES), fields.get("weight")))
    return loras


def read_lora_lists(data: Data, names: str, weights: str) -> list[Record]:
    """Return the LoRAs in a list of names and a list of weights; a missing weight counts as 1.

    names, weights: the paths of the two lists.
    """
    known_names, known_weights = (_split_list(find_value(data, path)) for path in (names, weights))
    padded = [*known_weights, *[1] * _MAX_LORAS]
    pairs = zip(map(as_text, known_names), padded)
    return [_make_lora(name, weight) for name, weight in pairs if name]


def _split_list(value: object) -> list[Any]:
    """Return the entries of a list, or of a text such as `a,b` or `['a', 'b']`; at most 50."""
    entries = list(as_list(value))
    for each in [] if entries else _PART.findall(as_text(value)[:_MAX_LIST]):
        entries.extend(part.strip() for part in each if part.strip())
    return entries[:_MAX_LORAS]


def read_lora_texts(data: Data, *prefixes: str) -> list[Record]:
    """Return the LoRAs in numbered texts such as "name : weight".

    prefixes: what the keys of the texts begin with; numbers from 1 to 49 follow.
    """
    keys = (f"{prefix}{index}" for index in range(1, _MAX_LORAS) for prefix in prefixes)
    texts = (as_text(data.get(key)).rpartition(" : ") for key in keys)
    return [_make_lora(name, weight) for name, _, weight in texts if as_text(name)]


def read_numbered_loras(data: Data, name: str, weight: str) -> list[Record]:
    """Return the LoRAs under numbered keys such as `l1` and `w1`.

    name, weight: what the keys of the names and of the weights begin with.
    """
    numbers = [n for n in range(1, _MAX_LORAS) if as_text(data.get(f"{name}{n}"))]
    return [_make_lora(data[f"{name}{n}"], data.get(f"{weight}{n}")) for n in numbers]


def _make_lora(name: object, weight: object) -> Record:
    return {"type": "lora", "name": name, "strength": weight}
