"""What the HTTP client is made of: sending, receiving, limits, retries."""

from __future__ import annotations

from . import answers
from .body import load, WireAnswer
from .file_end import whole_kind
from .gate import HostGates
from .receiving import CHUNK_SIZE, Progress, Receiver, Target
from .retrying import Retries
from .sending import Ask, prepared, Sender
from .wire import cut_by

__all__ = [
    "Ask",
    "CHUNK_SIZE",
    "HostGates",
    "Progress",
    "Receiver",
    "Retries",
    "Sender",
    "Target",
    "WireAnswer",
    "answers",
    "cut_by",
    "load",
    "prepared",
    "whole_kind",
]
