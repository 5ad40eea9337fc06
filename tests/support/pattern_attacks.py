"""Texts that could make a regular expression slow, made of what the pattern itself looks for."""

import re
from collections.abc import Iterator
from itertools import product
from typing import Any

try:
    from re import _compiler, _parser
except ImportError:  # Python 3.10
    import sre_compile as _compiler
    import sre_parse as _parser

__all__ = ["iter_attacks"]

_CHARACTERS = {"ANY", "ANY_ALL", "IN", "LITERAL", "NOT_LITERAL"}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_LONG = 8  # repetitions that are worth an attack

_MAX_ATTACKS = 800
_SAMPLES = [*map(chr, (97, 65, 122, 48, 57, 95, 32, 45, 44, 33)), *map(chr, range(128))]
_SAMPLES += "\x85\xa0²×éßЖİſ日の“”，。\u2028\u2212😀"


def _plain(value: Any) -> Any:
    """Return a parsed pattern with lists in it: its items are (name, value, as it was parsed)."""
    if isinstance(value, _parser.SubPattern):
        return [(str(op), _plain(value), (op, value)) for op, value in value]
    return [*map(_plain, value)] if isinstance(value, (list, tuple)) else value


class _Parsed:
    """A pattern as a tree of items."""

    def __init__(self, pattern: re.Pattern) -> None:
        text, flags = pattern.pattern, pattern.flags
        if isinstance(text, str):
            flags &= ~re.UNICODE  # which Python has added
        else:
            text = text.decode("latin-1")
        self.tree, self.flags = _plain(_parser.parse(text, flags)), pattern.flags
        self._accepts: dict[tuple[int, str], bool] = {}
        self._single: dict[int, re.Pattern] = {}

    def accepts(self, item: tuple, character: str, flags: int) -> bool:
        """Return whether an item of the parsed pattern that is one character fits a character."""
        key = (id(item), character)
        if key not in self._accepts:
            if id(item) not in self._single:
                single = _parser.SubPattern(_parser.State(), [item[2]])
                single.state.flags = flags
                self._single[id(item)] = _compiler.compile(single, flags)
            self._accepts[key] = self._single[id(item)].fullmatch(character) is not None
        return self._accepts[key]

    def iter_below(
        self, items: list, flags: int, before: list
    ) -> Iterator[tuple[tuple, int, list[list]]]:
        """Yield these items and all in them, each with its flags and the sequences before it."""
        for index, item in enumerate(items):
            op, value, _ = item
            earlier = [*before, items[:index]]
            yield item, flags, earlier
            if op == "SUBPATTERN":
                yield from self.iter_below(value[3], (flags | value[1]) & ~value[2], earlier)
            elif op == "BRANCH":
                for body in value[1]:
                    yield from self.iter_below(body, flags, earlier)
            elif op in _REPEATS:
                yield from self.iter_below(value[2], flags, earlier)
            elif op in ("ASSERT", "ASSERT_NOT"):
                yield from self.iter_below(value[1], flags, earlier)

    def sample(self, items: list, flags: int, more: int, letters: list[str]) -> str:
        """Return a text that the items match if it stands alone, with `more` extra repetitions."""
        text = ""
        for item in items:
            op, value, _ = item
            if op in _CHARACTERS:
                text += next((c for c in letters if self.accepts(item, c, flags)), "")
            elif op == "SUBPATTERN":
                text += self.sample(value[3], flags, more, letters)
            elif op == "BRANCH":
                bodies = value[1]
                text += self.sample(bodies[more % len(bodies)], flags, more, letters)
            elif op in _REPEATS:
                times = min(int(value[1]), value[0] + more)
                text += self.sample(value[2], flags, more, letters) * times
        return text


def iter_attacks(pattern: re.Pattern) -> Iterator[tuple[str, str, str]]:
    """Yield (start, unit, end): texts that repeat the unit and could make the pattern slow.

    Nothing is yielded for a pattern that repeats nothing.
    """
    parsed = _Parsed(pattern)
    items = list(parsed.iter_below(parsed.tree, parsed.flags, []))
    single = [(item, flags) for item, flags, _ in items if item[0] in _CHARACTERS]
    letters = _represent(parsed, single, isinstance(pattern.pattern, str))
    repeats = [
        (item, flags, before)
        for item, flags, before in items
        if item[0] in _REPEATS and int(item[1][1]) >= _LONG
    ]
    if not repeats:
        return
    pumped = [
        c
        for c in letters
        if any(
            parsed.accepts(i, c, f)
            for repeat, flags, _ in repeats
            for i, f, _ in parsed.iter_below(repeat[1][2], flags, [])
            if i[0] in _CHARACTERS
        )
    ]
    seen: set[tuple[str, str, str]] = set()
    for attack in _iter_all(parsed, repeats, letters, pumped):
        if len(seen) == _MAX_ATTACKS:
            return
        if attack[1] and attack not in seen:
            seen.add(attack)
            yield attack


def _iter_all(parsed: _Parsed, repeats: list, letters: list[str], pumped: list[str]) -> Iterator:
    ends = ["", *letters]
    for repeat, flags, before in repeats:
        starts = {
            "".join(parsed.sample(part, flags, more, letters) for part in parts)
            for more in (0, 1, 2)
            for parts in (before, before[-1:], [])
        }
        bodies = {parsed.sample(repeat[1][2], flags, more, letters) for more in (0, 1, 2)}
        for start, body in product(sorted(starts), sorted(bodies)):
            for end in ends:
                yield start, body, end
                yield "", start + body, end
                yield "", start, end
    for letter, end in product(pumped, ends):
        yield "", letter, end
    whole = [parsed.sample(parsed.tree, parsed.flags, more, letters) for more in (0, 1)]
    for text, cut in product(whole, (0, 1)):
        for end in ends:
            yield "", text[: len(text) - cut], end
    for pair in product(pumped, letters):
        yield "", "".join(pair), ""
    for repeat, flags, before in repeats:
        start = "".join(parsed.sample(part, flags, 1, letters) for part in before)
        for letter, end in product(pumped, ends):
            yield start, letter, end
            yield "", start + letter, end
    for pair, end in product(product(pumped, letters), ends):
        yield "", "".join(pair), end


def _represent(parsed: _Parsed, single: list, is_text: bool) -> list[str]:
    """Return one character of each kind that the pattern tells apart."""
    found: dict[tuple, str] = {}
    for character in _SAMPLES:
        if is_text or ord(character) < 256:
            kind = tuple(parsed.accepts(item, character, flags) for item, flags in single)
            found.setdefault((*kind, character.isalnum(), character == "\n"), character)
    return list(found.values())
