"""HTTP for the routes: who may ask, in which thread it is answered, answers as JSON and files."""

from __future__ import annotations

from .answers import Refusal, sentence
from .gate import Asked, Far, Gate
from .origin import is_from_this_machine, OwnPageOnly
from .ranges import file_answer

__all__ = ["Asked", "Far", "Gate", "OwnPageOnly", "Refusal", "file_answer"]
__all__ += ["is_from_this_machine", "sentence"]
