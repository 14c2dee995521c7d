"""The page that recognises inside the browser, as a folder for any web server."""

from affekt.web_bundle.build import WebBundle, cached_web_bundle, is_web_bundle, write_web_bundle
from affekt.web_bundle.hosting import CONTENT_SECURITY_POLICY, HEADERS, media_type

__all__ = [
    "CONTENT_SECURITY_POLICY",
    "HEADERS",
    "WebBundle",
    "cached_web_bundle",
    "is_web_bundle",
    "media_type",
    "write_web_bundle",
]
