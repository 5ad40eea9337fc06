"""What the HTTP client is made of: sending, receiving, limits, retries."""

from __future__ import annotations

from . import responses
from .bandwidth import Rate, Share
from .body import end_of, load, WireAnswer
from .connections import cut_by
from .download import Asking, CHUNK_SIZE, Progress, Receiver, Target
from .limiter import HostGates
from .retry import Retries
from .session import Ask, prepared, Sender

__all__ = [
    "Ask",
    "Asking",
    "CHUNK_SIZE",
    "HostGates",
    "Progress",
    "Rate",
    "Receiver",
    "Retries",
    "Sender",
    "Share",
    "Target",
    "WireAnswer",
    "responses",
    "cut_by",
    "end_of",
    "load",
    "prepared",
]
