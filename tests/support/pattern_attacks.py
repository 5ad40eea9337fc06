"""Texts that could make a regular expression slow, and the steps that a pattern takes on a text.

The steps are counted by a matcher of our own that goes back as Python's does: a count is the same
on every machine, while a time is not.
"""

import re
from collections.abc import Iterator
from itertools import islice, product

try:
    from re import _compiler, _parser
except ImportError:  # Python 3.10
    import sre_compile as _compiler
    import sre_parse as _parser

__all__ = ["Counter", "TooManySteps", "iter_attacks"]

_CHARACTERS = {"ANY", "ANY_ALL", "IN", "LITERAL", "NOT_LITERAL"}
_REPEATS = {"MAX_REPEAT", "MIN_REPEAT"}
_LONG = 8  # repetitions that are worth an attack

_MAX_ATTACKS = 800
_SAMPLES = [*map(chr, (97, 65, 122, 48, 57, 95, 32, 45, 44, 33)), *map(chr, range(128))]
_SAMPLES += "\x85\xa0²×éßЖİſ日の“”，。\u2028\u2212😀"


class TooManySteps(Exception):
    """A pattern has taken more steps on a text than are allowed."""


class Counter:
    """Counts the steps that a compiled pattern takes on texts."""

    def __init__(self, pattern: re.Pattern) -> None:
        text, flags = pattern.pattern, pattern.flags
        if isinstance(text, str):
            flags &= ~re.UNICODE  # which Python has added
        else:
            text = text.decode("latin-1")
        self._tree, self._flags = _parser.parse(text, flags), pattern.flags
        self._accepts: dict[tuple[int, str], bool] = {}
        self._single: dict[int, re.Pattern] = {}
        self._text, self._left = "", 0

    def count(self, method: str, text: str, limit: int) -> tuple[int, list[tuple[int, int]]]:
        """Return the steps of a method of the pattern on a text, and the spans that match.

        Raises TooManySteps above `limit`.
        """
        self._text, self._left = text, limit
        if method == "fullmatch":
            ends = (end for end in self._match(0) if end == len(text))
            spans = [(0, end) for end in islice(ends, 1)]
        elif method == "match":
            spans = [(0, end) for end in islice(self._match(0), 1)]
        else:
            spans = list(islice(self._scan(), 1 if method == "search" else None))
        return limit - self._left, spans

    def _scan(self) -> Iterator[tuple[int, int]]:
        start, least = 0, 0
        while start <= len(self._text):
            self._spend()
            end = next((end for end in self._match(start) if end >= least), None)
            if end is None:
                start += 1
                least = start
                continue
            yield start, end
            start, least = end, end + (end == start)

    def _spend(self) -> None:
        self._left -= 1
        if self._left < 0:
            raise TooManySteps

    def _match(self, start: int) -> Iterator[int]:
        return self._sequence(list(self._tree), start, self._flags)

    def _sequence(self, items: list, start: int, flags: int) -> Iterator[int]:
        """Yield where the items can end that begin at `start`, in the order of Python's tries."""
        if not items:
            yield start
            return
        tries = [self._item(items[0], start, flags)]
        while tries:
            end = next(tries[-1], None)
            if end is None:
                tries.pop()
            elif len(tries) == len(items):
                yield end
            else:
                tries.append(self._item(items[len(tries)], end, flags))

    def _item(self, item: tuple, at: int, flags: int) -> Iterator[int]:
        op, value = str(item[0]), item[1]
        if op in _CHARACTERS:
            self._spend()
            if self._fits(item, at, flags):
                yield at + 1
        elif op == "SUBPATTERN":
            _, added, removed, body = value
            yield from self._sequence(list(body), at, (flags | added) & ~removed)
        elif op == "BRANCH":
            for body in value[1]:
                yield from self._sequence(list(body), at, flags)
        elif op in _REPEATS:
            yield from self._repeat(op == "MAX_REPEAT", *value, at, flags)
        elif op in ("ASSERT", "ASSERT_NOT"):
            direction, body = value
            start = at if direction == 1 else at - body.getwidth()[0]
            holds = start >= 0 and next(self._sequence(list(body), start, flags), None) is not None
            if holds == (op == "ASSERT"):
                yield at
        elif op == "AT":
            self._spend()
            if self._is_at(str(value), at, flags):
                yield at
        else:
            raise NotImplementedError(f"the counter does not know {op}")

    def _repeat(
        self, greedy: bool, low: int, high: int, body: list, start: int, flags: int
    ) -> Iterator[int]:
        body = list(body)
        if len(body) == 1 and str(body[0][0]) in _CHARACTERS and greedy:
            end = start
            while end - start < int(high) and self._fits(body[0], end, flags):
                self._spend()
                end += 1
            for at in range(end, start + low - 1, -1):
                self._spend()
                yield at
            return
        places, tries = [start], [self._sequence(body, start, flags)]
        if not greedy and low == 0:
            yield start
        while tries:
            count = len(tries) - 1
            end = next(tries[-1], None) if count < int(high) else None
            if end is None:
                tries.pop()
                at = places.pop()
                if greedy and count >= low:
                    self._spend()
                    yield at
            elif end != places[-1] or count < low:
                places.append(end)
                tries.append(self._sequence(body, end, flags))
                if not greedy and count + 1 >= low:
                    self._spend()
                    yield end

    def _fits(self, item: tuple, at: int, flags: int) -> bool:
        if at >= len(self._text):
            return False
        return self.accepts(item, self._text[at], flags)

    def accepts(self, item: tuple, character: str, flags: int) -> bool:
        """Return whether an item of the parsed pattern that is one character fits a character."""
        key = (id(item), character)
        if key not in self._accepts:
            if id(item) not in self._single:
                single = _parser.SubPattern(_parser.State(), [item])
                single.state.flags = flags
                self._single[id(item)] = _compiler.compile(single, flags)
            self._accepts[key] = self._single[id(item)].fullmatch(character) is not None
        return self._accepts[key]

    def _is_at(self, place: str, at: int, flags: int) -> bool:
        text, size = self._text, len(self._text)
        if place == "AT_BEGINNING_STRING" or place == "AT_BEGINNING" and not flags & re.MULTILINE:
            return at == 0
        if place == "AT_BEGINNING":
            return at == 0 or text[at - 1] == "\n"
        if place == "AT_END_STRING":
            return at == size
        if place == "AT_END":
            is_last = at == size or at == size - 1 and text[at] == "\n"
            return is_last or bool(flags & re.MULTILINE) and text[at] == "\n"
        word = re.compile(r"\w", flags & re.ASCII)
        sides = [bool(word.match(text[i])) for i in (at - 1, at) if 0 <= i < size]
        is_boundary = (sum(sides) == 1) if len(sides) == 2 else any(sides)
        return is_boundary == ("NON" not in place)

    def iter_below(
        self, items: list, flags: int, before: list
    ) -> Iterator[tuple[tuple, int, list[list]]]:
        """Yield these items and all in them, each with its flags and the sequences before it."""
        for index, item in enumerate(items):
            op, value = str(item[0]), item[1]
            earlier = [*before, items[:index]]
            yield item, flags, earlier
            if op == "SUBPATTERN":
                yield from self.iter_below(list(value[3]), (flags | value[1]) & ~value[2], earlier)
            elif op == "BRANCH":
                for body in value[1]:
                    yield from self.iter_below(list(body), flags, earlier)
            elif op in _REPEATS:
                yield from self.iter_below(list(value[2]), flags, earlier)
            elif op in ("ASSERT", "ASSERT_NOT"):
                yield from self.iter_below(list(value[1]), flags, earlier)

    def sample(self, items: list, flags: int, more: int, letters: list[str]) -> str:
        """Return a text that the items match if it stands alone, with `more` extra repetitions."""
        text = ""
        for item in items:
            op, value = str(item[0]), item[1]
            if op in _CHARACTERS:
                text += next((c for c in letters if self.accepts(item, c, flags)), "")
            elif op == "SUBPATTERN":
                text += self.sample(list(value[3]), flags, more, letters)
            elif op == "BRANCH":
                bodies = value[1]
                text += self.sample(list(bodies[more % len(bodies)]), flags, more, letters)
            elif op in _REPEATS:
                times = min(int(value[1]), value[0] + more)
                text += self.sample(list(value[2]), flags, more, letters) * times
        return text


def iter_attacks(counter: Counter, is_text: bool) -> Iterator[tuple[str, str, str]]:
    """Yield (start, unit, end): texts that repeat the unit and could make the pattern slow.

    Nothing is yielded for a pattern that repeats nothing.
    """
    items = list(counter.iter_below(list(counter._tree), counter._flags, []))
    single = [(item, flags) for item, flags, _ in items if str(item[0]) in _CHARACTERS]
    letters = _represent(counter, single, is_text)
    repeats = [
        (item, flags, before)
        for item, flags, before in items
        if str(item[0]) in _REPEATS and int(item[1][1]) >= _LONG
    ]
    if not repeats:
        return
    pumped = [
        c
        for c in letters
        if any(
            counter.accepts(i, c, f)
            for repeat, flags, _ in repeats
            for i, f, _ in counter.iter_below(list(repeat[1][2]), flags, [])
            if str(i[0]) in _CHARACTERS
        )
    ]
    seen: set[tuple[str, str, str]] = set()
    for attack in _iter_all(counter, repeats, letters, pumped):
        if len(seen) == _MAX_ATTACKS:
            return
        if attack[1] and attack not in seen:
            seen.add(attack)
            yield attack


def _iter_all(counter: Counter, repeats: list, letters: list[str], pumped: list[str]) -> Iterator:
    ends = ["", *letters]
    for repeat, flags, before in repeats:
        starts = {
            "".join(counter.sample(part, flags, more, letters) for part in parts)
            for more in (0, 1, 2)
            for parts in (before, before[-1:], [])
        }
        bodies = {counter.sample(list(repeat[1][2]), flags, more, letters) for more in (0, 1, 2)}
        for start, body in product(sorted(starts), sorted(bodies)):
            for end in ends:
                yield start, body, end
                yield "", start + body, end
                yield "", start, end
    for letter, end in product(pumped, ends):
        yield "", letter, end
    whole = [counter.sample(list(counter._tree), counter._flags, more, letters) for more in (0, 1)]
    for text, cut in product(whole, (0, 1)):
        for end in ends:
            yield "", text[: len(text) - cut], end
    for pair in product(pumped, letters):
        yield "", "".join(pair), ""
    for repeat, flags, before in repeats:
        start = "".join(counter.sample(part, flags, 1, letters) for part in before)
        for letter, end in product(pumped, ends):
            yield start, letter, end
            yield "", start + letter, end
    for pair, end in product(product(pumped, letters), ends):
        yield "", "".join(pair), end


def _represent(counter: Counter, single: list, is_text: bool) -> list[str]:
    """Return one character of each kind that the pattern tells apart."""
    found: dict[tuple, str] = {}
    for character in _SAMPLES:
        if is_text or ord(character) < 256:
            kind = tuple(counter.accepts(item, character, flags) for item, flags in single)
            found.setdefault((*kind, character.isalnum(), character == "\n"), character)
    return list(found.values())
