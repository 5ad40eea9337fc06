"""How similar two images are: structural similarity (SSIM) and perceptual hash (pHash).

SSIM is that of Wang, Bovik, Sheikh and Simoncelli, "Image quality assessment: from error
visibility to structural similarity" (2004), of grey values and averaged over windows of 8 × 8
pixels. It finds every change, and falls fast where details have moved a little. The hash, of
Zauner, "Implementation and benchmarking of perceptual image hash functions" (2010), tells whether
the composition is the same. Both need Pillow alone: a comparison takes about 40 ms.
"""

from __future__ import annotations

import functools
import io
import math
from collections.abc import Iterator, Sequence
from statistics import median
from typing import Any, BinaryIO, Literal, NamedTuple

from ...errors import NotAnImage, TooLarge
from ...infotext import has_overlapping_exif

__all__ = ["is_thumbnail", "make_thumbnail", "measure_similarity", "Nearness", "open_image"]
__all__ += ["open_thumbnail", "Similarity"]

Nearness = Literal["same", "near", "different"]

_SIDE = 256  # pixels of the longer side of the compared images
_BLOCK = 4  # pixels; a window is 2 × 2 blocks, so that windows overlap by half
_WINDOW = (2 * _BLOCK) ** 2  # pixels
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
_Sums = tuple[int, int, int, int, int]  # of x, y, x², y² and xy over the pixels of a block


class Similarity(NamedTuple):
    """How similar two images are.

    ssim: structural similarity, 1.0 for equal images, about 0 for unrelated ones. hash_distance:
    number of different bits in the two 64-bit hashes, about 32 for unrelated images.
    """

    ssim: float
    hash_distance: int

    @property
    def nearness(self) -> Nearness:
        """Classify the similarity as "same", "near" or "different"."""
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
        image = Image.open(file, formats=_FORMATS)
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
    """Return how similar two PIL images are, after scaling both to the shape of the first."""
    image, other = image.convert("L"), other.convert("L")
    distance = sum(a != b for a, b in zip(_compute_hash(image), _compute_hash(other)))
    return Similarity(_measure_ssim(image, other), distance)


def _measure_ssim(image: Any, other: Any) -> float:
    """Return the structural similarity (SSIM) of two grey PIL images."""
    size = _choose_compared_size(image)
    blocks = _sum_blocks(_read_rows(image, size), _read_rows(other, size))
    values = [
        _compute_ssim(*_add_sums((*above, *below)))
        for row, next_row in zip(blocks, blocks[1:])
        for above, below in zip(zip(row, row[1:]), zip(next_row, next_row[1:]))
    ]
    return sum(values) / len(values)


def _choose_compared_size(image: Any) -> tuple[int, int]:
    """Return the (width, height) in pixels to which both images are scaled for the SSIM.

    image: the first image; its aspect ratio is kept as far as possible. The longer side is 256,
    and both sides are multiples of 4, at least 8.
    """
    scale = _SIDE / max(image.size)
    width, height = (max(2, round(side * scale / _BLOCK)) * _BLOCK for side in image.size)
    return width, height


def _read_rows(image: Any, size: tuple[int, int]) -> Iterator[bytes]:
    """Resize a grey image to `size` (width, height); yield each row of pixels as bytes."""
    from PIL import Image

    width, height = size
    # Each pixel of the result is the mean of those that it replaces.
    data = image.resize(size, Image.Resampling.BOX).tobytes()
    for row in range(height):
        yield data[row * width : (row + 1) * width]


def _sum_blocks(x_rows: Iterator[bytes], y_rows: Iterator[bytes]) -> list[list[_Sums]]:
    """Return the sums of x, y, x², y² and x·y over each block of 4 × 4 pixels.

    x_rows, y_rows: the rows of pixels of two images of the same size, with one byte for each pixel.
    The result is a list of rows of blocks.
    """
    rows = [_sum_row(x, y) for x, y in zip(x_rows, y_rows)]
    return [
        [_add_sums(column) for column in zip(*rows[at : at + _BLOCK])]
        for at in range(0, len(rows), _BLOCK)
    ]


def _sum_row(x: bytes, y: bytes) -> list[_Sums]:
    """Return the sums of x, y, x², y² and x·y over each group of four pixels.

    x, y: the same row of pixels in two images, with one byte for each pixel.
    """
    xx, yy = [value * value for value in x], [value * value for value in y]
    xy = [value * other for value, other in zip(x, y)]
    return [
        (
            sum(x[at : at + _BLOCK]),
            sum(y[at : at + _BLOCK]),
            sum(xx[at : at + _BLOCK]),
            sum(yy[at : at + _BLOCK]),
            sum(xy[at : at + _BLOCK]),
        )
        for at in range(0, len(x), _BLOCK)
    ]


def _add_sums(parts: Sequence[_Sums]) -> _Sums:
    x, y, xx, yy, xy = map(sum, zip(*parts))
    return x, y, xx, yy, xy


def _compute_ssim(x: int, y: int, xx: int, yy: int, xy: int) -> float:
    """Return the SSIM of two images in a window of 8 × 8 pixels.

    x, y, xx, yy, xy: the sums of x, y, x², y² and x·y over the pixels x and y of the two images.
    """
    mean_x, mean_y = x / _WINDOW, y / _WINDOW
    variance_x = xx / _WINDOW - mean_x * mean_x
    variance_y = yy / _WINDOW - mean_y * mean_y
    covariance = xy / _WINDOW - mean_x * mean_y
    return ((2 * mean_x * mean_y + _C1) * (2 * covariance + _C2)) / (
        (mean_x * mean_x + mean_y * mean_y + _C1) * (variance_x + variance_y + _C2)
    )


def _compute_hash(image: Any) -> list[bool]:
    """Return the 64 bits of a grey image's perceptual hash."""
    rows = _read_rows(image, (_HASHED, _HASHED))
    halves = [[_multiply(row, wave) for wave in _make_cosine_waves()] for row in rows]
    values = [_multiply(column, wave) for column in zip(*halves) for wave in _make_cosine_waves()]
    middle = median(values[1:])  # without the image's mean value
    return [value > middle for value in values]


def _multiply(values: Sequence[float], wave: Sequence[float]) -> float:
    return sum(value * factor for value, factor in zip(values, wave))


@functools.cache
def _make_cosine_waves() -> list[list[float]]:
    """Return the 8 lowest waves of the discrete cosine transform (DCT-II), as 32 values each."""
    step = math.pi / (2 * _HASHED)
    return [
        [math.cos(step * (2 * at + 1) * frequency) for at in range(_HASHED)]
        for frequency in range(_HASH_SIDE)
    ]
