"""`affekt serve`: recognition over HTTP and WebSocket."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from affekt.cli.saying import echo, say
from affekt.cli.terms import say_terms_once
from affekt.errors import MissingExtraError
from affekt.recognition import Bundle
from affekt.service import Settings

Wrap = Callable[[Callable[..., Any]], Callable[..., Any]]

_DEFAULTS = {field.name: field.default for field in dataclasses.fields(Settings)}


def _count(flag: str, name: str, help_: str, *, least: int = 1, unit: str | None = None) -> Wrap:
    return _limit(flag, name, help_, click.IntRange(min=least), unit)


def _seconds(flag: str, name: str, help_: str) -> Wrap:
    return _limit(flag, name, help_, click.FloatRange(min=0.1), "SECONDS")


def _limit(
    flag: str, name: str, help_: str, kind: click.IntRange | click.FloatRange, unit: str | None
) -> Wrap:
    """Make an option of a field of `Settings`, whose default it has."""
    default = _DEFAULTS[name]
    return click.option(
        flag, name, type=kind, default=default, show_default=True, metavar=unit, help=help_
    )


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="0.0.0.0 is every network.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8000,
    show_default=True,
    envvar=["PORT", "WEBSITES_PORT"],
    help="0 takes a free one. Also $PORT or $WEBSITES_PORT.",
)
@click.option(
    "--model",
    default="active",
    show_default=True,
    metavar="NAME[@VERSION]|PATH",
    help="A model of `affekt models`, or a bundle file; active is what `affekt models use` chose.",
)
@_count("--workers", "workers", "Recordings at once; without it, one a core.")
@_count(
    "--queue",
    "queue",
    "Requests at once, waiting ones too; further ones get 429 and a time to come again.",
)
@_count("--max-large", "max_large", "Uploads over 1 MiB among them.")
@_count("--max-streams", "max_streams", "WebSocket sessions at once.")
@_count("--max-files", "max_files", "Recordings in one request.")
@_count("--max-upload", "max_upload_mb", "The most that one request may send.", unit="MIB")
@_seconds(
    "--max-duration",
    "max_duration_s",
    "The longest recording, counted while decoding, and the longest stream.",
)
@_seconds("--time-out", "timeout_s", "For an answer.")
@_seconds("--upload-time-out", "upload_timeout_s", "For all bytes of a request.")
@_seconds(
    "--idle-time-out",
    "idle_timeout_s",
    "For the next bytes of an upload or a stream, and for a stream's client to read.",
)
@_count(
    "--memory",
    "memory_mb",
    "Address space of each process that decodes.",
    least=512,
    unit="MIB",
)
@click.option(
    "--grace",
    type=click.IntRange(min=0),
    default=30,
    show_default=True,
    metavar="SECONDS",
    help="For what is under way when a signal ends the service.",
)
@click.option(
    "--keys",
    "keys_file",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Who may ask: NAME:SHA256 a line. Without it, $AFFEKT_API_KEYS; without that, everybody.",
)
@click.option(
    "--new-key", metavar="NAME", help="Make a key, print it and its line for the file, and end."
)
@click.option(
    "--cors", multiple=True, metavar="ORIGIN", help="A page that may call, such as https://a.org."
)
@click.option("--log-file-names", is_flag=True, help="Put the names of uploads into the log.")
def serve(host: str, port: int, grace: int, new_key: str | None, **settings: Any) -> None:
    """Recognise over HTTP and WebSocket.

    POST /v1/recognize and /v1/timeline take recordings, /v1/stream sound as it is spoken;
    /openapi.json describes everything. Events are written to standard error, one JSON object a
    line, without sound and without the names of files. SIGTERM or Ctrl-C end the service once
    what is under way is answered.
    """
    if new_key is not None:
        from affekt.service import new_key as make

        key, line = make(new_key)
        say(f"key, shown this once: {key}", prefix="")
        echo(line)
        return
    try:
        from affekt.service import serve as serve_forever
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            what="affekt serve", package=str(error.name), extra="service"
        ) from None
    say_terms_once(Bundle.load(settings["model"]).metadata)
    serve_forever(Settings(**settings), host=host, port=port, grace_s=grace)
