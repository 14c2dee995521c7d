"""`affekt serve`: recognition over HTTP and WebSocket."""

from __future__ import annotations

from pathlib import Path

import click

from affekt.errors import MissingExtraError


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
    metavar="NAME|PATH",
    help="A model of `affekt models`, or a bundle file; active is what `affekt models use` chose.",
)
@click.option(
    "--workers", type=click.IntRange(min=1), help="Recordings at once; without it, one a core."
)
@click.option(
    "--queue",
    type=click.IntRange(min=1),
    default=64,
    show_default=True,
    help="Requests at once, waiting ones too; the others are told to come later (429).",
)
@click.option(
    "--max-streams",
    type=click.IntRange(min=1),
    default=16,
    show_default=True,
    help="WebSocket sessions at once.",
)
@click.option(
    "--max-upload",
    type=click.IntRange(min=1),
    default=200,
    show_default=True,
    metavar="MIB",
    help="The most that one request may send, in MiB.",
)
@click.option(
    "--max-duration",
    type=click.FloatRange(min=0.1),
    default=4 * 3600.0,
    show_default=True,
    metavar="SECONDS",
    help="The longest recording, counted while decoding.",
)
@click.option(
    "--time-out",
    type=click.FloatRange(min=0.1),
    default=300.0,
    show_default=True,
    metavar="SECONDS",
    help="For an answer.",
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
def serve(
    host: str,
    port: int,
    model: str,
    workers: int | None,
    queue: int,
    max_streams: int,
    max_upload: int,
    max_duration: float,
    time_out: float,
    grace: int,
    keys: Path | None,
    new_key: str | None,
    cors: tuple[str, ...],
    log_file_names: bool,
) -> None:
    """Recognise over HTTP and WebSocket.

    POST /v1/recognize and /v1/timeline take recordings, /v1/stream sound as it is spoken;
    /openapi.json describes everything. Events are written to standard error, one JSON object a
    line, without sound and without the names of files. SIGTERM or Ctrl-C end the service once
    what is under way is answered.
    """
    if new_key is not None:
        from affekt.service.keys import new_key as make

        key, line = make(new_key)
        click.echo(f"key, shown this once: {key}", err=True)
        click.echo(line)
        return
    try:
        from affekt.service.run import serve as run
        from affekt.service.settings import Settings
    except ModuleNotFoundError as error:
        raise MissingExtraError(
            what="affekt serve", package=str(error.name), extra="service"
        ) from None
    settings = Settings(
        model=model,
        workers=workers,
        queue=queue,
        max_streams=max_streams,
        max_upload_mb=max_upload,
        max_duration_s=max_duration,
        timeout_s=time_out,
        keys_file=keys,
        cors=cors,
        log_file_names=log_file_names,
    )
    run(settings, host=host, port=port, grace_s=grace)
