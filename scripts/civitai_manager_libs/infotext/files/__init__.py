"""How an image or video was made, according to its file, whatever program wrote it."""

from .embedded_data import EmbeddedData, has_overlapping_exif, read_embedded, read_embedded_texts

__all__ = ["EmbeddedData", "has_overlapping_exif", "read_embedded", "read_embedded_texts"]
