"""What a picture's or video's file says of how it was made, whatever program wrote it."""

from .embedded import embedded, Embedded, embedded_infotext
from .texts import embedded_texts

__all__ = ["Embedded", "embedded", "embedded_infotext", "embedded_texts"]
