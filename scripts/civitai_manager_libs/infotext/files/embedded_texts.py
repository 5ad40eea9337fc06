"""The texts that programs embed in image and video files.

No pixel is decoded, so neither an image's size nor damage to its pixels matters.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import BinaryIO

from ...core import detect_media_extension, open_to_read
from ...errors import DiskError
from .budget import Budget, Texts
from .heif import iter_heif_texts, iter_jpeg_xl_texts
from .image_texts import iter_gif_texts, iter_jpeg_texts, iter_png_texts, iter_webp_texts
from .video_texts import iter_matroska_texts, iter_mp4_texts

__all__ = ["has_overlapping_exif", "read_embedded_texts"]

_MAX_BYTES = 4_000_000  # of all texts of a file; a ComfyUI graph has some hundred thousand
_MAX_PARTS = 100_000  # chunks and boxes; a PNG of 200 MB in the usual chunks of 8 KB has 25,000
_JPEG_XL = b"\0\0\0\x0cJXL \r\n\x87\n"  # no medium of Civitai's, but a WebUI may write it
_Reader = Callable[[BinaryIO, Budget], Texts]


def read_embedded_texts(file: str | BinaryIO) -> dict[str, str]:
    """Return {name: text} for the texts that programs have stored in an image or video file.

    "UserComment" is EXIF's user comment, "XMP" the XMP packet, "C2PA" the program named in the
    Content Credentials; "EXIF" marks EXIF data that was not read or that image libraries cannot
    read safely. file: its path, or the open file. Return {} if it is damaged or of another type.
    Raises DiskError.
    """
    try:
        with open_to_read(file) if isinstance(file, str) else nullcontext(file) as opened:
            opened.seek(0)
            return _read_texts(opened)
    except OSError as error:
        raise DiskError(f"{file} cannot be read: {error.strerror or error}.") from error


def _read_texts(file: BinaryIO) -> dict[str, str]:
    start = file.read(16)
    read = _READERS.get(detect_media_extension(start) or "")
    if start.startswith(_JPEG_XL):
        read = iter_jpeg_xl_texts
    texts: dict[str, str] = {}
    for name, text in read(file, Budget(_MAX_BYTES, _MAX_PARTS)) if read else ():
        if text.strip("\0 \n"):
            texts.setdefault(name, text)
    return texts


def has_overlapping_exif(file: str | BinaryIO) -> bool:
    """Return whether an image library might run out of memory on the EXIF data of a file.

    It might if many tags share the same bytes, which the library copies for each tag, or if some of
    the data was not read here. file: its path, or the open file. Raises DiskError if the file
    cannot be read.
    """
    return "EXIF" in read_embedded_texts(file)


_READERS: dict[str, _Reader] = {
    "avif": iter_heif_texts,
    "gif": iter_gif_texts,
    "heic": iter_heif_texts,
    "jpg": iter_jpeg_texts,
    "mp4": iter_mp4_texts,
    "png": iter_png_texts,
    "webm": iter_matroska_texts,
    "webp": iter_webp_texts,
}
