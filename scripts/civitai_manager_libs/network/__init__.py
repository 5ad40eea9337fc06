"""What the HTTP client is made of: sending, receiving, limits, retries."""

from __future__ import annotations

from . import answers
from .body import load, WireAnswer
from .flights import Flights
from .gate import HostGates
from .parallel import download_all, in_parallel, one_ahead, Summary
from .receiving import CHUNK_SIZE, Progress, Receiver, Target
from .retrying import Retries
from .sending import Ask, prepared, Sender
from .wire import cut_by

__all__ = [
    "Ask",
    "CHUNK_SIZE",
    "Flights",
    "HostGates",
    "Progress",
    "Receiver",
    "Retries",
    "Sender",
    "Summary",
    "Target",
    "WireAnswer",
    "answers",
    "cut_by",
    "download_all",
    "in_parallel",
    "load",
    "one_ahead",
    "prepared",
]
