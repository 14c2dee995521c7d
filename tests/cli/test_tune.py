"""A search through the command line alone."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from affekt.cli import main
from affekt.training import load_recipe


@pytest.fixture
def call(tmp_path):
    """Call the command `affekt tune`."""

    def affekt(*arguments, code=0):
        environment = {"AFFEKT_CACHE": str(tmp_path / "cache"), "AFFEKT_CORPORA": None}
        result = CliRunner().invoke(main, ["tune", *map(str, arguments)], env=environment)
        assert result.exit_code == code, result.output
        return result

    return affekt


def test_a_search_prints_a_line_a_trial_and_ends_with_the_best(
    call, toy_recipe, toy_corpora, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    arguments = [toy_recipe, "--corpora", toy_corpora, "--epochs", 1]
    said = call(*arguments, "--trials", 1)
    assert [line.split(":")[0] for line in said.stderr.splitlines()] == [
        *("tiny", "searching fit.learning_rate; the study is sqlite", "trial 1 of 1"),
    ]
    more = call(*arguments, "--trials", 2)
    assert [line.split(":")[0] for line in more.stderr.splitlines()][2:] == ["trial 2 of 2"]
    first, rate, place = more.stdout.splitlines()
    assert first.startswith("trial ")
    assert first.endswith(" % on select speakers")
    assert place == "runs/tune-tiny/best.toml"
    best, _ = load_recipe(tmp_path / place)
    assert rate == f"fit.learning_rate = {best.fit.learning_rate:.3g}"
    other = call(*arguments, "--trials", 2, "--seed", 1, code=2)
    assert other.stderr.splitlines()[-1] == (
        "affekt: sqlite:///runs/tune-tiny/study.db holds a study 'tiny' with --seed = 0, now it "
        "is 1; restore it to go on, or choose another place with --out"
    )


def test_the_data_base_can_be_elsewhere(call, toy_recipe, toy_corpora, tmp_path):
    call(
        *(toy_recipe, "--corpora", toy_corpora, "--trials", 1, "--epochs", 1, "--quiet"),
        *("--out", tmp_path / "out", "--storage", f"sqlite:///{tmp_path / 'elsewhere.db'}"),
    )
    assert (tmp_path / "elsewhere.db").is_file()
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"best.toml", "trials.csv"}


def test_a_mistake_is_one_line(call, toy_recipe, toy_corpora):
    text = toy_recipe.read_text(encoding="utf-8")
    toy_recipe.write_text(f'{text}\n[search]\n"fit.epoch" = {{ low = 1, high = 2 }}\n', "utf-8")
    assert call(toy_recipe, "--corpora", toy_corpora, code=2).stderr == (
        f"affekt: {toy_recipe}: 'fit': unknown key 'epoch' (did you mean 'epochs'?)\n"
    )
    said = call("shukla-cnn2d", "--corpora", toy_corpora, code=2).stderr
    assert said == (
        "affekt: no recipe is called 'shukla-cnn2d' (did you mean 'shukla-cnn1d'?); or give the "
        "path of a TOML file\n"
    )


def test_where_the_corpora_are_must_be_said(call, toy_recipe):
    assert "AFFEKT_CORPORA" in call(toy_recipe, code=2).stderr
