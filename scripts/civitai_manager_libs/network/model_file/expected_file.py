"""What is known about a model file before its download."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ExpectedFile"]


@dataclass(frozen=True)
class ExpectedFile:
    """What is known about a model file before its download, and how to receive it.

    sha256: hexadecimal, "" if unknown. size: an estimate in bytes, 0 if unknown. reserve: bytes of
    the disk that must stay free. connections: maximum number for this file, 0 for the number in the
    settings.
    """

    sha256: str = ""
    size: int = 0
    reserve: int = 0
    connections: int = 0
