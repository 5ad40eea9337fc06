"""The one place that speaks HTTP. Knows nothing of gradio, galleries or folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import requests

from . import setting, util
from .core import AtomicFile, Cancellation, check_free_space, never_cancelled, SingleFlight
from .errors import Cancelled, CivitaiShortcutError, NetworkError, Refused, ServerError
from .network import (
    BandwidthShare,
    CHUNK_SIZE,
    cut_when_cancelled,
    FileDownload,
    HostLimiters,
    HttpSession,
    load_body,
    OutgoingRequest,
    prepare_request,
    Progress,
    ResponseBody,
    responses,
    RetryLoop,
    SendRequest,
    Target,
    watch_end,
)

__all__ = ["CivitaiHttpClient", "FetchedFile"]

_SENDING = ("timeout", "allow_redirects", "proxies", "verify", "cert")  # what is no request's own


@dataclass(frozen=True)
class FetchedFile:
    """A file that is there: its path, its bytes, its true extension ("" for a plain file)."""

    path: str
    size: int
    extension: str


class CivitaiHttpClient:
    """All requests of one process; any thread may use it.

    api_key, timeout (seconds), max_retries (further tries after the first), retry_delay
    (seconds): None means what `setting` says at each request.

    `fetch_json` and `fetch` raise what `errors` has. The plan's names (`get_json`, ...) never raise
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
        self._sender = HttpSession()
        self._gates, self._api_lanes = HostLimiters(), HostLimiters()
        self._flights: SingleFlight[FetchedFile] = SingleFlight()

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

    def fetch_json(
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
        wish = cancelled or never_cancelled()
        method = "GET" if json_data is None else "POST"
        ask = OutgoingRequest(
            prepare_request(method, url, params=params, json=json_data), self.timeout
        )

        def read() -> Any:
            with self._api_lanes.for_url(url).slot(lambda: 1, wish, urgent):
                with self._open_response(ask, wish, urgent) as answer:
                    return responses.parse_json(answer.read_all(responses.MAX_JSON), self.api_key)

        return self._make_retries(url, wish).run(read)

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
        share: BandwidthShare | None = None,
    ) -> FetchedFile:
        """The file of `url`, whole under `target`'s path. Two who ask at once share one request.

        target: a path, or what makes one of the file's true extension (`png`). picture: whether
        only an image, video or sound will do. urgent: somebody looks at the page that waits for it.
        reserve: bytes of the disk that must stay free. replace: False takes a file that is there
        for whole. keeps_half: what has come stays where the network, the program or the user breaks
        it off, but not where it is cancelled for good, and the next one goes on with it. share: of
        a rate that its bytes are held to.
        """
        wish = cancelled or never_cancelled()
        path_for = target if callable(target) else lambda _: target
        of = url if keeps_half else ""
        receiver = FileDownload(path_for, picture, chunk_size, progress, reserve, of)

        def ask(headers: dict[str, str]) -> AbstractContextManager[ResponseBody]:
            request = prepare_request("GET", url, {"Accept-Encoding": "identity", **headers})
            # 416 is the receiver's to judge.
            return self._open_response(
                OutgoingRequest(request, self._file_timeout), wish, urgent, (416,), share
            )

        def there() -> FetchedFile | None:
            return None if replace else _find_file(path_for(""))

        def lead() -> FetchedFile:
            if (found := there()) is not None:  # since another one's request has just brought it
                return found
            if reserve:  # else any room will do until the size is known
                check_free_space(os.path.dirname(path_for("")), reserve)
            return _receive_file(receiver, ask, self._make_retries(url, wish, max_retries))

        fetched = there() or self._flights.do((url, picture), lead, wish)
        placed = _copy_file(fetched, path_for(fetched.extension))
        if progress is not None and not receiver.path:  # no request of ours brought it
            progress(placed.size, placed.size)
        return placed

    def paused_seconds(self, url: str) -> float:
        """Seconds until the host of `url` is asked again, 0 when it may be asked now."""
        return self._gates.for_url(url).paused_seconds()

    # The plan's names

    def get_json(self, url: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._report_errors(url, None, lambda: self.fetch_json(url, params))

    def post_json(self, url: str, json_data: Any = None) -> Any:
        data = {} if json_data is None else json_data
        return self._report_errors(url, None, lambda: self.fetch_json(url, json_data=data))

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

        return self._report_errors(url, False, save)

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
            ask = OutgoingRequest(
                prepare_request(method, url, **kwargs), **{"timeout": self.timeout, **how}
            )
            retries = self._make_retries(url, never_cancelled(), None if ask.can_be_repeated else 0)
            return retries.run(lambda: self._open_raw(ask, key, stream))

        return self._report_errors(url, None, work)

    def _handle_error(self, error: CivitaiShortcutError, url: str) -> None:
        """The border's log line; the URL without its query, which may hold a token."""
        util.printD(f"[http_client] {util.without_query(str(url))}: {error}")

    def _report_errors(self, url: str, failed: Any, work: Callable[[], Any]) -> Any:
        try:
            if not isinstance(url, str):  # as a list's entry may be
                raise Refused("This is not an address that can be asked.")
            return work()
        except CivitaiShortcutError as error:
            self._handle_error(error, url)
            return failed

    # One way to ask

    def _make_retries(
        self, url: str, cancelled: Cancellation, max_retries: int | None = None
    ) -> RetryLoop:
        allowed = self.max_retries if max_retries is None else max_retries
        return RetryLoop(allowed, self.retry_delay, self._gates.for_url(url), cancelled)

    @contextmanager
    def _open_response(
        self,
        ask: OutgoingRequest,
        cancelled: Cancellation,
        urgent: bool,
        allowed: Container[int] = (),
        share: BandwidthShare | None = None,
    ) -> Iterator[ResponseBody]:
        """One answer, in its host's slot until its body is read; raises what its status means."""
        gate = self._gates.for_url(ask.request.url)
        with gate.slot(_request_limit, cancelled, urgent, share), cut_when_cancelled(cancelled):
            response = self._sender.send(ask, self.api_key, cancelled)
            answer = ResponseBody(response, cancelled, share, gate.yield_slot)
            with closing(answer):
                answer.raise_for_status(self.api_key, allowed)
                yield answer

    def _open_raw(self, ask: OutgoingRequest, api_key: str, stream: bool) -> requests.Response:
        """One answer that is the caller's to close, where it is streamed, or was read."""
        gate = self._gates.for_url(ask.request.url)
        with gate.slot(_request_limit, never_cancelled(), urgent=True):
            response = self._sender.send(ask, api_key, never_cancelled())
            try:
                ResponseBody(response, never_cancelled()).raise_for_status(
                    api_key, allowed=range(300, 400)
                )
                if not stream:
                    load_body(response)
            except CivitaiShortcutError:
                response.close()
                raise
            if stream:
                gate.lend_slot(watch_end(response))
            return response


def _receive_file(receiver: FileDownload, ask: SendRequest, retries: RetryLoop) -> FetchedFile:
    """The file under its name. One that is broken off keeps what has come, if it may."""
    with closing(receiver):
        try:
            retries.run(lambda: receiver.receive(ask), lambda: receiver.size)
        except (Cancelled, NetworkError, ServerError):
            if not retries.cancelled.is_for_good:
                receiver.keep()
            raise
        receiver.commit()  # out of its host's slot: a disk takes its time
    return FetchedFile(receiver.path, receiver.size, receiver.extension)


def _request_limit() -> int:
    return setting.gallery_max_concurrent_downloads


def _find_file(path: str) -> FetchedFile | None:
    with suppress(OSError):  # somebody was quick to take it away
        return FetchedFile(path, os.path.getsize(path), "") if os.path.isfile(path) else None
    return None


def _copy_file(fetched: FetchedFile, path: str) -> FetchedFile:
    """The file under the path that this caller wanted, when another caller's request brought it."""
    if os.path.abspath(fetched.path) == os.path.abspath(path):
        return fetched
    with AtomicFile(os.path.dirname(path)) as partial:
        partial.copy_from(fetched.path)
        partial.commit(path)
    return FetchedFile(path, fetched.size, fetched.extension)
