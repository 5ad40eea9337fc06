"""What differs between jobs of images and jobs of model files."""

from .kind import JobKind, make_kind

__all__ = ["JobKind", "make_kind"]
