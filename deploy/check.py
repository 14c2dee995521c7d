"""Ask a running image what it must answer; Python alone is enough.

    python3 deploy/check.py service http://127.0.0.1:8000
    python3 deploy/check.py page http://127.0.0.1:8501
    python3 deploy/check.py service https://api.localhost --proxy --insecure

Ends at the first wrong answer.
"""

from __future__ import annotations

import argparse
import base64
import http.client
import json
import os
import select
import socket
import ssl
import time
from pathlib import Path
from urllib.parse import urlsplit

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
MEBIBYTE = 2**20


class Site:
    """Where to ask.

    Args:
        url: scheme, host and port.
        key: an API key of the service, where it asks for one.
        insecure: take any certificate, such as one that a proxy made for itself.
    """

    def __init__(self, url: str, *, key: str | None = None, insecure: bool = False) -> None:
        self.parts = urlsplit(url)
        self.headers = {"Authorization": f"Bearer {key}"} if key else {}
        self._tls = ssl.create_default_context()
        if insecure:
            self._tls.check_hostname = False
            self._tls.verify_mode = ssl.CERT_NONE

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection of its own."""
        name = self.parts.hostname or ""
        secure = self.parts.scheme == "https"
        # Not every system knows that all names under localhost are itself.
        address = "localhost" if name.endswith(".localhost") else name
        port = self.parts.port or (443 if secure else 80)
        link = socket.create_connection((address, port), timeout=60)
        connection = http.client.HTTPConnection(self.parts.netloc, timeout=60)
        connection.sock = self._tls.wrap_socket(link, server_hostname=name) if secure else link
        return connection

    def ask(
        self, method: str, path: str, body: bytes | None = None, **headers: str
    ) -> tuple[int, http.client.HTTPMessage, bytes]:
        """Return status, headers and body of an answer."""
        connection = self.connect()
        try:
            more = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, body, self.headers | more)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()
        finally:
            connection.close()

    def opens_websocket(self, path: str) -> bool:
        """Say whether a handshake from a page of the same site is taken."""
        status, _, _ = self.ask(
            "GET",
            path,
            Connection="Upgrade",
            Upgrade="websocket",
            Sec_WebSocket_Version="13",
            Sec_WebSocket_Key=base64.b64encode(os.urandom(16)).decode(),
            Origin=f"{self.parts.scheme}://{self.parts.netloc}",
        )
        return status == http.client.SWITCHING_PROTOCOLS


def check_service(site: Site, *, behind_proxy: bool) -> None:
    """Health, one recognition, a bad recording, one that is too large, a stream, the page at /."""
    expect("healthz", site.ask("GET", "/healthz")[0], 200)
    outside = 404 if behind_proxy else 200
    expect("readyz", site.ask("GET", "/readyz")[0], outside)
    expect("metrics", site.ask("GET", "/metrics")[0], outside)

    for name in ("synthetic_level.wav", "synthetic_low.mp3"):
        begun = time.perf_counter()
        status, _, body = site.ask("POST", "/v1/recognize", (EXAMPLES / name).read_bytes())
        expect(name, status, 200)
        [result] = json.loads(body)["results"]
        shares = [score["score"] for score in result["prediction"]["predictions"]]
        expect("probabilities sum to 1", round(sum(shares), 3), 1.0)
        print(f"  {result['prediction']['emotion']}, {time.perf_counter() - begun:.3f} s")

    long = (EXAMPLES / "synthetic_long.ogg").read_bytes()
    status, _, body = site.ask("POST", "/v1/timeline", long)
    expect("timeline", status, 200)
    print(f"  {len(json.loads(body)['tracks'][0]['segments'])} segments")
    status, headers, _ = site.ask("POST", "/v1/recognize", b"no recording")
    expect("no recording", (status // 100, headers.get_content_type()), (4, PROBLEM))
    status, headers, body = send_until_answered(site, "/v1/recognize", 201 * MEBIBYTE)
    expect("201 MiB", (status, headers.get_content_type()), (413, PROBLEM))
    print(f"  {json.loads(body)['detail']}")

    expect("stream", site.opens_websocket("/v1/stream"), True)
    status, headers, body = site.ask("GET", "/")
    expect("page at /", (status, b"not built" in body), (200, False))
    status, headers, _ = site.ask("GET", "/ort/ort-wasm-simd-threaded.wasm")
    expect("its library", (status, headers.get_content_type()), (200, "application/wasm"))


def check_page(site: Site, *, behind_proxy: bool) -> None:
    """Health, the page itself, and the connection that everything on it goes through."""
    expect("health", site.ask("GET", "/_stcore/health")[0], 200)
    status, headers, _ = site.ask("GET", "/")
    expect("page", (status, headers.get_content_type()), (200, "text/html"))
    if behind_proxy:
        expect("metrics", site.ask("GET", "/_stcore/metrics")[0], 404)
    expect("its connection", site.opens_websocket("/_stcore/stream"), True)


PROBLEM = "application/problem+json"


def send_until_answered(
    site: Site, path: str, size: int
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """Send a body of zeros as far as it is taken, and return the answer."""
    connection = site.connect()
    try:
        # A first answer takes with it what TLS sends by itself, which would look like one.
        connection.request("GET", "/healthz")
        connection.getresponse().read()
        connection.putrequest("POST", path)
        for name, value in {**site.headers, "Content-Length": str(size)}.items():
            connection.putheader(name, value)
        connection.endheaders()
        sent = 0
        while sent < size and not select.select([connection.sock], [], [], 0)[0]:
            connection.send(bytes(MEBIBYTE // 16))
            sent += MEBIBYTE // 16
        answer = connection.getresponse()
        print(f"  answered after {sent / MEBIBYTE:.1f} MiB")
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()


def expect(what: str, found: object, wanted: object) -> None:
    """Print what was found, and end where it is something else."""
    print(f"{what}: {found}")
    if found != wanted:
        raise SystemExit(f"FAILED: {what}: expected {wanted}, found {found}")


def main() -> None:
    """Check what the command line names."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("target", choices=("service", "page"))
    parser.add_argument("url", help="such as http://127.0.0.1:8000")
    parser.add_argument("--proxy", action="store_true", help="it stands behind the reverse proxy")
    parser.add_argument("--key", help="an API key of the service")
    parser.add_argument("--insecure", action="store_true", help="take any certificate")
    words = parser.parse_args()
    check = {"service": check_service, "page": check_page}[words.target]
    site = Site(words.url, key=words.key, insecure=words.insecure)
    check(site, behind_proxy=words.proxy)


if __name__ == "__main__":
    main()
