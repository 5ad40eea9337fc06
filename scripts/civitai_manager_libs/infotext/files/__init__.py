"""What a picture's or video's file says of how it was made, whatever program wrote it."""

from __future__ import annotations

from .embedded import embedded, Embedded, embedded_infotext

__all__ = ["Embedded", "embedded", "embedded_infotext"]
