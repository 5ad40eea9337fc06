"""The texts of real image and video files, also of damaged and hostile ones."""

import io
import struct
import zlib

import image_files as files
import pytest
from civitai_manager_libs.errors import DiskError
from civitai_manager_libs.infotext.files.embedded_data import has_overlapping_exif
from civitai_manager_libs.infotext.files.embedded_data import read_embedded_texts
from hypothesis import given, strategies as st
from image_files import box, chunk
from PIL import features, Image, PngImagePlugin

TEXT = "a harbor, 日本語 é\nNegative prompt: blurry\nSteps: 20, Sampler: Euler a, Seed: 7"
LATIN = "a café\nSteps: 20, Sampler: Euler a, Seed: 7"


def png(texts=(), packed=False, **options):
    info = PngImagePlugin.PngInfo()
    for name, text in dict(texts).items():
        info.add_text(name, text, zip=packed)
    return _saved("PNG", pnginfo=info, **options)


def set_comment(kind, comment):
    exif = Image.Exif()
    exif[0x0131] = "a program"  # without a tag of its own, Pillow's PNG writer leaves EXIF out
    exif[0x8769] = {0x9286: comment}
    return _saved(kind, exif=exif)


def _saved(kind, **options):
    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "navy").save(buffer, kind, **options)
    return buffer.getvalue()


def tiff(order, comment):
    """Return EXIF data with one UserComment, in the order of programs other than Pillow."""
    mark = {"<": b"II*\0", ">": b"MM\0*"}[order]
    head = mark + struct.pack(f"{order}IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0)
    return head + struct.pack(f"{order}HHHIII", 1, 0x9286, 7, len(comment), 44, 0) + comment


def jpeg_with(exif):
    return files.with_exif("jpg", exif)


def texts_of(tmp_path, data):
    path = tmp_path / "picture"
    path.write_bytes(data)
    return read_embedded_texts(str(path))


@pytest.mark.parametrize("packed", [False, True], ids=["plain", "packed"])
@pytest.mark.parametrize("text", [LATIN, TEXT], ids=["latin", "any"])
def test_text_chunks_of_a_png_are_read(tmp_path, text, packed):
    data = png({"parameters": text, "prompt": '{"1": {}}'}, packed)
    assert texts_of(tmp_path, data) == {"parameters": text, "prompt": '{"1": {}}'}


_ENDIAN = b"UNICODE\0" + TEXT.encode("utf-16-be")
_COMMENTS = {
    **{"be": _ENDIAN, "le": b"UNICODE\0" + TEXT.encode("utf-16-le")},
    **{"bom": b"UNICODE\0" + TEXT.encode("utf-16"), "utf-8": b"UNICODE\0" + TEXT.encode("utf-8")},
    "zero-at-the-end": b"UNICODE\0" + TEXT.encode("utf-16-le") + b"\0\0",
    "ascii": b"ASCII\0\0\0" + TEXT.encode("utf-8"),
    "false-ascii": b"ASCII\0\0\0" + TEXT.encode("utf-16-le"),
    "undefined": b"\0\0\0\0\0\0\0\0" + TEXT.encode("utf-8") + b"\0",
    **{"no-code": TEXT.encode("utf-8"), "no-code-be": TEXT.encode("utf-16-be")},
    "swapped-bytes": b"".join(_ENDIAN[i : i + 2][::-1] for i in range(0, len(_ENDIAN), 2)),
}


@pytest.mark.parametrize("kind", ["JPEG", "WEBP", "PNG"])
@pytest.mark.parametrize("comment", _COMMENTS.values(), ids=_COMMENTS)
def test_user_comment_is_read_in_any_encoding(tmp_path, kind, comment):
    assert texts_of(tmp_path, set_comment(kind, comment)) == {"UserComment": TEXT}


@pytest.mark.parametrize("order", ["<", ">"], ids=["little", "big"])
def test_exif_is_read_in_both_byte_orders(tmp_path, order):
    encoding = {"<": "utf-16-le", ">": "utf-16-be"}[order]
    for text in (TEXT, "日本語"):
        comment = b"UNICODE\0" + text.encode(encoding)
        assert texts_of(tmp_path, jpeg_with(tiff(order, comment))) == {"UserComment": text}


_WITHOUT = [b"", b"\x89PNG\r\n\x1a\n", *[_saved(kind) for kind in ("PNG", "JPEG", "WEBP", "GIF")]]
_WITHOUT += [set_comment("JPEG", b"ASCII\0\0\0" + b" " * 40), set_comment("JPEG", b"x")]
_WITHOUT += [b"\0\0\0\x18ftypmp42" + b"\0" * 40, b"<html>parameters</html>"]
_WITHOUT += [jpeg_with(b"MM\0*"), jpeg_with(b"MM\0*\xff\xff\xff\xff")]
_WITHOUT += [jpeg_with(tiff("<", b"UNICODE\0a\0b\0")[:-4])]


@pytest.mark.parametrize("data", _WITHOUT, ids=lambda data: repr(data)[:40])
def test_file_without_texts_has_none(tmp_path, data):
    assert texts_of(tmp_path, data) == {}


def test_truncated_file_gives_only_complete_texts(tmp_path):
    data = png({"Comment": LATIN, "parameters": TEXT})
    at = data.index(b"parameters")
    assert texts_of(tmp_path, data[: at + 30]) == {"Comment": LATIN}
    assert texts_of(tmp_path, data[:at]) == {"Comment": LATIN}
    bare, late = png(), chunk(b"tEXt", b"parameters\0" + LATIN.encode())
    assert texts_of(tmp_path, bare[:-12] + late + bare[-12:]) == {"parameters": LATIN}
    liar = b"\xff\xff\xff\xff" + late[4:]  # a size beyond the end of the file
    assert texts_of(tmp_path, bare[:33] + liar + bare[33:]) == {}
    for missing in (tmp_path / "absent.png", tmp_path):
        with pytest.raises(DiskError, match="cannot be read"):
            read_embedded_texts(str(missing))


def test_huge_image_is_read_without_its_pixels(tmp_path):
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", 2**31 - 1, 2**31 - 1, 16, 6, 0, 0, 0))
    text = chunk(b"tEXt", b"parameters\0" + LATIN.encode())
    data = b"\x89PNG\r\n\x1a\n" + head + text + chunk(b"IDAT", b"")
    assert texts_of(tmp_path, data) == {"parameters": LATIN}


@pytest.mark.parametrize(
    "bomb",
    [
        chunk(b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * 50_000_000, 9)),
        chunk(b"iTXt", b"parameters\0\1\0\0\0" + zlib.compress(b"a" * 50_000_000, 9)),
        chunk(b"zTXt", b"parameters\0\0no zlib"),
        chunk(b"zTXt", b"parameters"),
        chunk(b"iTXt", b"parameters\0\1"),
        chunk(b"tEXt", b"parameters\0" + b"a" * 5_000_000),
    ],
    ids=["packed", "packed-international", "no-zlib", "no-text", "no-more", "huge"],
)
def test_decompression_bomb_is_left_out(tmp_path, bomb):
    after = chunk(b"tEXt", b"Title\0fine")
    data = png()
    assert texts_of(tmp_path, data[:33] + bomb + after + data[33:]) == {"Title": "fine"}


def test_all_texts_of_a_file_share_one_budget(tmp_path):
    packed = zlib.compress(b"a" * 3_000_000, 9)
    names = [b"prompt", b"workflow", b"Comment", b"Description", b"parameters"]
    chunks = b"".join(chunk(b"zTXt", name + b"\0\0" + packed) for name in names)
    data = png()
    assert list(texts_of(tmp_path, data[:33] + chunks + data[33:])) == ["prompt"]


def itunes(text):
    data = box(b"data", struct.pack(">II", 1, 0) + text.encode())
    meta = box(b"meta", b"\0" * 4 + box(b"hdlr", b"\0" * 20) + box(b"ilst", box(b"\xa9cmt", data)))
    return box(b"ftyp", b"mp42\0\0\0\0") + box(b"moov", box(b"udta", meta))


_QUICKTIME = box(b"moov", box(b"udta", box(b"\xa9cmt", b"\0\5\0\0hello")))
_WEBM, _GRAPH = files.webm({"COMMENT": TEXT}), '{"1": {}}'
_AT = _WEBM.index(b"\x18\x53\x80\x67") + 4
_OWN_CHUNK = chunk(b"comf", b'prompt\0{"1": {}}')  # of ComfyUI's animated PNG
_TEXTS_OF = {
    "mp4-keys": (
        files.mp4({"prompt": _GRAPH, "workflow": "{}"}),
        {"prompt": _GRAPH, "workflow": "{}"},
    ),
    "mp4-invokeai": (
        files.mp4({"invokeai_metadata": "{}", "invokeai_graph": "x"}),
        {"invokeai_metadata": "{}"},
    ),
    "itunes": (itunes(TEXT), {"Comment": TEXT}),
    "quicktime": (box(b"ftyp", b"qt  ") + _QUICKTIME, {"Comment": "hello"}),
    "webm": (
        files.webm({"PROMPT": _GRAPH, "COMMENT": TEXT, "ENCODER": "x"}),
        {"prompt": _GRAPH, "Comment": TEXT},
    ),
    "webm-of-unknown-length": (
        _WEBM[:_AT] + b"\x01" + b"\xff" * 7 + _WEBM[_AT + 8 :],
        {"Comment": TEXT},
    ),
    **{"cut-mp4": (files.mp4({"comment": TEXT})[:-9], {}), "cut-webm": (_WEBM[:-9], {})},
    "animated-png": (png()[:33] + _OWN_CHUNK + png()[33:], {"prompt": _GRAPH}),
}


@pytest.mark.parametrize(("data", "texts"), _TEXTS_OF.values(), ids=_TEXTS_OF)
def test_texts_of_each_kind_of_file_are_read(tmp_path, data, texts):
    assert texts_of(tmp_path, data) == texts


def camera(kind, **names):
    exif = Image.Exif()
    for tag, name in ((0x010E, "description"), (0x010F, "make"), (0x0110, "model")):
        if name in names:
            exif[tag] = names[name]
    return _saved(kind, exif=exif)


@pytest.mark.parametrize("kind", ["WEBP", "JPEG", "PNG"])
def test_comfyui_texts_are_read_from_camera_make_and_model(tmp_path, kind):
    data = camera(kind, make='workflow:{"nodes": ["e"]}', model='prompt:{"1": {}}')
    texts = {"workflow": '{"nodes": ["e"]}', "prompt": '{"1": {}}'}
    assert texts_of(tmp_path, data) == texts
    data = camera(kind, description='Workflow:{"nodes": []}', make='Prompt: {"1": {}}')
    assert texts_of(tmp_path, data) == {"workflow": '{"nodes": []}', "prompt": '{"1": {}}'}
    assert texts_of(tmp_path, camera(kind, make="Canon", model="EOS 5D")) == {}


@pytest.mark.parametrize(
    "code", [b"", b"UNICODE\0", b"ASCII\0\0\0"], ids=["none", "utf-16", "ascii"]
)
@pytest.mark.parametrize("kind", ["jpg", "webp", "png", "avif"])
def test_user_comment_in_the_first_exif_folder_is_read(tmp_path, kind, code):
    """Fooocus and SaveImagePlus write the comment there."""
    text = code + (LATIN.encode("utf-16-le") if code == b"UNICODE\0" else LATIN.encode())
    exif = files.one_tag(0x9286, text)
    assert texts_of(tmp_path, files.with_exif(kind, exif)) == {"UserComment": LATIN}


def test_both_exif_folders_may_be_the_same(tmp_path):
    loop = b"II*\0" + struct.pack("<IHHHIIHHIII", 8, 2, 0x8769, 4, 1, 8, 0x9286, 2, 9, 38, 8)
    data = jpeg_with(loop + b"some text")
    assert texts_of(tmp_path, data) == {"UserComment": "some text"}


@pytest.mark.parametrize("count", [2**32 - 1, 2**31, 300])
def test_tag_beyond_the_end_is_left_out(tmp_path, count):
    exif = bytearray(files.one_tag(0x010E, b"a description"))
    exif[14:18] = struct.pack("<I", count)
    assert texts_of(tmp_path, jpeg_with(bytes(exif))) == {}


def test_tags_that_share_bytes_are_limited_by_the_budget(tmp_path):
    exif = b"II*\0" + struct.pack("<IH", 8, 3)
    exif += b"".join(
        struct.pack("<HHII", tag, 7, 1_500_000, 50) for tag in (0x010E, 0x9286, 0x9287)
    )
    exif += bytes(6) + b"a" * 1_500_000
    assert list(texts_of(tmp_path, files.webp((b"EXIF", exif)))) == ["Description"]


_OVERLAPPING = {
    "png": files.png(chunk(b"eXIf", files.overlapping_exif(500_000, 40_000))),
    "png-second": files.png(chunk(b"eXIf", tiff("<", b"")), chunk(b"eXIf", b"MM\0*")),
    "png-huge": files.png(chunk(b"eXIf", bytes(5_000_000))),
    "jpeg": jpeg_with(files.overlapping_exif(65_000, 5_000)),
    "jpeg-second": files.jpeg(*[files.segment(0xE1, b"Exif\0\0MM\0*")] * 2),
    "webp": files.webp((b"EXIF", files.overlapping_exif(500_000, 40_000))),
    "webp-cut": b"RIFF\xff\xff\xff\xffWEBPEXIF\xff\xff\xff\xff",
    "avif": files.avif(b"Exif", bytes(4) + files.overlapping_exif(500_000, 40_000)),
}


@pytest.mark.parametrize("data", _OVERLAPPING.values(), ids=_OVERLAPPING)
def test_overlapping_exif_is_reported(tmp_path, data):
    assert "EXIF" in texts_of(tmp_path, data)
    assert has_overlapping_exif(str(tmp_path / "picture"))


def test_exif_and_xmp_of_an_avif_are_read(tmp_path):
    exif = tiff(">", b"UNICODE\0" + TEXT.encode("utf-16-be"))
    for start in (bytes(4), b"\0\0\0\6Exif\0\0"):
        assert texts_of(tmp_path, files.avif(b"Exif", start + exif)) == {"UserComment": TEXT}
    packet = "<x:xmpmeta>é</x:xmpmeta>"
    assert texts_of(tmp_path, files.avif(b"mime", packet.encode())) == {"XMP": packet}
    assert texts_of(tmp_path, files.avif(b"mime", packet.encode())[:-9]) == {}


@pytest.mark.skipif(not features.check("avif"), reason="this Pillow writes no AVIF")
@pytest.mark.parametrize("frames", [1, 2], ids=["still", "moving"])
def test_avif_written_by_pillow_is_read(tmp_path, frames):
    exif = Image.Exif()
    exif[0x8769] = {0x9286: b"UNICODE\0" + TEXT.encode("utf-16-be")}
    more = [Image.new("RGB", (8, 8), "red")] * (frames - 1)
    data = _saved("AVIF", exif=exif, xmp=b"<x/>", save_all=frames > 1, append_images=more)
    assert texts_of(tmp_path, data) == {"UserComment": TEXT, "XMP": "<x/>"}


@pytest.mark.parametrize("count", [1, 2])
def test_jpeg_xl_gives_the_first_box_of_each_kind(tmp_path, count):
    exif = box(b"Exif", bytes(4) + tiff("<", b"UNICODE\0" + TEXT.encode("utf-16-le")))
    start = b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ")
    data = start + (exif + box(b"xml ", b"<x:xmpmeta/>")) * count + box(b"jxlc", bytes(50))
    assert texts_of(tmp_path, data) == {"UserComment": TEXT, "XMP": "<x:xmpmeta/>"}


def test_comment_of_a_gif_is_read(tmp_path):
    long = f"{TEXT}, Model: {'x' * 600}"
    assert texts_of(tmp_path, files.gif(long.encode())) == {"Comment": long}
    moving = _saved(
        "GIF", comment=b"hello", save_all=True, append_images=[Image.new("RGB", (8, 8))], loop=0
    )
    assert texts_of(tmp_path, moving) == {"Comment": "hello"}


def _credentials(*claim):
    return b"jumbc2pa.claim" + b"".join(claim) + b"\x6finstanceID"


_CREDENTIALS = [
    (_credentials(b"tclaim_generator_info\xa2dname\x67ChatGPTgversion"), "ChatGPT"),
    (
        _credentials(b"tclaim_generator_info\x81\xa1dname\x78\x1a" + b"Media Service" * 2),
        "Media Service" * 2,
    ),
    (_credentials(b"oclaim_generator\x69Maker/1.0"), "Maker/1.0"),
    (_credentials(b"oclaim_generator\x78\xff"), "C2PA"),
    (_credentials(b""), "C2PA"),
]


@pytest.mark.parametrize("kind", ["png", "jpg", "webp", "avif"])
@pytest.mark.parametrize(
    ("data", "maker"), _CREDENTIALS, ids=["name", "list", "old", "cut", "none"]
)
def test_content_credentials_name_the_program(tmp_path, kind, data, maker):
    half = len(data) // 2
    number = bytes.fromhex("d8fec3d61b0e483c92975828877ec481")
    whole = {
        "png": lambda: files.png(chunk(b"caBX", data)),
        "jpg": lambda: files.jpeg(  # in two pieces
            files.segment(0xEB, b"JP\0\1\0\0\0\1" + data[:half]),
            files.segment(0xEB, b"JP\0\1\0\0\0\2" + data[half:]),
        ),
        "webp": lambda: files.webp((b"C2PA", data)),
        "avif": lambda: files.avif(b"mime", b"") + box(b"uuid", number + data),
    }
    assert texts_of(tmp_path, whole[kind]()) == {"C2PA": maker}


_WHOLE = [
    png({"parameters": TEXT, "prompt": LATIN}, packed=True),
    set_comment("PNG", b"UNICODE\0" + TEXT.encode("utf-16-be")),
    set_comment("JPEG", b"UNICODE\0" + TEXT.encode("utf-16-le")),
    set_comment("WEBP", b"ASCII\0\0\0" + LATIN.encode()),
    camera("WEBP", make='workflow:{"nodes": []}', model='prompt:{"1": {}}'),
    jpeg_with(tiff(">", b"UNICODE\0" + TEXT.encode("utf-16-be"))),
    files.mp4({"prompt": '{"1": {}}', "comment": TEXT}),
    itunes(TEXT),
    files.webm({"COMMENT": TEXT, "PROMPT": LATIN}),
    files.avif(b"Exif", bytes(4) + tiff("<", b"UNICODE\0" + TEXT.encode("utf-16-le"))),
    files.avif(b"mime", b"<x:xmpmeta/>"),
    files.gif(TEXT.encode()),
    files.png(chunk(b"caBX", _CREDENTIALS[0][0])),
    b"\0\0\0\x0cJXL \r\n\x87\n" + box(b"ftyp", b"jxl \0\0\0\0jxl ") + box(b"xml ", b"<x/>"),
    jpeg_with(files.one_tag(0x9C9C, TEXT.encode("utf-16-le"))),
    files.webp((b"XMP ", b'<rdf:Description exif:UserComment="' + TEXT.encode() + b'"/>')),
]


@given(
    st.sampled_from(_WHOLE),
    st.lists(st.tuples(st.integers(4, 400), st.binary(min_size=1, max_size=4)), max_size=8),
    st.integers(16, 600),
)
def test_any_damaged_file_can_be_read(tmp_path, data, changes, length):
    damaged = bytearray(data)
    for at, new in changes:
        damaged[at : at + len(new)] = new
    for text in texts_of(tmp_path, bytes(damaged[:length])).values():
        text.encode("utf-8")
