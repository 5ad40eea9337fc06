"""What is known about a model file before its download."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import InvalidResponse

__all__ = ["ModelChecks"]

_GB = 10**9  # bytes


@dataclass(frozen=True)
class ModelChecks:
    """What is known about a model file before its download, and how to receive it.

    sha256: hexadecimal, "" if unknown. size: an estimate in bytes, 0 if unknown. reserve: bytes of
    the disk that must stay free. connections: maximum number for this file, 0 for the number in the
    settings.
    """

    sha256: str = ""
    size: int = 0
    reserve: int = 0
    connections: int = 0

    def check_total(self, total: int) -> None:
        """Raise InvalidResponse if the length that the server states is far too large.

        total: the length in bytes. The limit is 1 GB more than ten times the estimated size, or 1
        TB without an estimate.
        """
        if total > (10 * self.size + _GB if self.size else 1000 * _GB):
            raise InvalidResponse(
                f"Civitai's storage reports an impossible file size: {total} bytes."
            )
