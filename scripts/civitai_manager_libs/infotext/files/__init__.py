"""What a picture's or video's file says of how it was made, whatever program wrote it."""

from .embedded import EmbeddedData, read_embedded
from .embedded_texts import has_overlapping_exif, read_embedded_texts

__all__ = ["EmbeddedData", "read_embedded", "read_embedded_texts", "has_overlapping_exif"]
