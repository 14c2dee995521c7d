"""Several models: listed without being loaded, few of them kept, nobody kept waiting."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from affekt.errors import BundleError
from affekt.recognition import Bundle, shipped_bundles
from affekt.service.decoder import _recognizer
from affekt.service.model_cards import read_model_card
from affekt.service.models import MOST_LOADED

Check = Callable[..., dict[str, Any]]

COUNT = MOST_LOADED + 2


@pytest.fixture
def installed(tones: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of installed models: m0, m1, ... and one that is broken."""
    monkeypatch.setenv("AFFEKT_MODELS", str(tmp_path))
    for number in range(COUNT):
        tones.write_bundle(tmp_path / f"m{number}.onnx", name=f"m{number}")
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    return tmp_path


@pytest.fixture
def broken_in_every_way(installed: Path, tones: Any) -> list[str]:
    """More models that cannot be used: what they say of themselves cannot be read, or said."""
    documents = {
        "deep": "[" * 100_000,
        "nested": '{"figures": ' + 900 * '{"a": ' + "1" + 900 * "}" + "}",
        "endless-number": '{"figures": ' + "9" * 5000 + "}",
        "infinite": '{"figures": {"ua": 1e999}}',
        "half-a-character": tones.metadata().to_json().replace("tones", r"\ud800"),
    }
    for name, document in documents.items():
        tones.write_bundle(installed / f"{name}.onnx", document=document)
    path = tones.write_bundle(installed / "no-text.onnx", description="ABCDEFG")
    path.write_bytes(path.read_bytes().replace(b"ABCDEFG", b"ABC\xff\xfeFG"))
    path = tones.write_shipped_bundle(installed / "damaged.onnx")
    path.write_bytes(path.read_bytes().replace(b"sine", b"sign"))
    (installed / "folder.onnx").mkdir()
    os.mkfifo(installed / "pipe.onnx")
    return [*documents, "no-text", "damaged", "folder", "pipe"]


def loaded(running: Any) -> list[str]:
    return [path.stem for path in running.service.engine.models._loaded]


def test_models_are_listed_with_their_terms_and_none_is_loaded_for_it(
    start: Any, installed: Path
) -> None:
    running = start()
    answer = running.http.get("/v1/models").json()["models"]
    models = {item["name"]: item for item in answer}
    assert set(models) == {"default", "open", "tones", *(f"m{k}" for k in range(COUNT))}
    assert [name for name, item in models.items() if item["in_use"]] == ["tones"]
    assert models["tones"]["not_for"] == ["people"]
    assert loaded(running) == ["tones"]


def test_a_release_is_asked_for_by_its_version(
    start: Any, broken_in_every_way: list[str], sound: Any
) -> None:
    running = start()
    answer = running.recognize(sound(), model="m1@1.2").json()
    assert answer["results"][0]["prediction"]["model"] == "m1 1.2"
    assert running.recognize(sound(), model="m1@1.3").json()["type"] == (
        "urn:affekt:problem:invalid-option"
    )


def test_models_that_cannot_be_used_are_left_out_of_the_list(
    start: Any, broken_in_every_way: list[str], sound: Any
) -> None:
    running = start()
    answer = running.http.get("/v1/models")
    assert answer.status_code == 200
    names = {item["name"] for item in answer.json()["models"]}
    assert names == {"default", "open", "tones", *(f"m{k}" for k in range(COUNT))}
    for name in broken_in_every_way:
        asked = running.recognize(sound(), model=name)
        assert asked.json()["type"] in (
            "urn:affekt:problem:internal-error",
            "urn:affekt:problem:invalid-option",
        )
    assert running.recognize(sound(), model="m0").status_code == 200


def test_while_one_model_is_loaded_the_others_answer(
    start: Any, installed: Path, sound: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = start()
    begun, release = threading.Event(), threading.Event()
    load = Bundle.load

    def load_slowly(model: Any) -> Bundle:
        begun.set()
        assert release.wait(30)
        return load(model)

    monkeypatch.setattr(Bundle, "load", load_slowly)
    answers: list[Any] = []
    wants = [
        threading.Thread(target=lambda: answers.append(running.recognize(sound(), model="m0")))
        for _ in range(2)
    ]
    for thread in wants:
        thread.start()
    assert begun.wait(10)
    assert running.recognize(sound()).status_code == 200
    assert running.http.get("/v1/models").status_code == 200
    assert not answers
    release.set()
    for thread in wants:
        thread.join()
    assert [answer.status_code for answer in answers] == [200, 200]


def test_of_many_models_only_the_last_few_stay_loaded(
    start: Any, installed: Path, sound: Any
) -> None:
    running = start()
    for number in range(COUNT):
        assert running.recognize(sound(), model=f"m{number}").status_code == 200
    assert loaded(running) == ["tones", *(f"m{k}" for k in range(COUNT - MOST_LOADED, COUNT))]
    running.recognize(sound(), model="m2")
    assert running.recognize(sound(), model="m0").status_code == 200
    assert loaded(running) == ["tones", "m4", "m2", "m0"]


def test_a_worker_keeps_the_two_it_used_last(installed: Path) -> None:
    kept: dict[str, Any] = {}
    paths = [str(installed / f"m{number}.onnx") for number in range(3)]
    for path in (paths[0], paths[1], paths[0], paths[2]):
        assert _recognizer({"model": path}, kept).bundle.path == Path(path)
    assert list(kept) == [paths[0], paths[2]]


def test_a_model_that_cannot_be_used_is_tried_again(
    start: Any, installed: Path, tones: Any, sound: Any, check_problem: Check
) -> None:
    running = start()
    check_problem(running.recognize(sound(), model="broken"), 500, "internal-error")
    check_problem(running.timeline(sound(), model="broken"), 500, "internal-error")
    tones.write_bundle(installed / "broken.onnx")
    assert running.recognize(sound(), model="broken").status_code == 200


@pytest.mark.parametrize("name", ["default", "open", "tones"])
def test_a_card_is_what_the_loaded_bundle_says(name: str, tone_bundle: Path) -> None:
    path = {**shipped_bundles(), "tones": tone_bundle}[name]
    card, bundle = read_model_card(path), Bundle.load(path)
    assert card.metadata == bundle.metadata
    assert (card.size_bytes, card.sha256) == (bundle.size_bytes, bundle.sha256)


def test_a_card_is_read_anew_once_its_file_changed(tones: Any, tmp_path: Path) -> None:
    path = tones.write_bundle(tmp_path / "a.onnx", version="1")
    assert read_model_card(path).metadata.version == "1"
    tones.write_bundle(path, version="2.0")
    assert read_model_card(path).metadata.version == "2.0"
    path.unlink()
    with pytest.raises(BundleError, match="cannot be read"):
        read_model_card(path)


@given(data=st.data())
def test_a_damaged_file_is_no_bundle(data: st.DataObject, tmp_path_factory: Any) -> None:
    path = tmp_path_factory.mktemp("damaged") / "a.onnx"
    path.write_bytes(data.draw(st.binary(max_size=200)))
    with pytest.raises(BundleError):
        read_model_card(path)


def test_a_file_cut_off_is_no_bundle(tone_bundle: Path, tmp_path: Path) -> None:
    path = tmp_path / "a.onnx"
    path.write_bytes(tone_bundle.read_bytes()[:-1])
    with pytest.raises(BundleError, match="cut off"):
        read_model_card(path)
