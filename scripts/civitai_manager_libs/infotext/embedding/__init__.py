"""Puts an infotext into a picture's file, where the WebUIs look for it; no pixel is touched."""

from .embed import embed_infotext

__all__ = ["embed_infotext"]
