"""The reference of the command line, from the commands' own help."""

from __future__ import annotations

from collections.abc import Iterator

import click

from affekt.cli import main

_WIDTH = 96
_HEAD = """\
# Command line

What `--help` says of every command. This page is generated; exit codes are 0 when all went well,
1 when a part of the work failed or something was found, and 2 for a mistake in the command.
`evaluate`, `compare`, `report` and `doubt` exit with 3 where a model left clips unanswered.
"""


def page() -> str:
    """Return the page in Markdown."""
    context = click.Context(
        main, info_name="affekt", terminal_width=_WIDTH, **main.context_settings
    )
    return _HEAD + "".join(_sections(main, context))


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    depth = "#" * (2 + context.command_path.count(" "))
    said = command.get_help(context).rstrip()
    yield f"\n{depth} {context.command_path}\n\n```text\n{said}\n```\n"
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None  # noqa: S101  every listed command exists
            inner = click.Context(child, info_name=name, parent=context, terminal_width=_WIDTH)
            yield from _sections(child, inner)
