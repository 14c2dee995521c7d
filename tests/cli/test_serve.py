from __future__ import annotations

import dataclasses
import re
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from affekt.cli import main
from affekt.cli.serve import serve
from affekt.service.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "service.md"


@pytest.mark.parametrize("field", dataclasses.fields(Settings), ids=lambda field: field.name)
def test_everything_that_can_be_set_has_an_option_which_the_page_tells(
    field: dataclasses.Field[object],
) -> None:
    options = {option.name: option for option in serve.params}
    assert serve.make_context("serve", []).params[field.name] == field.default
    flag = options[field.name].opts[0]
    assert flag in PAGE.read_text(encoding="utf-8")
    row = re.search(rf"^\| `{flag}` \| ([\d,]+)", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    if isinstance(field.default, int | float) and not isinstance(field.default, bool):
        assert row is not None
        assert float(row[1].replace(",", "")) == field.default


def test_a_new_key_is_shown_once_and_its_line_goes_to_the_file(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["serve", "--new-key", "ward-3"])
    assert result.exit_code == 0
    assert result.stdout.startswith("ward-3:")
    assert "shown this once: affekt_" in result.stderr
    (tmp_path / "keys").write_text(result.stdout)
    result = CliRunner().invoke(
        main, ["serve", "--keys", str(tmp_path / "keys"), "--model", "nobody", "--port", "0"]
    )
    assert result.exit_code == 2
    assert "no model is called 'nobody'" in result.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--cors", "everybody"], "is no origin"),
        (["--keys", "/nowhere/keys"], "cannot be read"),
        (["--max-upload", "0"], "Invalid value"),
        (["--memory", "100"], "Invalid value"),
        (["--idle-time-out", "0"], "Invalid value"),
        (["--port", "70000"], "Invalid value"),
    ],
)
def test_a_mistake_is_said_in_a_line(words: list[str], message: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "0", *words])
    assert result.exit_code == 2
    assert message in result.stderr


def test_a_port_that_is_taken_is_said_in_a_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = CliRunner().invoke(main, ["serve"], env={"PORT": str(port)})
    assert result.exit_code == 2
    assert "Address already in use" in result.stderr
