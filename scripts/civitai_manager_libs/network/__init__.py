"""What the HTTP client is made of: sending, receiving, limits, retries."""

from __future__ import annotations

from . import responses
from .bandwidth import BandwidthLimit, BandwidthShare
from .body import load_body, ResponseBody, watch_end
from .connections import cut_when_cancelled
from .download import CHUNK_SIZE, FileDownload, Progress, SendRequest, Target
from .limiter import HostLimiters
from .retry import RetryLoop
from .session import HttpSession, OutgoingRequest, prepare_request

__all__ = [
    "OutgoingRequest",
    "SendRequest",
    "CHUNK_SIZE",
    "HostLimiters",
    "Progress",
    "BandwidthLimit",
    "FileDownload",
    "RetryLoop",
    "HttpSession",
    "BandwidthShare",
    "Target",
    "ResponseBody",
    "responses",
    "cut_when_cancelled",
    "watch_end",
    "load_body",
    "prepare_request",
]
