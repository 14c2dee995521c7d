"""The web page: recordings in, emotions out, in the browser; started by `affekt app`."""

from affekt.web.launch import serve

__all__ = ["serve"]
