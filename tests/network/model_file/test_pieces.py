"""Connections receive each byte once, whatever becomes of each of them."""

from __future__ import annotations

import random

import pytest
from civitai_manager_libs.core import ByteRanges
from civitai_manager_libs.network import pieces
from civitai_manager_libs.network.pieces import PiecePlan

_TOTAL = 100_000


class _File:
    """What a plan reads of a file."""

    def __init__(self, *ranges):
        self.ranges = ByteRanges(ranges)

    @property
    def size(self):
        return self.ranges.size

    @property
    def bytes_before_gap(self):
        return self.ranges.bytes_before_gap


@pytest.fixture(autouse=True)
def _small_pieces(monkeypatch):
    for name, size in (("_MIN_PIECE", 700), ("_MAX_PIECE", 9000), ("FIRST_PIECE", 1000)):
        monkeypatch.setattr(pieces, name, size)
    monkeypatch.setattr(pieces, "_MIN_SPLIT", 50)
    monkeypatch.setattr(pieces, "_SLOW", 0.0)


def _receive(file, piece, count):
    end = min(piece.end, piece.position + count)
    assert not any(start < end and piece.position < stop for start, stop in file.ranges)
    file.ranges.add(piece.position, int(end))
    piece.position = int(end)


@pytest.mark.parametrize("seed", range(20))
def test_all_bytes_are_received_and_none_twice(seed):
    chance = random.Random(seed)
    file = _File((500, 800), (40_000, 40_001))
    plan, active = PiecePlan(file, 4), []
    first = plan.take()
    assert plan.take() is None, "the file's length is not known yet"
    plan.set_total(_TOTAL)
    active.append(first)
    first.end = 500
    for _ in range(100_000):
        if plan.is_complete:
            break
        if len(active) < 4 and (piece := plan.take()) is not None:
            active.append(piece)
        piece = chance.choice(active)
        _receive(file, piece, chance.choice([1, 400, 3000]))
        if not piece.missing or chance.random() < 0.1:  # ended, or broke off
            active.remove(piece)
            plan.give_back(piece)
    assert plan.is_complete and [*file.ranges] == [(0, _TOTAL)]


def test_rest_of_a_slow_piece_is_halved_until_it_is_small():
    file = _File((4000, _TOTAL))
    plan = PiecePlan(file, 4)
    plan.set_total(_TOTAL)
    slow = plan.take()
    _receive(file, slow, 100)
    ends = []
    while (other := plan.take()) is not None:
        assert other.end == (ends[-1] if ends else 4000) or other.start >= slow.end
        _receive(file, other, 10**6)
        plan.give_back(other)
        ends.append(other.start)
    assert slow.end == ends[-1] and slow.missing < 2 * 50


def test_only_one_response_can_be_the_whole_file():
    file = _File()
    plan = PiecePlan(file, 4)
    plan.set_total(_TOTAL)
    one, other = plan.take(), plan.take()
    assert plan.extend_to_end(other) and not plan.extend_to_end(one)
    assert other.end == _TOTAL and plan.take() is None
    plan.give_back(one)
    plan.give_back(other)
    assert plan.take().start == 0


def test_single_connection_takes_all_missing_bytes_at_once():
    plan = PiecePlan(_File((0, 10)), 1)
    plan.set_total(_TOTAL)
    piece = plan.take()
    assert (piece.start, piece.end) == (10, _TOTAL)
