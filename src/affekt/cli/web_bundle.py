"""`affekt web-bundle`: the page that recognises inside the browser, as a folder."""

from __future__ import annotations

from pathlib import Path

import click

from affekt.cli.options import force_option
from affekt.cli.saying import echo
from affekt.cli.terms import say_terms_once
from affekt.recognition import Bundle


@click.command("web-bundle")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--model",
    default="default",
    show_default=True,
    metavar="NAME[@VERSION]|PATH",
    help="A model of `affekt models`, or a bundle file.",
)
@click.option(
    "--onnxruntime-web",
    "library",
    type=click.Path(path_type=Path),
    metavar="FOLDER|TGZ",
    help="The npm package onnxruntime-web, where it is at hand. Without it, it is fetched from npm "
    "and kept.",
)
@click.option(
    "--registry",
    metavar="URL",
    help="Fetch it from this npm registry. Without it: by the npm program, or from the registry of "
    "npm_config_registry or ~/.npmrc.",
)
@force_option
def web_bundle(
    folder: Path, model: str, library: Path | None, registry: str | None, force: bool
) -> None:
    """Write a page that recognises inside the browser, for any web server.

    Recordings never leave the device, and the page works offline once it was loaded. Whoever
    opens it receives the model file: mind the licence of the weights.
    """
    from affekt.web_bundle import write_web_bundle

    say_terms_once(Bundle.load(model).metadata)
    made = write_web_bundle(folder, model=model, library=library, registry=registry, force=force)
    echo(f"{made.folder}: the page with the model {made.model}, {made.size_bytes / 1e6:.1f} MB")
    echo(f"Look at it: python -m http.server -d {made.folder}, then http://localhost:8000")
