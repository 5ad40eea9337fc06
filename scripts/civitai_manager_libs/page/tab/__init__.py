"""The tab of gradio's components."""

from __future__ import annotations

from . import jobs
from .jobs import job_service, panel
from .joined import build

__all__ = ["build", "job_service", "jobs", "panel"]
