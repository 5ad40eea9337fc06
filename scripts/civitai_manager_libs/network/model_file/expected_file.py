"""What is known about a model file before its download."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import WrongHash

__all__ = ["ExpectedFile"]

_SLACK = 1024  # bytes by which Civitai's rounded size may be wrong


@dataclass(frozen=True)
class ExpectedFile:
    """What is known about a model file before its download, and how to receive it.

    sha256: hexadecimal, or its first digits; "" if unknown. size: in bytes, 0 if unknown; only an
    estimate if the SHA256 is known. reserve: bytes of the disk that must stay free. connections:
    maximum number for this file, 0 for the number in the settings. other_url: the URL to request if
    the download route does not find the file by the first one, "" for none. key: names an
    unfinished download, so that a later one continues it; "" for the URL.
    """

    sha256: str = ""
    size: int = 0
    reserve: int = 0
    connections: int = 0
    other_url: str = ""
    key: str = ""

    def check_size(self, size: int) -> None:
        """Raise WrongHash if a file of `size` bytes cannot be the expected one.

        If the SHA256 is known, any size is accepted, because the hash decides.
        """
        if self.size and not self.sha256 and abs(size - self.size) > _SLACK:
            raise WrongHash("The file is not the one that Civitai describes: wrong length.")
