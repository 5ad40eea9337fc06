"""HTTP for the routes: who may ask, in which thread it is answered, answers as JSON and files."""

from __future__ import annotations

from .answers import Refusal, sentence
from .gate import Asked, Far, Gate
from .ranges import file_answer

__all__ = ["Asked", "Far", "Gate", "Refusal", "file_answer", "sentence"]
