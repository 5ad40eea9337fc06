"""The one place that speaks HTTP. Knows nothing of gradio, galleries or folders."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, TypeVar

import requests

from . import setting, util
from .core import AtomicFile, check_free_space, find_cancellation, SingleFlight
from .errors import CivitaiShortcutError, Refused
from .network import FetchedFile, FileDownload, FileOptions, HostLimiter, HostLimiters, HttpSession
from .network import ExpectedFile, ModelDownload, OutgoingRequest, prepare_request, Progress
from .network import responses, RetryLoop, SendOptions, Target

__all__ = ["CivitaiHttpClient", "FetchedFile", "FileOptions", "ExpectedFile", "SendOptions"]

_SEND_OPTIONS = ("timeout", "allow_redirects", "proxies", "verify", "cert")
_T = TypeVar("_T")


class CivitaiHttpClient:
    """The HTTP client of the whole process; any thread may use it.

    timeout: seconds. max_retries: number of tries after the first. retry_delay: seconds before the
    first retry. For each argument that is None, every request uses the value that the settings
    have at that time.

    `fetch_json`, `fetch` and `fetch_model` raise the errors of `errors.py`. The other methods log
    an error of network or disk in one line and return None or False.
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
        self._session = HttpSession()
        self._api_limiters = HostLimiters(lambda: 1)
        self._model_limiter = HostLimiter(lambda: setting.model_connections)
        self._downloads: SingleFlight[FetchedFile] = SingleFlight()

    @property
    def api_key(self) -> str:
        return setting.civitai_api_key if self._api_key is None else self._api_key

    @property
    def timeout(self) -> float:
        return setting.http_timeout if self._timeout is None else self._timeout

    @property
    def max_retries(self) -> int:
        return setting.http_max_retries if self._max_retries is None else self._max_retries

    @property
    def retry_delay(self) -> float:
        return setting.http_retry_delay if self._retry_delay is None else self._retry_delay

    def update_api_key(self, key: str | None) -> None:
        """Set the API key for the next requests; None means the key in the settings."""
        self._api_key = key

    # Methods that raise

    def fetch_json(
        self,
        url: str,
        params: Mapping[str, Any] | None = None,
        json_data: Any = None,
        sending: SendOptions = SendOptions(urgent=True),
    ) -> Any:
        """Send a request to the API and return the parsed JSON of its response.

        A host gets only one API request at a time. json_data: the body of a POST request; None
        sends a GET request. Raises NetworkError, HttpStatusError, InvalidResponse, Refused,
        InputError for an invalid API key, and Cancelled.
        """
        method = "GET" if json_data is None else "POST"
        prepared = prepare_request(method, url, params=params, json=json_data)
        cancelled = find_cancellation()
        request = OutgoingRequest(prepared, self.timeout, self.api_key, cancelled, sending)

        def attempt() -> Any:
            limiter = self._api_limiters.for_url(url)
            with limiter.slot(cancelled, sending.urgent, patience=sending.patience):
                with self._session.open(request) as body:
                    return responses.parse_json(body.read_all(responses.MAX_JSON), request.api_key)

        return self._make_retries(request, sending.max_retries).run(attempt)

    def fetch(
        self,
        url: str,
        target: str | Target,
        options: FileOptions = FileOptions(),
        sending: SendOptions = SendOptions(),
        progress: Progress | None = None,
    ) -> FetchedFile:
        """Download a file and return its path, size and extension.

        Simultaneous calls for one URL share one request; each gets its own file. target: the file's
        path, or a function that returns the path for an extension such as "png". Raises
        NetworkError, HttpStatusError, NotAnImage, TooLarge, Refused, DiskError, InputError for an
        invalid API key, and Cancelled.
        """
        path_for = target if callable(target) else lambda _: target

        def find_existing() -> FetchedFile | None:
            path = path_for("")
            with suppress(OSError):  # the file may be removed at the same moment
                if not options.overwrite and os.path.isfile(path):
                    return FetchedFile(path, os.path.getsize(path), "")
            return None

        started: list[FileDownload] = []  # empty if another call's request fetches the file

        def run() -> FetchedFile:
            if (found := find_existing()) is not None:  # another call has just fetched it
                return found
            if options.reserve:  # without a reserve, the size decides when it is known
                check_free_space(os.path.dirname(path_for("")), options.reserve)
            request = self._make_file_request(url, sending)
            started.append(FileDownload(url, request, path_for, options, progress))
            return started[0].run(self._session, self._make_retries(request, sending.max_retries))

        key = (url, options.images_only, options.place)
        fetched = find_existing() or self._downloads.do(key, run)
        placed = _copy_file(fetched, path_for(fetched.extension))
        if progress is not None and not started:
            progress(placed.size, placed.size)
        return placed

    def fetch_model(
        self,
        url: str,
        path: str,
        expected: ExpectedFile = ExpectedFile(),
        sending: SendOptions = SendOptions(),
        progress: Progress | None = None,
    ) -> FetchedFile:
        """Download a model file to `path`, verify it, and return its path and size.

        The returned field `extension` is "". url: that of Civitai's download route. A later call
        with the same `expected.key`, or else the same URL, continues a download that was
        interrupted. The bandwidth limit always applies. Raises the errors of `ModelDownload.run`.
        """
        most = self.max_retries if sending.max_retries is None else sending.max_retries
        retries = RetryLoop(most, self.retry_delay, self._model_limiter, find_cancellation())

        def run() -> FetchedFile:
            own_sending = replace(sending, throttled=True)
            urls = filter(None, (url, expected.other_url))
            requests = [self._make_file_request(each, own_sending) for each in urls]
            if not expected.sends_key:
                requests = [replace(request, api_key="") for request in requests]
            download = ModelDownload(
                key, path, requests, self._session, self._api_limiters, retries, expected, progress
            )
            return download.run()

        key = expected.key or url
        return self._downloads.do((key, path), run)

    def paused_seconds(self, url: str) -> float:
        """Return how many seconds remain of the pause that a URL's host asked for, 0 if none."""
        return self._session.limiters.for_url(url).paused_seconds()

    # The plan's names

    def get_json(self, url: str, params: Mapping[str, Any] | None = None) -> Any:
        return self._report_errors(url, None, lambda: self.fetch_json(url, params))

    def post_json(self, url: str, json_data: Any = None) -> Any:
        data = {} if json_data is None else json_data
        return self._report_errors(url, None, lambda: self.fetch_json(url, json_data=data))

    def get_stream(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> requests.Response | None:
        """Send a GET request; return the unread response, which the caller must close, or None."""
        return self._make_request("GET", url, headers=headers, stream=True)

    def get_stream_response(
        self, url: str, headers: Mapping[str, str] | None = None
    ) -> requests.Response | None:
        """Return the result of `get_stream`, which older callers know by this name."""
        return self.get_stream(url, headers)

    def download_file(
        self, url: str, filepath: str, progress_callback: Progress | None = None
    ) -> bool:
        """Download a file of any type, and return whether a file exists at the path afterwards.

        A file that exists already is not downloaded again. progress_callback: called with the bytes
        received so far and the total bytes (0 if unknown). An error is logged, not raised.
        """
        return self.save(url, filepath, progress_callback)

    def save(
        self,
        url: str,
        filepath: str,
        progress_callback: Progress | None = None,
        chunk_size: int = FileOptions.chunk_size,
        max_retries: int | None = None,
    ) -> bool:
        """Download a file as `download_file` does.

        chunk_size: bytes to read at once. max_retries: number of tries after the first, None for
        the client's number.
        """
        options = FileOptions(images_only=False, overwrite=False, chunk_size=chunk_size)
        sending = SendOptions(max_retries=max_retries)

        def save() -> bool:
            self.fetch(url, filepath, options, sending, progress_callback)
            return True

        return self._report_errors(url, False, save)

    def _make_request(self, method: str, url: str, **kwargs: Any) -> requests.Response | None:
        """Send a request and return the response; after an error, log it and return None.

        kwargs: the arguments of `requests.Session.request`. With `stream=True` the body is not
        read, and the caller must close the response.
        """
        stream = kwargs.pop("stream", False)
        options = {name: kwargs.pop(name, None) for name in _SEND_OPTIONS}
        options = {name: value for name, value in options.items() if value is not None}
        key = self.api_key if kwargs.get("auth") is None else ""

        def send() -> requests.Response:
            prepared = prepare_request(method, url, **kwargs)
            given = {"timeout": self.timeout, **options}
            request = OutgoingRequest(prepared, api_key=key, **given)
            # A body that is a file or stream cannot be sent again.
            is_repeatable = isinstance(prepared.body, (bytes, str, type(None)))
            retries = self._make_retries(request, None if is_repeatable else 0)
            return retries.run(lambda: self._session.open_raw(request, stream))

        return self._report_errors(url, None, send)

    def _handle_error(self, error: CivitaiShortcutError, url: str) -> None:
        """Log an error and its URL, without the URL's query, which may hold a key."""
        util.printD(f"[http_client] {util.without_query(str(url))}: {error}")

    def _report_errors(self, url: str, fallback: _T, work: Callable[[], _T]) -> _T:
        try:
            if not isinstance(url, str):  # the plan's functions pass on any entry of a list
                raise Refused("This is not a valid http or https address.")
            return work()
        except CivitaiShortcutError as error:
            self._handle_error(error, url)
            return fallback

    def _make_file_request(self, url: str, sending: SendOptions) -> OutgoingRequest:
        prepared = prepare_request("GET", url, {"Accept-Encoding": "identity"})
        timeout = setting.gallery_download_timeout if self._timeout is None else self._timeout
        if sending.urgent:  # it holds one of a browser's few connections
            timeout /= 3
        return OutgoingRequest(prepared, timeout, self.api_key, find_cancellation(), sending)

    def _make_retries(self, request: OutgoingRequest, max_retries: int | None = None) -> RetryLoop:
        allowed = self.max_retries if max_retries is None else max_retries
        limiter = self._session.limiters.for_url(request.url)
        if not request.sending.pauses_host:
            limiter = HostLimiter(lambda: 1)  # of this request alone
        is_urgent = request.sending.urgent
        return RetryLoop(allowed, self.retry_delay, limiter, request.cancelled, is_urgent)


def _copy_file(fetched: FetchedFile, path: str) -> FetchedFile:
    if os.path.abspath(fetched.path) == os.path.abspath(path):
        return fetched
    with AtomicFile(os.path.dirname(path)) as partial:
        partial.copy_from(fetched.path)
        partial.commit(path)
    return FetchedFile(path, fetched.size, fetched.extension)
