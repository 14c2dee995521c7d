"""What a `[search]` table may say, and where its values go."""

from __future__ import annotations

import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.config import to_toml
from affekt.errors import ConfigError
from affekt.training.tuning.space import (
    Choices,
    Range,
    check_tables,
    examples,
    read_space,
    with_values,
)


def space(text):
    return read_space(tomllib.loads(text), where="x.toml [search]")


def test_ranges_and_choices_are_read():
    assert space(
        """
        "fit.learning_rate" = { low = 1e-4, high = 1e-2, log = true }
        "fit.epochs" = { low = 10, high = 50, step = 10 }
        "fit.batch_size" = { choices = [16, 32] }
        """
    ) == {
        "fit.learning_rate": Range(low=1e-4, high=1e-2, log=True),
        "fit.epochs": Range(low=10, high=50, step=10),
        "fit.batch_size": Choices(choices=(16, 32)),
    }


def test_a_range_is_of_whole_numbers_where_both_ends_are_written_so():
    assert Range(low=1, high=8).whole
    assert not Range(low=1, high=8.0).whole


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ("a = { low = 2, high = 1 }", "low 2 must lie below high 1"),
        ("a = { low = 1 }", "'high' is missing"),
        ("a = { low = 1, height = 2 }", "unknown key 'height' (did you mean 'high'?)"),
        ("a = { low = 0, high = 1, log = true }", "log needs a low above 0"),
        ("a = { low = 1, high = 9, log = true, step = 2 }", "and no step"),
        ("a = { low = 1, high = 9, step = 0.5 }", "whole step"),
        ("a = { low = 1, high = 9, step = 10 }", "no longer than the range"),
        ("a = { low = true, high = 9 }", "must be numbers"),
        ("a = { low = 'x', high = 'y' }", "must be numbers"),
        ("a = { choices = [1] }", "two or more"),
        ("a = { choices = [[1], [2]] }", "not [1]"),
        ("a = { choices = [1, 2], low = 1 }", "unknown key 'low'"),
        ("a = 3", "expected { low, high } or { choices }, found 3"),
        ("fit.epochs = { low = 1, high = 2 }", 'quote keys with dots: "fit.epochs"'),
        ("", "name at least one key"),
    ],
)
def test_a_mistake_names_the_entry_and_what_is_wrong(entry, message):
    with pytest.raises(ConfigError, match=r"x\.toml \[search\]") as raised:
        space(entry)
    assert message in str(raised.value)


def test_values_go_where_their_dots_lead():
    settings = {"fit": {"epochs": 3}, "augmentation": [{"name": "noise"}, {"name": "shift"}]}
    values = {"fit.epochs": 9, "model.settings.dropout": 0.5, "augmentation.1.probability": 1.0}
    assert with_values(settings, values, where="x.toml") == {
        "fit": {"epochs": 9},
        "augmentation": [{"name": "noise"}, {"name": "shift", "probability": 1.0}],
        "model": {"settings": {"dropout": 0.5}},
    }
    assert settings["fit"] == {"epochs": 3}


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("steps.2", "has 2 entries, numbered from 0, and none is '2'"),
        ("steps.first", "none is 'first'"),
        ("steps.0.x.y", "4 holds no further keys"),
        ("rate.low", "0.1 holds no further keys"),
    ],
)
def test_a_key_that_leads_nowhere_is_an_error(key, message):
    with pytest.raises(ConfigError) as raised:
        with_values({"rate": 0.1, "steps": [4, 5]}, {key: 1}, where="x.toml")
    assert str(raised.value).startswith(f"x.toml: '{key}'")
    assert message in str(raised.value)


def test_what_decides_the_figure_cannot_be_searched():
    wanted = space('"data.labels" = { choices = ["a", "b"] }')
    with pytest.raises(ConfigError, match=r"'data\.labels' cannot be searched"):
        check_tables(wanted, ("data.copies", "fit"), where="x.toml")
    with pytest.raises(ConfigError, match="did you mean 'fit'"):
        check_tables(space("'fitt.epochs' = {low=1, high=2}"), ("data.copies", "fit"), where="x")
    check_tables(space("'fit.epochs' = {low=1, high=2}"), ("fit",), where="x")


def test_every_end_and_choice_is_an_example():
    wanted = space("a = { low = 1, high = 4 }\nb = { choices = ['x', 'y'] }")
    assert list(examples(wanted)) == [{"a": 1}, {"a": 4}, {"b": "x"}, {"b": "y"}]


# Writing

scalars = (
    st.booleans()
    | st.integers(-(2**62), 2**62)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
)
keys = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
tables = st.recursive(
    st.dictionaries(keys, scalars | st.lists(scalars), max_size=4),
    lambda inner: st.dictionaries(
        keys, scalars | inner | st.lists(inner, max_size=3) | st.lists(scalars), max_size=4
    ),
    max_leaves=12,
)


@given(tables)
def test_what_is_written_reads_as_it_was(settings):
    assert tomllib.loads(to_toml(settings, comment="two\nlines")) == settings
