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

## Files that commands write

One rule holds for every `--out`, and for every other file that a command writes.

- What the command reads is never written over.
- A file that is there is replaced only if it is empty, or still holds what Affekt wrote there last.
  Anything else is kept, unless you say `--force`. Affekt remembers the SHA-256 of what it wrote,
  and of the place, in `written.txt` in the cache (`AFFEKT_CACHE`, else `~/.cache/affekt`); the
  names of your files do not stand in it. On a machine or in a container with another cache, and in
  a file that you changed, everything counts as yours.
- Links are followed: the file behind a link is written, and the link stays.
- A device, a pipe and `/dev/stdout` are written into, and stay what they are.
- Otherwise a file appears under its name when it is complete. A run that breaks off leaves what
  was there before. Until then the content stands beside it, in a hidden file `.affekt-*.part`; what
  a killed run left is used up when the same file is written again.

`affekt train`, `tune` and `reproduce` hold what lies directly in `--out` to this rule; folders of
single runs below it are theirs.
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
