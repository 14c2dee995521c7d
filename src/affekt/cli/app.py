"""`affekt app`: the web page."""

from __future__ import annotations

import click

from affekt.cli.saying import say
from affekt.cli.terms import say_terms_once
from affekt.recognition import NOTICE_RECOGNISER, NOTICE_WORKPLACE, Bundle


@click.command(epilog=f"{NOTICE_RECOGNISER}\n\n{NOTICE_WORKPLACE}")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8501,
    show_default=True,
    envvar=["PORT", "WEBSITES_PORT"],
    show_envvar=True,
    help="Port to listen on.",
)
@click.option(
    "--model",
    default="active",
    show_default=True,
    metavar="NAME[@VERSION]|PATH",
    help="The model offered first: one of `affekt models`, active for the one in use, or a "
    "bundle file.",
)
@click.option(
    "--keep",
    "keep_s",
    type=click.FloatRange(min=0.0, max=100.0),
    default=60.0,
    show_default=True,
    metavar="SECONDS",
    help="How long the recordings of a closed page are kept, so that a lost connection finds "
    "them again.",
)
def app(host: str, port: int, model: str, keep_s: float) -> None:
    """Open a page where recordings are uploaded or spoken, and recognised.

    Nothing is kept after a session and nothing is sent anywhere. Ctrl-C ends it.
    """
    from affekt.web import serve

    say_terms_once(Bundle.load(model).metadata)
    say(f"http://{host}:{port}")
    serve(host=host, port=port, model=model, retention_s=keep_s)
