"""Embeds an infotext into an image file, where the WebUIs look for it, without touching a pixel."""

from .embed import embed_infotext

__all__ = ["embed_infotext"]
