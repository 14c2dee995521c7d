"""The command line: one module a command, each loaded when it is called."""

from __future__ import annotations

import errno
import importlib
import io
import sys
from typing import NamedTuple

import click

from affekt._version import __version__
from affekt.errors import AffektError, did_you_mean


class _Entry(NamedTuple):
    place: str
    help: str
    hidden: bool = False


# Help is written from this table, so that `affekt --help` and `affekt predict` load no other room.
COMMANDS: dict[str, _Entry] = {
    "predict": _Entry("affekt.cli.predict:predict", "Recognise the emotion in recordings."),
    "timeline": _Entry("affekt.cli.timeline:timeline", "Follow emotions through a recording."),
    "listen": _Entry("affekt.cli.listen:listen", "Recognise while the sound comes in."),
    "app": _Entry("affekt.cli.app:app", "Recognise recordings on a web page."),
    "serve": _Entry("affekt.cli.serve:serve", "Recognise over HTTP and WebSocket."),
    "models": _Entry("affekt.cli.models:models", "Show, install and choose models."),
    "web-bundle": _Entry("affekt.cli.web_bundle:web_bundle", "Write a page that works offline."),
    "corpora": _Entry("affekt.cli.corpora:corpora", "Find, check, inspect and get corpora."),
    "inspect": _Entry("affekt.cli.inspect:inspect", "Draw a recording, and say what it is like."),
    "features": _Entry("affekt.cli.features:features", "List, extract and show feature sets."),
    "audit": _Entry("affekt.cli.audit:audit", "Find copies, leaks and faults in recordings."),
    "protocols": _Entry("affekt.cli.protocols:protocols", "List protocols, write their splits."),
    "evaluate": _Entry("affekt.cli.evaluate:evaluate", "Measure a model under a protocol."),
    "report": _Entry("affekt.cli.report:report", "Write a report on a model: figures, warnings."),
    "compare": _Entry("affekt.cli.compare:compare", "Put models and published figures together."),
    "doubt": _Entry(
        "affekt.cli.doubt:doubt", "The confidence of `affekt report` alone, as JSON.", hidden=True
    ),
    "reproduce": _Entry("affekt.cli.reproduce:reproduce", "Rebuild published systems."),
    "tune": _Entry("affekt.cli.tune:tune", "Search the settings of a recipe."),
    "train": _Entry("affekt.cli.train:train", "Train a model from a recipe and export it."),
    "calibrate": _Entry(
        "affekt.cli.calibrate:calibrate",
        "Fit confidence, prediction sets and novelty.",
    ),
}


class _UserError(click.ClickException):
    """A mistake that a user can mend: one line on standard error, exit code 2."""

    exit_code = 2

    def show(self, file: object = None) -> None:  # noqa: ARG002
        from affekt.cli.saying import say

        say(self.message)


class _Commands(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return [name for name, entry in COMMANDS.items() if not entry.hidden]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name].place.split(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            raise click.UsageError(
                f"no command is called '{args[0]}'{did_you_mean(args[0], COMMANDS)}", ctx
            )
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name].help) for name in self.list_commands(ctx)])

    def invoke(self, ctx: click.Context) -> object:
        if isinstance(sys.stdout, io.TextIOWrapper):
            # A file name that the terminal's encoding lacks must not end the run.
            sys.stdout.reconfigure(errors="backslashreplace")
        from affekt.cli.interrupts import ending_tidily  # not for help
        from affekt.cli.saying import fill_closed_streams

        fill_closed_streams()
        try:
            with ending_tidily():
                return super().invoke(ctx)
        except AffektError as error:
            raise _UserError(str(error)) from None
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise  # whoever read the output has left: click ends in silence
            place = error.filename or "standard output"
            raise _UserError(f"{place}: cannot be read or written: {error.strerror}") from None
        except KeyboardInterrupt:
            ctx.exit(130)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="affekt %(version)s")
def main() -> None:
    """Affekt recognises emotions in speech."""
