"""Content Credentials (C2PA): who signed how a file was made. They contain no prompt.

https://spec.c2pa.org: a JUMBF box with CBOR claims, which name the program that made them.
"""

from __future__ import annotations

import re

from ...core import clean_line

from .budget import Texts

__all__ = ["MAX_CREDENTIALS", "iter_credentials"]

MAX_CREDENTIALS = 500_000  # bytes that are searched; ChatGPT's and Gemini's have 25,000
# CBOR: a map whose first key is "name", or the older text; each with a text of up to 255 bytes.
_MAKER = re.compile(
    rb"claim_generator(?:_info[\x80-\x82]?[\xa1-\xaf]dname)?(?:([\x60-\x77])|\x78(.))",
    re.DOTALL,
)


def iter_credentials(data: bytes) -> Texts:
    """Yield ("C2PA", name of the program that signed a file); yield nothing if `data` is empty.

    data: the bytes of the file's Content Credentials. If they name no program, the name is "C2PA".
    """
    if data:
        yield "C2PA", _find_maker(data) or "C2PA"


def _find_maker(data: bytes) -> str:
    found = _MAKER.search(data)
    if found is None:
        return ""
    size = found[1][0] - 0x60 if found[1] else found[2][0]
    name = data[found.end() : found.end() + size]
    return clean_line(name.decode("utf-8", "replace")) if len(name) == size else ""
