"""The one place that speaks HTTP. Knows nothing of gradio, galleries or folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests

from . import setting, util
from .core import Cancellation, check_room, Flights, never, PartialFile
from .errors import Cancelled, CivitaiShortcutError, NetworkError, Refused, ServerTrouble
from .network import (
    Ask,
    Asking,
    CHUNK_SIZE,
    cut_by,
    end_of,
    HostGates,
    load,
    prepared,
    Progress,
    Receiver,
    responses,
    Retries,
    Sender,
    Share,
    Target,
    WireAnswer,
)

__all__ = ["CivitaiHttpClient", "Fetched"]

_SENDING = ("timeout", "allow_redirects", "proxies", "verify", "cert")  # what is no request's own


@dataclass(frozen=True)
class Fetched:
    """A file that is there: its path, its bytes, its true extension ("" for a plain file)."""

    path: str
    size: int
    extension: str


class CivitaiHttpClient:
    """All requests of one process; any thread may use it.

    api_key, timeout (seconds), max_retries (further tries after the first), retry_delay
    (seconds): None means what `setting` says at each request.

    `read_json` and `fetch` raise what `errors` has. The plan's names (`get_json`, ...) never raise
    for what the network or disk does: None or False, and one log line.
    """

    def __init__(
        self,
        api_key: str | None = None,
        timeout: float | None = None,
        max_retries: int | None = None,
        retry_delay: float | None = None,
    ) -> None:
        self._api_key, self._timeout = api_key, timeout
        self._max_retries, self._retry_delay = max_retries, retry_delay
        self._sender = Sender()
        self._gates, self._api_lanes = HostGates(), HostGates()
        self._flights: Flights[Fetched] = Flights()

    @property
    def api_key(self) -> str:
        return setting.civitai_api_key if self._api_key is None else self._api_key

    @property
    def timeout(self) -> float:
        return setting.http_timeout if self._timeout is None else self._timeout

    @property
    def _file_timeout(self) -> float:
        return setting.gallery_download_timeout if self._timeout is None else self._timeout

    @property
    def max_retries(self) -> int:
        return setting.http_max_retries if self._max_retries is None else self._max_retries

    @property
    def retry_delay(self) -> float:
        return setting.http_retry_delay if self._retry_delay is None else self._retry_delay

    def update_api_key(self, key: str | None) -> None:
        """Use this key from the next request on; None: what `setting` says."""
        self._api_key = key

    # What raises

    def read_json(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        cancelled: Cancellation | None = None,
        json_data: Any = None,
        urgent: bool = True,
    ) -> Any:
        """The JSON of an API answer, to a POST where there is `json_data`; one at a time a host.

        urgent: somebody looks at the page that waits for it.
        """
        wish = cancelled or never()
        method = "GET" if json_data is None else "POST"
        ask = Ask(prepared(method, url, params=params, json=json_data), self.timeout)

        def read() -> Any:
            with self._api_lanes.of(url).slot(lambda: 1, wish, urgent):
                with self._answer(ask, wish, urgent) as answer:
                    return responses.parse_json(answer.read_all(responses.MAX_JSON), self.api_key)

        return self._retries(url, wish).run(read)

    def fetch(
        self,
        url: str,
        target: str | Target,
        *,
        progress: Progress | None = None,
        cancelled: Cancellation | None = None,
        picture: bool = True,
        chunk_size: int = CHUNK_SIZE,
        max_retries: int | None = None,
        urgent: bool = False,
        reserve: int = 0,
        replace: bool = True,
        keeps_half: bool = False,
        share: Share | None = None,
    ) -> Fetched:
        """The file of `url`, whole under `target`'s path. Two who ask at once share one request.

        target: a path, or what makes one of the file's true extension (`png`). picture: whether
        only an image, video or sound will do. urgent: somebody looks at the page that waits for it.
        reserve: bytes of the disk that must stay free. replace: False takes a file that is there
        for whole. keeps_half: what has come stays where the network, the program or the user breaks
        it off, but not where it is cancelled for good, and the next one goes on with it. share: of
        a rate that its bytes are held to.
        """
        wish = cancelled or never()
        path_for = target if callable(target) else lambda _: target
        of = url if keeps_half else ""
        receiver = Receiver(path_for, picture, chunk_size, progress, reserve, of)

        def ask(headers: dict[str, str]) -> AbstractContextManager[WireAnswer]:
            request = prepared("GET", url, {"Accept-Encoding": "identity", **headers})
            # 416 is the receiver's to judge.
            return self._answer(Ask(request, self._file_timeout), wish, urgent, (416,), share)

        def there() -> Fetched | None:
            return None if replace else _found(path_for(""))

        def lead() -> Fetched:
            if (found := there()) is not None:  # since another one's request has just brought it
                return found
            if reserve:  # else any room will do until the size is known
                check_room(os.path.dirname(path_for("")), reserve)
            return _received(receiver, ask, self._retries(url, wish, max_retries))

        fetched = there() or self._flights.join((url, picture), lead, wish)
        placed = _placed(fetched, path_for(fetched.extension))
        if progress is not None and not receiver.path:  # no request of ours brought it
            progress(placed.size, placed.size)
        return placed

    def resting(self, url: str) -> float:
        """Seconds until the host of `url` is asked again, 0 when it may be asked now."""
        return self._gates.of(url).resting()

    # The plan's names

    def get_json(self, url: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._bordered(url, None, lambda: self.read_json(url, params))

    def post_json(self, url: str, json_data: Any = None) -> Any:
        data = {} if json_data is None else json_data
        return self._bordered(url, None, lambda: self.read_json(url, json_data=data))

    def get_stream(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> requests.Response | None:
        """The open answer, its body unread; the caller closes it. None for what is not `ok`."""
        return self._make_request("GET", url, headers=headers, stream=True)

    def get_stream_response(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> requests.Response | None:
        """The same as `get_stream`, under the plan's other name."""
        return self.get_stream(url, headers)

    def download_file(
        self, url: str, filepath: str, progress_callback: Progress | None = None
    ) -> bool:
        """Any binary file; one that is already there is taken as whole and not asked for."""
        return self.save(url, filepath, progress_callback)

    def save(
        self,
        url: str,
        filepath: str,
        progress_callback: Progress | None = None,
        chunk_size: int = CHUNK_SIZE,
        max_retries: int | None = None,
    ) -> bool:
        """`download_file` with the pieces and tries that the caller names."""

        def save() -> bool:
            self.fetch(
                url,
                filepath,
                progress=progress_callback,
                picture=False,
                chunk_size=chunk_size,
                max_retries=max_retries,
                replace=False,
            )
            return True

        return self._bordered(url, False, save)

    def _make_request(self, method: str, url: str, **kwargs: Any) -> requests.Response | None:
        """The answer where it is `ok`, else None. kwargs: what `requests.Session.request` takes.

        stream: the body is not read, and a place at the host is taken, until the caller has read
        it to its end or closes it.
        """
        stream = kwargs.pop("stream", False)
        how = {name: kwargs.pop(name, None) for name in _SENDING}
        how = {name: value for name, value in how.items() if value is not None}
        key = self.api_key if kwargs.get("auth") is None else ""

        def work() -> requests.Response:
            ask = Ask(prepared(method, url, **kwargs), **{"timeout": self.timeout, **how})
            retries = self._retries(url, never(), None if ask.can_be_repeated else 0)
            return retries.run(lambda: self._opened(ask, key, stream))

        return self._bordered(url, None, work)

    def _handle_error(self, error: CivitaiShortcutError, url: str) -> None:
        """The border's log line; the URL without its query, which may hold a token."""
        util.printD(f"[http_client] {util.without_query(str(url))}: {error}")

    def _bordered(self, url: str, failed: Any, work: Callable[[], Any]) -> Any:
        try:
            if not isinstance(url, str):  # as a list's entry may be
                raise Refused("This is not an address that can be asked.")
            return work()
        except CivitaiShortcutError as error:
            self._handle_error(error, url)
            return failed

    # One way to ask

    def _retries(
        self, url: str, cancelled: Cancellation, max_retries: int | None = None
    ) -> Retries:
        allowed = self.max_retries if max_retries is None else max_retries
        return Retries(allowed, self.retry_delay, self._gates.of(url), cancelled)

    @contextmanager
    def _answer(
        self,
        ask: Ask,
        cancelled: Cancellation,
        urgent: bool,
        allowed: Container[int] = (),
        share: Share | None = None,
    ) -> Iterator[WireAnswer]:
        """One answer, in its host's slot until its body is read; raises what its status means."""
        gate = self._gates.of(ask.request.url)
        with gate.slot(_limit, cancelled, urgent, share), cut_by(cancelled):
            response = self._sender.send(ask, self.api_key, cancelled)
            answer = WireAnswer(response, cancelled, share, gate.aside)
            with closing(answer):
                answer.judge(self.api_key, allowed)
                yield answer

    def _opened(self, ask: Ask, api_key: str, stream: bool) -> requests.Response:
        """One answer that is the caller's to close, where it is streamed, or was read."""
        gate = self._gates.of(ask.request.url)
        with gate.slot(_limit, never(), urgent=True):
            response = self._sender.send(ask, api_key, never())
            try:
                WireAnswer(response, never()).judge(api_key, allowed=range(300, 400))
                if not stream:
                    load(response)
            except CivitaiShortcutError:
                response.close()
                raise
            if stream:
                gate.lend(end_of(response))
            return response


def _received(receiver: Receiver, ask: Asking, retries: Retries) -> Fetched:
    """The file under its name. One that is broken off keeps what has come, if it may."""
    with closing(receiver):
        try:
            retries.run(lambda: receiver.receive(ask), lambda: receiver.size)
        except (Cancelled, NetworkError, ServerTrouble):
            if not retries.cancelled.is_for_good:
                receiver.keep()
            raise
        receiver.place()  # out of its host's slot: a disk takes its time
    return Fetched(receiver.path, receiver.size, receiver.extension)


def _limit() -> int:
    return setting.gallery_max_concurrent_downloads


def _found(path: str) -> Fetched | None:
    with suppress(OSError):  # somebody was quick to take it away
        return Fetched(path, os.path.getsize(path), "") if os.path.isfile(path) else None
    return None


def _placed(fetched: Fetched, path: str) -> Fetched:
    """The file under the path that this caller wanted, when another caller's request brought it."""
    if os.path.abspath(fetched.path) == os.path.abspath(path):
        return fetched
    with PartialFile(os.path.dirname(path)) as partial:
        partial.copy_from(fetched.path)
        partial.commit(path)
    return Fetched(path, fetched.size, fetched.extension)
