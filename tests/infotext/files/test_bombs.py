"""Hostile files cost at most 30 MB and half a second."""

import time
import tracemalloc

import image_files as files
import pytest
from civitai_manager_libs.infotext.files import read_embedded
from civitai_manager_libs.infotext.write_to_image import embed_infotext

_MOST_MEMORY = 30_000_000  # bytes
_MOST_SECONDS = 0.5
_LONG = 3_900_000  # bytes of a text
_INFOTEXT = "a cat\nSteps: 20, Sampler: Euler a, Seed: 7"


def _filled(start: bytes, piece: bytes, end: bytes, size: int = _LONG) -> bytes:
    return start + piece * (size // len(piece)) + end


_PIECES = {
    "lists": (b'{"prompt":[', b"[],", b"[]]}"),
    "objects": (b'{"prompt":[', b"{},", b"{}]}"),
    "members": (b'{"a":[', b'{"":0},', b"0]}"),
    "numbers": (b'{"a":[', b"1000,", b"0]}"),
    "floats": (b'{"a":[', b"1.5,", b"0]}"),
    "strings": (b'{"a":[', b'"ab",', b"0]}"),
    "depth": (b"", b"[", b""),
    "escapes": (b'{"a":"', b'aaa\\"', b'"}'),
    "undefined": (b'{"a":[', b"undefined,", b"0]}"),
    "pairs": (b"", b"ab: 1, ", b""),
    "quoted-pairs": (b"a\n", b'ab: "1", ', b""),
    "words": (b"", b"word ", b""),
    "lines": (b"", b"a\n", b""),
    "controls": (b"", b"ab\x01", b""),
    "tags": (b"<exif:UserComment>", b"<", b"</exif:UserComment>"),
    "entities": (b"<exif:UserComment>", b"&lt;a", b"</exif:UserComment>"),
    "comfy-tags": (b"<comfy:workflow>", b"<a>", b"</comfy:workflow>"),
    "brackets": (b'"', b"[a]", b'" -s 5'),
    "emoji": ("😀".encode(), b"a", b""),
    "lora": (b"", b"<lora:a:1>", b""),
}
_NAMES = ("parameters", "prompt", "workflow", "Dream", "XML:com.adobe.xmp")
_DISTINCT = b"{" + b",".join(b'"%x":1' % number for number in range(330_000)) + b"}"
_GRAPH = (
    b"{"
    + b",".join(
        b'"%d":{"class_type":"A","inputs":{"model":["%d",0],"text":["%d",0]}}'
        % (number, number + 1, number + 1)
        for number in range(30_000)
    )
    + b"}"
)


def _bombs() -> dict[str, object]:
    small, large = files.overlapping_exif(560_000, 46_000), files.overlapping_exif(_LONG, 64_000)
    xmp = b"http://ns.adobe.com/xap/1.0/\0" + b"<" * 65_000
    exif_item = bytes(4) + large
    comment = b"UNICODE\0" + "a".encode("utf-16-le") * (_LONG // 2)
    return {
        "png-exif-shared": lambda: files.png(files.chunk(b"eXIf", small)),
        "png-exif-shared-large": lambda: files.png(files.chunk(b"eXIf", large)),
        "png-exif-shared-text": lambda: files.png(
            files.chunk(b"eXIf", files.overlapping_exif(_LONG, 64_000, 2))
        ),
        "png-exif-comment": lambda: files.png(files.chunk(b"eXIf", files.one_tag(0x9286, comment))),
        "png-exif-many": lambda: files.png(*[files.chunk(b"eXIf", small[:40_000])] * 90),
        "jpeg-exif-shared": lambda: files.jpeg(
            files.segment(0xE1, b"Exif\0\0" + files.overlapping_exif(65_000, 5_000)),
            *[files.segment(0xE1, xmp)] * 100,
        ),
        "jpeg-comments": lambda: files.jpeg(*[files.segment(0xFE, b"[]," * 20_000)] * 100),
        "jpeg-app13": lambda: files.jpeg(*[files.segment(0xED, b"8BIM" * 16_000)] * 100),
        "jpeg-credentials": lambda: files.jpeg(*[files.segment(0xEB, b"JP\0\1" * 16_000)] * 400),
        "webp-exif-shared": lambda: files.webp((b"EXIF", small)),
        "webp-exif-shared-large": lambda: files.webp((b"EXIF", b"Exif\0\0" + large)),
        "webp-xmp": lambda: files.webp(*[(b"XMP ", b"<rdf:li>" * 200_000)] * 20),
        "avif-exif-shared": lambda: files.avif(b"Exif", exif_item),
        "avif-items-shared": lambda: files.avif(b"mime", b"<a>" * 600_000, 60_000),
        "png-credentials": lambda: files.png(files.chunk(b"caBX", b"jumb" * 9_000_000)),
        "png-credentials-names": lambda: files.png(
            files.chunk(b"caBX", b"claim_generator_infodname" * 1_000_000)
        ),
        "png-zipped": lambda: files.png(files.packed("parameters", b"a" * 50_000_000)),
        **{
            f"png-zipped-many-{count}": lambda count=count: files.png(
                *(files.packed(name, b"{}," * 1_250_000) for name in _NAMES for _ in range(count))
            )
            for count in (10, 200)
        },
        "png-distinct-names": lambda: files.png(files.text("prompt", _DISTINCT)),
        "png-graph": lambda: files.png(files.text("prompt", _GRAPH)),
        "png-several": lambda: files.png(
            *(files.text(name, _filled(*_PIECES["members"], 600_000)) for name in _NAMES)
        ),
        "mp4-keys": lambda: files.mp4({"x" * 190: ""}, keys=20_000, items=20_000),
        "mp4-comment": lambda: files.mp4({"comment": _filled(*_PIECES["objects"]).decode()}),
        "mp4-items": lambda: files.mp4({"comment": "a"}, items=100_000),
        "mp4-boxes": lambda: files.box(b"ftyp", b"mp42") + files.box(b"moov", b"") * 200_000,
        "webm-tag": lambda: files.webm({"COMMENT": _filled(*_PIECES["lists"]).decode()}),
        "webm-tags": lambda: files.webm({"COMMENT": "a"}, 100_000),
        "gif-comment": lambda: files.gif(_filled(*_PIECES["members"])),
        "gif-blocks": lambda: files.gif(b"a" * 40_000_000, b"\xf9"),
        **{
            f"png-{name}-{kind}-{size}": lambda name=name, pieces=pieces, size=size: files.png(
                files.text(name, _filled(*pieces, size))
            )
            for name in _NAMES
            for kind, pieces in _PIECES.items()
            for size in (160_000, 290_000, 1_990_000, _LONG)
        },
    }


_BOMBS = _bombs()


def _peak(work, *values):
    tracemalloc.start()
    try:
        work(*values)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


def _seconds(work, *values):
    started = time.process_time()
    work(*values)
    return time.process_time() - started


# Tested in every run, and the others with `-m long`: texts that take the most memory, and one bomb
# of each structure.
_QUICK_PIECES = ("lists", "objects", "strings", "quoted-pairs", "controls", "emoji", "lora")
_SLOW = {"mp4-items", "mp4-boxes", "webm-tags", "avif-items-shared", "gif-blocks"}
_SLOW |= {"png-exif-shared", "png-exif-shared-text", "webp-exif-shared", "png-zipped-many-10"}
_QUICK = [name for name in _BOMBS if not name[-1].isdigit() and name not in _SLOW]
_QUICK += [f"png-parameters-{kind}-290000" for kind in _QUICK_PIECES]


@pytest.mark.parametrize("name", _QUICK)
def test_bomb_takes_little_memory(tmp_path, name):
    path = tmp_path / "bomb"
    path.write_bytes(_BOMBS[name]())
    assert _peak(read_embedded, str(path)) < _MOST_MEMORY
    if name.startswith(("jpeg-", "webp-", "png-exif-")):
        assert _peak(embed_infotext, str(path), _INFOTEXT) < _MOST_MEMORY


@pytest.mark.long
@pytest.mark.timeout(1_200)
def test_each_bomb_takes_little_memory_and_time(tmp_path):
    path, wrong = tmp_path / "bomb", []
    for name, make in _BOMBS.items():
        path.write_bytes(make())
        size, seconds = _peak(read_embedded, str(path)), _seconds(read_embedded, str(path))
        if size > _MOST_MEMORY or seconds > _MOST_SECONDS:
            wrong.append((name, size, seconds))
    assert wrong == []
