"""How similar two images are: structural similarity (SSIM) and perceptual hash (pHash).

SSIM is that of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error
visibility to structural similarity" (2004), of grey values and averaged over windows of 8 × 8
pixels. It finds every change, and falls fast where details have moved a little. The hash, of
Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010), tells whether
the composition is the same.
"""

from __future__ import annotations

import io
import math
from contextlib import nullcontext
from typing import Any, BinaryIO, Literal, NamedTuple

from ...core import open_to_read
from ...errors import NotAnImage, TooLarge
from ...infotext import has_overlapping_exif

__all__ = ["is_thumbnail", "make_thumbnail", "measure_similarity", "Nearness", "open_image"]
__all__ += ["open_thumbnail", "Similarity"]

Nearness = Literal["same", "near", "different"]

_SIDE = 256  # pixels of the longer side of the compared images
_STEP = 4  # pixels between two windows of 8 × 8 pixels, which overlap by half
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2  # the constants of the paper, for 8-bit values
_MAX_PIXELS = 64_000_000  # of an image that is decoded: 8000 × 8000
_FORMATS = ("PNG", "JPEG", "WEBP")
_THUMBNAIL = 512  # pixels of the longer side
_QUALITY = 82  # of a thumbnail's JPEG
_HASHED = 32  # pixels of each side of the image that is hashed
_HASH_SIDE = 8  # frequencies of each direction: the hash has 64 bits
# Tried on 11 drawings and photographs. Saved again as JPEG or WebP, at half or twice the size or
# with less contrast: SSIM 0.90 or more, distance 2 or less. Details moved by up to a hundredth of
# the width: 0.44 or more, 10 or less. A quarter replaced: 0.73 to 0.92, 8 to 30. Of 300 pairs of
# the same scene by another seed, two count as near and none as the same.
_SAME_SSIM, _SURE_SSIM, _SAME_DISTANCE = 0.9, 0.97, 4
_NEAR_SSIM, _NEAR_DISTANCE, _FAR_DISTANCE = 0.75, 12, 24


class Similarity(NamedTuple):
    """How similar two images are.

    ssim: structural similarity, 1.0 for equal images, about 0 for unrelated ones. hash_distance:
    number of different bits in the two 64-bit hashes, about 32 for unrelated images.
    """

    ssim: float
    hash_distance: int

    @property
    def nearness(self) -> Nearness:
        """Return "same", "near" or "different", by limits for `ssim` and `hash_distance`.

        "same": only the compression, size or contrast differs. "near": some details differ too.
        """
        is_same = self.ssim >= _SAME_SSIM and self.hash_distance <= _SAME_DISTANCE
        if is_same or self.ssim >= _SURE_SSIM:
            return "same"
        far = _FAR_DISTANCE if self.ssim >= _NEAR_SSIM else _NEAR_DISTANCE
        return "near" if self.hash_distance <= far else "different"


def open_image(file: str | BinaryIO) -> Any:
    """Decode the first frame of a PNG, JPEG or WebP file; return a PIL image.

    file: a path or an open file. Raises NotAnImage if the file cannot be decoded, TooLarge above 64
    million pixels, and DiskError.
    """
    from PIL import Image

    if has_overlapping_exif(file):
        raise NotAnImage("The image's EXIF data is too large to be read.")
    try:
        with open_to_read(file) if isinstance(file, str) else nullcontext(file) as opened:
            image = Image.open(opened, formats=_FORMATS)
            width, height = image.size
            if width * height > _MAX_PIXELS:
                raise TooLarge(f"An image of {width} × {height} pixels is too large to compare.")
            image.load()
    # Pillow raises SyntaxError and ValueError for some damaged files.
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise NotAnImage("The file is not a readable PNG, JPEG or WebP image.") from error
    return image


def make_thumbnail(image: Any) -> bytes:
    """Return a PIL image as a JPEG whose longer side has at most 512 pixels."""
    from PIL import Image

    scale = min(1.0, _THUMBNAIL / max(image.size))
    size = [max(1, round(side * scale)) for side in image.size]
    with io.BytesIO() as file:
        small = image.resize(size, Image.Resampling.LANCZOS, reducing_gap=2.0)
        small.convert("RGB").save(file, "JPEG", quality=_QUALITY)
        return file.getvalue()


def open_thumbnail(thumbnail: bytes) -> Any:
    """Decode a JPEG from `make_thumbnail` to a PIL image. Raises NotAnImage."""
    return open_image(io.BytesIO(thumbnail))


def is_thumbnail(data: bytes) -> bool:
    """Return whether the bytes are a JPEG of at most 512 × 512 pixels."""
    from PIL import Image

    if has_overlapping_exif(io.BytesIO(data)):
        return False
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as image:
            if max(image.size) > _THUMBNAIL:
                return False
            image.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError):  # see `open_image`
        return False
    return True


def measure_similarity(image: Any, other: Any) -> Similarity:
    """Return how similar two PIL images are, whatever their sizes; colours are ignored."""
    image, other = image.convert("L"), other.convert("L")
    distance = int((_compute_hash(image) != _compute_hash(other)).sum())
    return Similarity(_measure_ssim(image, other), distance)


def _measure_ssim(image: Any, other: Any) -> float:
    """Return the structural similarity (SSIM) of two grey PIL images.

    Both are first resized to one small size with about the proportions of `image`.
    """
    scale = _SIDE / max(image.size)
    width, height = (max(2, round(side * scale / _STEP)) * _STEP for side in image.size)
    x, y = _read_pixels(image, (width, height)), _read_pixels(other, (width, height))
    mean_x, mean_y = _average_windows(x), _average_windows(y)
    variance_x = _average_windows(x * x) - mean_x**2
    variance_y = _average_windows(y * y) - mean_y**2
    covariance = _average_windows(x * y) - mean_x * mean_y
    ssim = ((2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)) / (
        (mean_x**2 + mean_y**2 + _C1) * (variance_x + variance_y + _C2)
    )
    return float(ssim.mean())


def _read_pixels(image: Any, size: tuple[int, int]) -> Any:
    """Return a grey PIL image, resized to (width, height), as a NumPy array of floats."""
    import numpy
    from PIL import Image

    # Each pixel of the result is the mean of those that it replaces.
    return numpy.asarray(image.resize(size, Image.Resampling.BOX), dtype=float)


def _average_windows(pixels: Any) -> Any:
    """Return the mean of each window of 8 × 8 pixels; the windows begin at every fourth pixel."""
    height, width = pixels.shape
    blocks = pixels.reshape(height // _STEP, _STEP, width // _STEP, _STEP).mean((1, 3))
    return (blocks[1:, 1:] + blocks[1:, :-1] + blocks[:-1, 1:] + blocks[:-1, :-1]) / 4


def _compute_hash(image: Any) -> Any:
    """Return the 64 bits of a grey image's perceptual hash, as a NumPy array of booleans."""
    import numpy

    frequencies, at = numpy.arange(_HASH_SIDE), numpy.arange(_HASHED)
    # The lowest waves of the discrete cosine transform (DCT-II).
    waves = numpy.cos(math.pi / (2 * _HASHED) * numpy.outer(frequencies, 2 * at + 1))
    values = (waves @ _read_pixels(image, (_HASHED, _HASHED)) @ waves.T).ravel()
    return values > numpy.median(values[1:])  # the first is the image's mean value
