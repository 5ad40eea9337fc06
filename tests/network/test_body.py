"""Packed bodies, whole, joined, damaged, and out to fill the memory."""

from __future__ import annotations

import gzip
import random
import zlib

import pytest
from civitai_manager_libs.errors import UnreadableAnswer
from civitai_manager_libs.network.body import Unpacker
from hypothesis import given
from hypothesis import strategies as st

TEXT = b"a picture's words " * 5000


def unpacked(unpacker: Unpacker, data: bytes, step: int = 1000, most: int = 64) -> bytes:
    pieces = []
    for start in range(0, len(data), step):
        pieces += unpacker.unpack(data[start : start + step], most)
    assert all(len(piece) <= max(most, 0 if unpacker.is_packed else step) for piece in pieces)
    return b"".join(pieces)


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", " GZIP "])
def test_gzip_is_unpacked(encoding):
    unpacker = Unpacker({"Content-Encoding": encoding})

    assert unpacked(unpacker, gzip.compress(TEXT)) == TEXT
    assert unpacker.is_packed and unpacker.is_whole


def test_deflate_is_unpacked():
    assert unpacked(Unpacker({"Content-Encoding": "deflate"}), zlib.compress(TEXT)) == TEXT


@pytest.mark.parametrize(
    "headers", [{}, {"Content-Encoding": "identity"}], ids=["none", "identity"]
)
def test_what_is_not_packed_passes(headers):
    unpacker = Unpacker(headers)

    assert unpacked(unpacker, TEXT) == TEXT
    assert not unpacker.is_packed and unpacker.is_whole


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_what_nobody_asked_for_is_unreadable(encoding):
    with pytest.raises(UnreadableAnswer):
        unpacked(Unpacker({"Content-Encoding": encoding}), TEXT)


def test_cut_stream_is_not_whole():
    unpacker = Unpacker({"Content-Encoding": "gzip"})
    unpacked(unpacker, gzip.compress(TEXT)[:-1])

    assert not unpacker.is_whole


@pytest.mark.parametrize("end", [b"\0" * 8, b"what is this"], ids=["wrong-sum", "rubbish-behind"])
def test_damage_is_unreadable(end):
    data = gzip.compress(TEXT)
    data = data[:-8] + end if end[0] == 0 else data + end

    with pytest.raises(UnreadableAnswer):
        unpacked(Unpacker({"Content-Encoding": "gzip"}), data)


@given(st.integers(0, 9), st.integers(1, 400), st.integers(1, 300), st.booleans())
def test_every_size_of_piece_gives_the_same_bytes(seed, step, most, is_joined):
    dice = random.Random(seed)
    body = dice.randbytes(seed * 30) + bytes(dice.randrange(5000))
    data = gzip.compress(body)
    unpacker = Unpacker({"Content-Encoding": "gzip"})

    assert unpacked(unpacker, data * (1 + is_joined), step, most) == body * (1 + is_joined)
    assert unpacker.is_whole
