"""Everything that can go wrong, as types with a reason code.

CivitaiShortcutError
├── NetworkError            network       nobody answered, or not to the end: ask again
│   ├── IncompleteDownload  network       the body ended early
│   └── Busy                busy          the host asks for a longer rest than we sleep out
├── HttpStatusError         http_<status> it answered, and the answer is no
│   ├── ServerTrouble       network       5xx and the like, still there after every try
│   ├── Gone                gone          404, 410
│   ├── NeedsKey            needs_key     401, 403, a login page
│   └── RegionBlocked       region        451
├── NotAnImage              not_an_image  whole, but no picture
├── UnreadableAnswer        bad_answer    an API answer that is not what the API promises
├── TooLarge                too_large     beyond the cap of the settings
├── Refused                 refused       an address or redirect that is not followed
├── DiskError               disk          the path cannot be written
│   └── DiskFull            disk          no room: a job pauses instead of failing
├── Cancelled               cancelled     the user stopped it
└── InputError              bad_input     what the user gave makes no sense
    └── SettingError        bad_input     a setting out of its bounds
"""

from __future__ import annotations

__all__ = [
    "Busy",
    "Cancelled",
    "CivitaiShortcutError",
    "DiskError",
    "DiskFull",
    "NotFound",
    "HttpStatusError",
    "IncompleteDownload",
    "InputError",
    "NeedsKey",
    "NetworkError",
    "NotAnImage",
    "Refused",
    "RegionBlocked",
    "ServerError",
    "SettingError",
    "TooLarge",
    "InvalidResponse",
]


class CivitaiShortcutError(Exception):
    """`str()` of each is one English sentence; `reason` is the code a user's table shows."""

    reason = "error"


class NetworkError(CivitaiShortcutError):
    reason = "network"


class IncompleteDownload(NetworkError):
    pass


class Busy(NetworkError):
    """`seconds`: how long the host asked to be left alone, counted from the answer."""

    reason = "busy"

    def __init__(self, message: str, seconds: float) -> None:
        super().__init__(message)
        self.seconds = seconds

    @classmethod
    def of(cls, seconds: float) -> Busy:
        return cls(f"The server asks to be left alone for {seconds:.0f} seconds.", seconds)


class HttpStatusError(CivitaiShortcutError):
    """`status`: the HTTP status. `retry_after`: seconds the answer asks for, or None."""

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after

    @property
    def reason(self) -> str:  # type: ignore[override]
        return f"http_{self.status}"


class ServerError(HttpStatusError):
    reason = "network"  # type: ignore[assignment]


class NotFound(HttpStatusError):
    reason = "gone"  # type: ignore[assignment]


class NeedsKey(HttpStatusError):
    reason = "needs_key"  # type: ignore[assignment]


class RegionBlocked(HttpStatusError):
    reason = "region"  # type: ignore[assignment]


class NotAnImage(CivitaiShortcutError):
    reason = "not_an_image"


class InvalidResponse(CivitaiShortcutError):
    reason = "bad_answer"


class TooLarge(CivitaiShortcutError):
    reason = "too_large"


class Refused(CivitaiShortcutError):
    reason = "refused"


class DiskError(CivitaiShortcutError):
    reason = "disk"


class DiskFull(DiskError):
    """`missing`: bytes that would have to be freed, 0 if unknown."""

    def __init__(self, message: str, missing: int = 0) -> None:
        super().__init__(message)
        self.missing = missing


class Cancelled(CivitaiShortcutError):
    reason = "cancelled"


class InputError(CivitaiShortcutError):
    """`key`, `values`: of the words for the same in the user's language, where there are any."""

    reason = "bad_input"

    def __init__(self, message: str, key: str = "", **values: object) -> None:
        super().__init__(message)
        self.key, self.values = key, values


class SettingError(InputError):
    pass
