"""Builders of the readers in a program's table: where a value is and how to convert it. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Union

from ....core import as_integer, as_list, as_mapping, as_text

__all__ = ["Data", "Record", "Source", "convert_value", "find_first", "find_value", "join_lines"]
__all__ += ["parse_resolution", "read_if", "read_lora_entries", "read_lora_lists"]
__all__ += ["read_lora_pairs", "read_lora_texts", "scale_count", "skip_words"]

Data = Mapping[str, Any]
Record = dict[str, Any]
Source = Union[str, Callable[[Data], object]]  # `a.b|c`: the value at a.b, or that of c

_MAX_LORAS = 50
_MAX_LIST = 10_000  # characters
_PART = re.compile(r"'([^']*)'|\"([^\"]*)\"|([^,\[\]'\"]+)")


def find_value(data: Data, source: Source) -> object:
    """Return a value from a program's JSON data, None if the value is missing.

    source: a path of keys such as "a.b"; several paths to try in turn, such as "a.b|c"; or a
    function that takes the data and returns the value.
    """
    if not isinstance(source, str):
        return source(data)
    values = (_get_at(data, path) for path in source.split("|"))
    return next((value for value in values if as_text(value) or as_list(value)), None)


def _get_at(data: object, path: str) -> object:
    for key in path.split("."):
        data = as_mapping(data).get(key)
    return data


def convert_value(source: str, convert: Callable[[Any], object]) -> Callable[[Data], object]:
    """Return a function that reads the value at the path `source` and converts the value.

    The function returns None for a missing value, without calling `convert`.
    """

    def read(data: Data) -> object:
        value = find_value(data, source)
        return None if value is None else convert(value)

    return read


def scale_count(source: str, factor: int = 1, plus: int = 0) -> Callable[[Data], object]:
    """Return a function that reads a whole number n and returns n * factor + plus.

    source: the path of n. The function returns None if n is missing or n * factor is not positive.
    """

    def scale(value: object) -> int | None:
        count = (as_integer(value) or 0) * factor
        return count + plus if count > 0 else None

    return convert_value(source, scale)


def skip_words(source: str, *words: str) -> Callable[[Data], object]:
    """Return a function that reads the text at the path `source`, but returns None for `words`.

    Words such as "Automatic" mean that the user has chosen nothing.
    """
    return convert_value(source, lambda value: None if as_text(value) in words else value)


def read_if(condition: str, source: Source) -> Callable[[Data], object]:
    """Return a function that reads `source` if the value at the path `condition` is True.

    If not, the function returns None.
    """
    return lambda data: find_value(data, source) if find_value(data, condition) is True else None


def find_first(*sources: Source) -> Callable[[Data], object]:
    """Return a function that returns the first value found at one of several sources, else None."""
    return lambda data: next(filter(None, (find_value(data, source) for source in sources)), None)


def join_lines(source: str) -> Callable[[Data], object]:
    """Return a function that reads the text at a path; a list of texts is joined by line ends."""
    return convert_value(
        source, lambda value: "\n".join(filter(None, map(as_text, as_list(value) or (value,))))
    )


def parse_resolution(source: str) -> Callable[[Data], object]:
    """Return a function that reads the size at a path: `(1024, 768)` becomes `1024x768`.

    The function returns None if the value is not two numbers.
    """

    def size(value: object) -> str | None:
        sides = re.findall(r"\d{1,5}", as_text(value)[:100])
        return "x".join(sides) if len(sides) == 2 else None

    return convert_value(source, size)


def read_lora_lists(names: str, weights: str) -> Callable[[Data], object]:
    """Return a function that reads LoRAs from a list of names and a list of weights.

    names, weights: the paths of the two lists. A missing weight counts as 1.
    """

    def read_loras(data: Data) -> list[Record]:
        known_weights = _split_list(find_value(data, weights))
        named = enumerate(map(as_text, _split_list(find_value(data, names))))
        padded = [*known_weights, *[1] * _MAX_LORAS]  # a missing weight is 1
        return [_make_lora(name, padded[index]) for index, name in named if name]

    return read_loras


def _split_list(value: object) -> list[Any]:
    """Return the entries of a list, or of a text such as `a,b` or `['a', 'b']`; at most 50."""
    entries = list(as_list(value))
    for each in [] if entries else _PART.findall(as_text(value)[:_MAX_LIST]):
        entries.extend(part.strip() for part in each if part.strip())
    return entries[:_MAX_LORAS]


def read_lora_entries(source: str, name: str) -> Callable[[Data], object]:
    """Return a function that reads LoRAs from a list of dictionaries with a "weight" each.

    source: the path of the list. name: the path of the LoRA's name within a dictionary.
    """

    def read_loras(value: object) -> list[Record]:
        entries = (as_mapping(entry) for entry in as_list(value)[:_MAX_LORAS])
        return [_make_lora(find_value(entry, name), entry.get("weight")) for entry in entries]

    return convert_value(source, read_loras)


def read_lora_pairs(source: str) -> Callable[[Data], object]:
    """Return a function that reads LoRAs from a list `[[name, weight], …]` at a path."""

    def read_loras(value: object) -> list[Record]:
        entries = (as_list(entry) for entry in as_list(value)[:_MAX_LORAS])
        return [_make_lora(entry[0], entry[1]) for entry in entries if entry[1:]]

    return convert_value(source, read_loras)


def read_lora_texts(*prefixes: str) -> Callable[[Data], object]:
    """Return a function that reads LoRAs from numbered texts such as "name : weight".

    prefixes: what the keys of the texts begin with; numbers from 1 to 49 follow.
    """

    def read_loras(data: Data) -> list[Record]:
        keys = (f"{prefix}{index}" for index in range(1, _MAX_LORAS) for prefix in prefixes)
        texts = (as_text(data.get(key)).rpartition(" : ") for key in keys)
        return [_make_lora(name, weight) for name, _, weight in texts if as_text(name)]

    return read_loras


def _make_lora(name: object, weight: object) -> Record:
    return {"type": "lora", "name": name, "strength": weight}
