from __future__ import annotations

import dataclasses
import json
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest

from affekt.config import from_mapping, read_toml, to_mapping
from affekt.errors import ConfigError


@dataclass(frozen=True, kw_only=True)
class Oven:
    heat_c: float = 180.0
    fan: bool = False


@dataclass(frozen=True, kw_only=True)
class Cake:
    name: str
    eggs: int = 2
    kind: Literal["sponge", "fruit"] = "sponge"
    layers: tuple[str, ...] = ()
    minutes: int | None = None
    photo: Path | None = None
    oven: Oven = field(default_factory=Oven)
    spices_g: dict[str, float] = field(default_factory=dict)
    steps: tuple[dict[str, Any], ...] = ()

    def __post_init__(self) -> None:
        if self.eggs < 1:
            raise ValueError("a cake needs an egg")


def cake(text: str) -> Cake:
    return from_mapping(Cake, tomllib.loads(text), where="cake.toml")


def test_a_whole_table_is_read():
    assert cake(
        """
        name = "birthday"
        eggs = 3
        kind = "fruit"
        layers = ["cream", "jam"]
        minutes = 40
        photo = "cake.png"
        spices_g = { cinnamon = 1, nutmeg = 0.5 }
        steps = [{ name = "stir", times = 100 }]
        [oven]
        heat_c = 200
        fan = true
        """
    ) == Cake(
        name="birthday",
        eggs=3,
        kind="fruit",
        layers=("cream", "jam"),
        minutes=40,
        photo=Path("cake.png"),
        oven=Oven(heat_c=200.0, fan=True),
        spices_g={"cinnamon": 1.0, "nutmeg": 0.5},
        steps=({"name": "stir", "times": 100},),
    )


def test_what_is_left_out_keeps_its_default():
    assert cake('name = "plain"') == Cake(name="plain")


def test_a_whole_number_is_a_float_where_one_is_asked_for():
    heat_c = cake('name = "x"\noven = { heat_c = 200 }').oven.heat_c
    assert isinstance(heat_c, float)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("egs = 2", r"cake\.toml: unknown key 'egs' \(did you mean 'eggs'\?\)"),
        ("oven = { heat = 3 }", r"cake\.toml: 'oven': unknown key 'heat' .*'heat_c'"),
        ("eggs = 2.0", r"'eggs': expected int, found 2\.0"),
        ("eggs = true", r"'eggs': expected int, found True"),
        ('eggs = "2"', r"'eggs': expected int, found '2'"),
        ("eggs = 0", r"cake\.toml: a cake needs an egg"),
        ("name = 1", r"'name': expected str, found 1"),
        ('minutes = "long"', r"'minutes': expected int, found 'long'"),
        ('kind = "sponges"', r"'kind': 'sponges' is no choice \(did you mean 'sponge'\?\)"),
        ('layers = "jam"', r"'layers': expected a list, found 'jam'"),
        ("layers = [1]", r"'layers': expected str, found 1"),
        ("oven = 200", r"'oven': expected a table, found 200"),
        ("oven = { heat_c = true }", r"'heat_c': expected float, found True"),
        ("oven = { heat_c = nan }", r"'heat_c': expected a finite number, found nan"),
        (f"eggs = {2**63}", r"'eggs': the number lies beyond 64 bits"),
        (f"oven = {{ heat_c = 1{'0' * 400} }}", r"'heat_c': the number lies beyond 64 bits"),
        ("oven = { heat_c = inf }", r"'heat_c': expected a finite number, found inf"),
        ("spices_g = 3", r"'spices_g': expected a table, found 3"),
        ('spices_g = { salt = "much" }', r"'spices_g': 'salt': expected float, found 'much'"),
        ('steps = ["stir"]', r"'steps': expected a table, found 'stir'"),
    ],
)
def test_a_mistake_names_its_place_and_what_was_expected(text, message):
    text = text if text.startswith("name") else f'name = "x"\n{text}'
    with pytest.raises(ConfigError, match=message):
        cake(text)


def test_a_missing_key_is_named():
    with pytest.raises(ConfigError, match=r"cake\.toml: 'name' is missing"):
        cake("eggs = 2")


def test_settings_survive_json():
    settings = Cake(name="x", photo=Path("a/b.png"), layers=("jam",), spices_g={"salt": 0.5})
    plain = json.loads(json.dumps(to_mapping(settings)))
    assert from_mapping(Cake, plain, where="json") == settings


def test_none_is_left_out_of_a_mapping():
    assert to_mapping(Cake(name="x", steps=({"a": None, "b": 1},))) == {
        "name": "x",
        "eggs": 2,
        "kind": "sponge",
        "layers": [],
        "oven": {"heat_c": 180.0, "fan": False},
        "spices_g": {},
        "steps": [{"b": 1}],
    }


def test_settings_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        cake('name = "x"').eggs = 3


def test_a_toml_file_is_read(tmp_path):
    path = tmp_path / "a.toml"
    path.write_text('name = "Käse"', encoding="utf-8")
    assert read_toml(path) == {"name": "Käse"}


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match=r"absent\.toml: no such file"):
        read_toml(tmp_path / "absent.toml")


def test_a_folder_is_no_recipe(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read: Is a directory"):
        read_toml(tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"name = ",
        b"\xff\xfe",
        b"a = 1\na = 2",
        b"a = " + b"[" * 9999 + b"]" * 9999,
        b"a = " + b"9" * 9999,
    ],
    ids=["cut off", "no UTF-8", "twice", "deep", "long"],
)
def test_a_damaged_file_is_named_with_the_place(tmp_path, content):
    path = tmp_path / "a.toml"
    path.write_bytes(content)
    with pytest.raises(ConfigError, match=r"a\.toml: not a readable TOML file"):
        read_toml(path)
