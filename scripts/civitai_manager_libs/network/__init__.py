"""What the HTTP client is made of: sending, receiving, limits, retries."""

from __future__ import annotations

from . import answers
from .body import end_of, load, WireAnswer
from .gate import HostGates
from .rate import Rate, Share
from .receiving import Asking, CHUNK_SIZE, Progress, Receiver, Target
from .retrying import Retries
from .sending import Ask, prepared, Sender
from .wire import cut_by

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
    "answers",
    "cut_by",
    "end_of",
    "load",
    "prepared",
]
