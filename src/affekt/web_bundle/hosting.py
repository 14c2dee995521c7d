"""What a web server should send along with the page."""

from __future__ import annotations

from pathlib import PurePosixPath

# The page itself carries this policy too, for hosts that cannot set headers. It allows nothing
# from elsewhere and nothing to elsewhere; "blob:" is what lets a person play a chosen recording.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; media-src blob:; worker-src 'self'; base-uri 'none'; form-action 'none'"
)

HEADERS = {
    "Content-Security-Policy": f"{CONTENT_SECURITY_POLICY}; frame-ancestors 'none'",
    "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # Browsers keep the files, and ask every time whether they are still right.
    "Cache-Control": "no-cache",
}

_MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".onnx": "application/octet-stream",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
}


def media_type(name: str) -> str:
    """Return the media type of a file of the folder; browsers insist on those of code."""
    return _MEDIA_TYPES.get(PurePosixPath(name).suffix, "application/octet-stream")
