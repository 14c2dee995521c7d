"""The web page: recordings in, emotions out, in the browser; started by `affekt app`."""
