"""The exceptions of this package, each with a reason code.

CivitaiShortcutError
├── NetworkError            network       no response, or a broken one: retry
│   ├── IncompleteDownload  network       the body ended early
│   └── Busy                busy          the server asks for a longer pause than we wait
├── HttpStatusError         http_<status> the server refused
│   ├── ServerError         network       5xx and the like, after every retry
│   │   └── StorageDown     storage       a model file that its storage cannot send just now
│   ├── NotFound            gone          404, 410
│   ├── NeedsKey            needs_key     401, 403, a login page
│   └── RegionBlocked       region        451
├── NotAnImage              not_an_image  a complete file, but no image
├── InvalidResponse         bad_answer    an API response of an unexpected form
├── TooLarge                too_large     above the limit in the settings
├── Refused                 refused       a URL or redirect that is not followed
├── WrongHash               wrong_hash    a file, but not the one that Civitai describes
├── EarlyAccess             early_access  a model that only buyers may download, perhaps for now
├── NoAccess                no_access     a model that this account may not download
├── NeedsAccess             needs_access  the same without an API key: some accounts may have access
├── Blocked                 blocked       Civitai blocks the account or the internet address
├── NotOffered              not_offered   a model that nobody may download
├── QuotaReached            quota         too many downloads of this account: a job pauses
├── FileInUse               in_use        another program is downloading the file: a job pauses
├── DiskError               disk          the path cannot be written
│   ├── PathTaken           disk          another file has got the path meanwhile
│   └── DiskFull            disk          no space: a job pauses instead of failing
├── Cancelled               cancelled     the user stopped the work
├── EngineError             engine        a program that makes images does not do what was asked
└── InputError              bad_input     invalid input of the user
    └── SettingError        bad_input     a setting out of its bounds
"""

from __future__ import annotations


class CivitaiShortcutError(Exception):
    """The base class of all errors here; `str()` is an English sentence, `reason` a short code."""

    reason = "error"


class NetworkError(CivitaiShortcutError):
    reason = "network"


class IncompleteDownload(NetworkError):
    pass


class Busy(NetworkError):
    """Raised if a server asks for a longer pause than we wait. seconds: the pause still to come."""

    reason = "busy"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The server asks us to wait {seconds:.0f} seconds.")
        self.seconds = seconds


class HttpStatusError(CivitaiShortcutError):
    """Raised for an error status. retry_after: seconds that the server asks to wait, or None."""

    reason = ""  # "": `http_<status>`

    def __init__(self, message: str, status: int, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.retry_after = retry_after
        self.reason = self.reason or f"http_{status}"


class ServerError(HttpStatusError):
    reason = "network"


class StorageDown(ServerError):
    reason = "storage"


class NotFound(HttpStatusError):
    reason = "gone"


class NeedsKey(HttpStatusError):
    reason = "needs_key"


class RegionBlocked(HttpStatusError):
    reason = "region"


class NotAnImage(CivitaiShortcutError):
    reason = "not_an_image"


class InvalidResponse(CivitaiShortcutError):
    reason = "bad_answer"


class TooLarge(CivitaiShortcutError):
    reason = "too_large"


class Refused(CivitaiShortcutError):
    reason = "refused"


class WrongHash(CivitaiShortcutError):
    reason = "wrong_hash"


class EarlyAccess(CivitaiShortcutError):
    """Raised for a model that is for sale. deadline: the ISO date of its end, "" for none."""

    reason = "early_access"

    def __init__(self, message: str, deadline: str = "") -> None:
        super().__init__(message)
        self.deadline = deadline


class NoAccess(CivitaiShortcutError):
    reason = "no_access"


class NeedsAccess(CivitaiShortcutError):
    reason = "needs_access"


class Blocked(CivitaiShortcutError):
    reason = "blocked"


class NotOffered(CivitaiShortcutError):
    reason = "not_offered"


class QuotaReached(CivitaiShortcutError):
    reason = "quota"


class FileInUse(CivitaiShortcutError):
    reason = "in_use"


class DiskError(CivitaiShortcutError):
    """Raised if a file cannot be read or written. path: the file or folder, "" if unknown."""

    reason = "disk"

    def __init__(self, message: str, path: str = "") -> None:
        super().__init__(message)
        self.path = path


class PathTaken(DiskError):
    pass


class DiskFull(DiskError):
    """Raised if a disk has too little space. missing: bytes to free, 0 if unknown."""

    def __init__(self, message: str, missing: int = 0, path: str = "") -> None:
        super().__init__(message, path)
        self.missing = missing


class Cancelled(CivitaiShortcutError):
    reason = "cancelled"


class InputError(CivitaiShortcutError):
    """Raised for invalid input. key, values: message key and values for the translation."""

    reason = "bad_input"

    def __init__(self, message: str, key: str = "", **values: object) -> None:
        super().__init__(message)
        self.key, self.values = key, values


class ListForgotten(InputError):
    """Raised if the ids of a list are no longer stored."""

    reason = "list_forgotten"

    def __init__(self) -> None:
        message = "This list is no longer stored here: paste or open it again."
        super().__init__(message, "reason_list_forgotten")


class EngineError(CivitaiShortcutError):
    """Raised by a program that makes images. key, values: as of InputError."""

    reason = "engine"

    def __init__(self, message: str, key: str, **values: object) -> None:
        super().__init__(message)
        self.key, self.values = key, values


class SettingError(InputError):
    pass
