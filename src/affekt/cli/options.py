"""Options that several commands have in common."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from affekt.cli.saying import say
from affekt.records import CommonOptions, declarations

Command = TypeVar("Command", bound=Callable[..., Any])

track_option = click.option(
    "--track",
    type=click.IntRange(min=0),
    help="Of several sound tracks take this one, counted from 0, instead of the default one.",
)
corpora_option = click.option(
    "--corpora",
    "root",
    type=click.Path(path_type=Path),
    metavar="ROOT",
    envvar="AFFEKT_CORPORA",
    help="The folder that holds one folder a corpus.  [default: AFFEKT_CORPORA]",
)
force_option = click.option(
    "--force", is_flag=True, help="Replace files that Affekt did not write, or that were changed."
)

log_option = click.option(
    "--log",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Log of readings of lockbox speakers. Inside a checkout of Affekt, "
    "docs/lockbox-log.csv in it.",
)


def purpose_options(command: Command) -> Command:
    """Add the options that say why emotions are inferred."""
    command = declared_option(CommonOptions, "consented")(command)
    return declared_option(CommonOptions, "purpose")(command)


def declared_option(options: type, name: str, **changed: Any) -> Callable[[Command], Command]:
    """Return an option of the command line as the library declares it.

    Args:
        options: a class of `affekt.records` that has it.
        name: of the option.
        **changed: what the command has otherwise, such as a help text.
    """
    kind, option = declarations(options)[name]
    made: dict[str, Any] = {"help": option.help}
    if kind is bool:
        made["is_flag"] = True
    elif option.choices is not None:
        made["type"] = click.Choice([str(choice) for choice in option.choices])
    elif kind is int:
        made["type"] = click.IntRange(_whole(option.least), _whole(option.most))
    elif kind is float:
        made["type"] = click.FloatRange(option.least, option.most)
    return click.option(f"--{name.replace('_', '-')}", **(made | changed))


def _whole(limit: float | None) -> int | None:
    return None if limit is None else int(limit)


@contextmanager
def remarks_shown(*, quiet: bool = False) -> Iterator[None]:
    """Print what is remarked on within, on standard error, in the command's own form."""
    with warnings.catch_warnings(record=True) as remarks:
        warnings.simplefilter("always")
        yield
    for remark in remarks if not quiet else ():
        say(f"{remark.message}")
