"""Content Credentials (C2PA): who signed how a file was made. They contain no prompt.

https://spec.c2pa.org: a JUMBF box with CBOR claims, which name the program that made them.
"""

from __future__ import annotations

import re

from ...core import clean_line

__all__ = ["MAX_CREDENTIALS", "find_signer"]

MAX_CREDENTIALS = 500_000  # bytes that are searched; ChatGPT's and Gemini's have 25,000
# CBOR: a map whose first key is "name", or the older text; each with a text of up to 255 bytes.
_SIGNER = re.compile(
    rb"claim_generator(?:_info[\x80-\x82]?[\xa1-\xaf]dname)?(?:([\x60-\x77])|\x78(.))",
    re.DOTALL,
)


def find_signer(credentials: bytes) -> str:
    """Return the name of the program that signed a file, "C2PA" if its credentials name none.

    credentials: the bytes of the file's Content Credentials; for b"", return "".
    """
    found = _SIGNER.search(credentials)
    if found is None:
        return "C2PA" if credentials else ""
    size = found[1][0] - 0x60 if found[1] else found[2][0]
    name = credentials[found.end() : found.end() + size]
    return clean_line(name.decode("utf-8", "replace") if len(name) == size else "") or "C2PA"
