"""Packed bodies, whole, joined, damaged, and out to fill the memory."""

import gzip
import random
import zlib

import pytest
from civitai_manager_libs import setting
from civitai_manager_libs.errors import InvalidResponse, NotAnImage
from civitai_manager_libs.http_client import CivitaiHttpClient
from civitai_manager_libs.network import responses
from civitai_manager_libs.network.body import Decompressor, ResponseBody
from fault_responses import png, whole
from hypothesis import given, strategies as st

TEXT = b"a picture's words " * 5000


def unpacked(decompressor: Decompressor, data: bytes, step: int = 1000, most: int = 64) -> bytes:
    pieces = []
    for start in range(0, len(data), step):
        pieces += decompressor.decompress(data[start : start + step], most)
    assert all(
        len(piece) <= max(most, 0 if decompressor.is_compressed else step) for piece in pieces
    )
    return b"".join(pieces)


@pytest.mark.parametrize(
    "encoding, pack",
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), (" GZIP ", gzip.compress)]
    + [("deflate", zlib.compress), ("identity", bytes), (None, bytes)],
)
def test_body_is_decompressed_and_a_truncated_one_is_not_complete(encoding, pack):
    headers = {} if encoding is None else {"Content-Encoding": encoding}
    decompressor = Decompressor(headers)
    assert unpacked(decompressor, pack(TEXT)) == TEXT and decompressor.is_complete
    assert decompressor.is_compressed is (pack is not bytes)
    if pack is not bytes:
        unpacked(decompressor := Decompressor(headers), pack(TEXT)[:-1])
        assert not decompressor.is_complete


@pytest.mark.parametrize("encoding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_unknown_encoding_is_an_invalid_response(encoding):
    with pytest.raises(InvalidResponse):
        unpacked(Decompressor({"Content-Encoding": encoding}), TEXT)


@pytest.mark.parametrize("end", [b"\0" * 8, b"what is this"], ids=["wrong-sum", "rubbish-behind"])
def test_damaged_stream_is_an_invalid_response(end):
    data = gzip.compress(TEXT)
    data = data[:-8] + end if end[0] == 0 else data + end
    with pytest.raises(InvalidResponse):
        unpacked(Decompressor({"Content-Encoding": "gzip"}), data)


@given(st.integers(0, 9), st.integers(1, 400), st.integers(1, 300), st.booleans())
def test_every_size_of_piece_gives_the_same_bytes(seed, step, most, is_joined):
    dice = random.Random(seed)
    body = dice.randbytes(seed * 30) + bytes(dice.randrange(5000))
    data = gzip.compress(body)
    decompressor = Decompressor({"Content-Encoding": "gzip"})
    assert unpacked(decompressor, data * (1 + is_joined), step, most) == body * (1 + is_joined)
    assert decompressor.is_complete


_MB = 1024 * 1024
_NOTHING = gzip.compress(b"") * (30 * _MB // 20)  # whole and true, 30 MB of it


@pytest.fixture
def read(monkeypatch):
    """Return a list of the number of bytes that each read brought."""
    sizes, receive = [], ResponseBody._read_some

    def counted(*arguments):
        data = receive(*arguments)
        sizes.append(len(data))
        return data

    monkeypatch.setattr(ResponseBody, "_read_some", counted)
    return sizes


@pytest.mark.parametrize("start", [b"", gzip.compress(b"[")], ids=["nothing", "a-little"])
@pytest.mark.parametrize("framing", ["length", "chunked"])
def test_endless_empty_gzip_response_is_not_read_beyond_its_limit(
    server, read, monkeypatch, start, framing
):
    monkeypatch.setattr(responses, "MAX_JSON", 5 * _MB)
    url = server.play("/api", whole(start + _NOTHING, Content_Encoding="gzip").but(framing=framing))
    with pytest.raises(InvalidResponse):
        CivitaiHttpClient().fetch_json(url)
    assert sum(read) < 6 * _MB


def test_response_beyond_its_limit_is_not_read_even_if_it_decompresses_to_little(
    server, read, monkeypatch
):
    """By what is read; by what it becomes is the other way round."""
    monkeypatch.setattr(responses, "MAX_JSON", 100_000)
    noise = random.Random(1).randbytes(90_000)
    hollow = gzip.compress(noise) + gzip.compress(b"") * 5000
    with pytest.raises(InvalidResponse, match="too large"):
        CivitaiHttpClient().fetch_json(server.play("/api", whole(hollow, Content_Encoding="gzip")))
    assert sum(read) < 100_000 + 64 * 1024 + 1


@pytest.mark.parametrize("start", [b"", gzip.compress(png("a", 20_000))], ids=["nothing", "start"])
def test_endless_empty_gzip_image_is_not_read_beyond_its_limit(server, read, tmp_path, start):
    setting.change("gallery_max_image_mb", 5)
    url = server.play("/a.png", whole(start + _NOTHING, Content_Encoding="gzip"))
    with pytest.raises(NotAnImage):
        CivitaiHttpClient().fetch(url, str(tmp_path / "a.png"))
    assert sum(read) < 6 * _MB and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("step", [1, 7, 100])
def test_many_joined_zlib_streams_are_decompressed(step):
    parts = (zlib.compress(TEXT[at : at + step * 50]) for at in range(0, 40_000, step * 50))
    decompressor = Decompressor({"Content-Encoding": "deflate"})
    assert unpacked(decompressor, b"".join(parts), 64 * 1024, 4096).startswith(TEXT[:30_000])
