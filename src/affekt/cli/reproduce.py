"""`affekt reproduce`: a published system, rebuilt and put beside its published figure."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from affekt.cli.options import force_option, log_option
from affekt.cli.saying import echo, say


@click.command()
@click.argument("name", metavar="NAME|FILE|all")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the runs; what is finished there is not run again.",
)
@click.option(
    "--protocol",
    "protocol_name",
    type=click.Choice(["published", "split-before-copies", "speaker-disjoint", "both"]),
    default="both",
    show_default=True,
    help="How the clips are split; 'both' measures with and without the leak of a text as well.",
)
@click.option(
    "--corpora",
    type=click.Path(path_type=Path),
    envvar="AFFEKT_CORPORA",
    help="Folder that holds the corpora.  [default: AFFEKT_CORPORA]",
)
@click.option(
    "--seed",
    "seeds",
    type=click.IntRange(min=0, max=2**32 - 1),
    multiple=True,
    help="Instead of the configuration's.",
)
@click.option("--epochs", type=click.IntRange(min=1), help="Instead of the configuration's.")
@click.option("--quick", is_flag=True, help="A small share of data and epochs: try the whole path.")
@click.option(
    "--embed-audio",
    is_flag=True,
    help="Put the sound of misclassified clips into the reports; mind the corpora's terms.",
)
@log_option
@force_option
@click.option("--quiet", is_flag=True, help="No progress.")
def reproduce(
    name: str,
    out: Path,
    protocol_name: str,
    corpora: Path | None,
    seeds: tuple[int, ...],
    epochs: int | None,
    quick: bool,
    embed_audio: bool,
    log: Path | None,
    force: bool,
    quiet: bool,
) -> None:
    """Rebuild one published system, or all eleven, and print published beside measured.

    FILE is a configuration of your own, made like those in src/affekt/recipes/.

    Each run trains, measures, writes its report and exports a bundle for `affekt predict --model`.
    An interrupted command goes on where it was when it is given again. A run that tests speakers
    of the lockbox leaves a row in the log of its readings.
    """
    from affekt.corpora import corpora_root
    from affekt.output import check_output
    from affekt.published import (
        RULES,
        SYSTEMS,
        TABLES,
        Request,
        load_system,
        table,
        to_markdown,
        write_tables,
    )
    from affekt.published import reproduce as run_all

    chosen = SYSTEMS if name == "all" else (name,)
    request = Request(
        systems=tuple(load_system(item) for item in chosen),
        rules=tuple(rule for rule in RULES if protocol_name in (rule, "both")),
        out=out,
        corpora=corpora_root(corpora),
        seeds=seeds or None,
        epochs=epochs,
        quick=quick,
        embed_audio=embed_audio,
        command=_command(name, protocol_name, seeds, epochs, quick=quick),
        log=log,
        say=lambda line: None if quiet else say(line, prefix=""),
        show_progress=sys.stderr.isatty() and not quiet,
    )
    for file in TABLES:  # before hours of work end at it
        check_output(out / file, force=force, makes_folder=True)
    records = run_all(request)
    write_tables(out, say=request.say, force=force)
    echo(to_markdown(table(records)), nl=False)


def _command(
    name: str, protocol: str, seeds: tuple[int, ...], epochs: int | None, *, quick: bool
) -> str:
    """Return the command that gives the same figures, without the places of this machine."""
    words = ["affekt", "reproduce", Path(name).name, "--out", "DIR", "--protocol", protocol]
    words += [word for seed in seeds for word in ("--seed", str(seed))]
    words += ["--epochs", str(epochs)] if epochs else []
    words += ["--quick"] if quick else []
    return " ".join(words)
