from __future__ import annotations

import importlib
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from affekt import __version__
from affekt.cli import COMMANDS, main


def test_help_names_every_command() -> None:
    result = CliRunner().invoke(main, ["--help"])
    assert result.exit_code == 0
    for name, entry in COMMANDS.items():
        assert (f"\n  {name} " in result.stdout) is not entry.hidden
        assert (entry.help in result.stdout) is not entry.hidden


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_where_the_table_says(name: str) -> None:
    module, attribute = COMMANDS[name].place.split(":")
    assert isinstance(getattr(importlib.import_module(module), attribute), click.Command)
    result = CliRunner().invoke(main, [name, "--help"])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"Usage: main {name}")


def test_the_version_is_the_package_s() -> None:
    assert CliRunner().invoke(main, ["--version"]).stdout == f"affekt {__version__}\n"


def test_a_misspelt_command_brings_a_suggestion() -> None:
    result = CliRunner().invoke(main, ["predct"])
    assert result.exit_code == 2
    assert "no command is called 'predct' (did you mean 'predict'?)" in result.stderr


def test_help_loads_no_room() -> None:
    code = (
        "import sys; from affekt.cli import main; main(['--help'], standalone_mode=False);"
        "print(sorted(name for name in sys.modules if name.startswith('affekt.')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = ["affekt._lazy", "affekt._version", "affekt.cli", "affekt.errors"]
    assert done.stdout.splitlines()[-1] == str(loaded)


def test_an_interrupt_is_exit_code_130(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(name: str) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", interrupted)
    assert CliRunner().invoke(main, ["models"]).exit_code == 130
