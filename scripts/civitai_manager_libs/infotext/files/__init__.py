"""What a picture's or video's file says of how it was made, whatever program wrote it."""

from .embedded import Embedded, embedded
from .embedded_texts import embedded_texts, has_overlapping_exif

__all__ = ["Embedded", "embedded", "embedded_texts", "has_overlapping_exif"]
