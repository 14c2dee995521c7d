from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from affekt.errors import AudioError, ConfigError
from affekt.records import Utterance
from affekt.training.feature_cache import FeatureCache, default_cache_root

FEATURES = np.array([[1.0, -2.5], [0.25, 8.0], [-11.5, 3.0]], dtype=np.float32)


class Counted:
    """An extractor that knows how often it ran."""

    def __init__(self, features=FEATURES):
        self.features = features
        self.calls = 0

    def __call__(self):
        self.calls += 1
        return self.features


@pytest.fixture
def clip(tmp_path) -> Path:
    path = tmp_path / "clip.wav"
    path.write_bytes(b"the bytes of a recording")
    return path


@pytest.fixture
def cache(tmp_path) -> FeatureCache:
    return FeatureCache(tmp_path / "cache", {"n_mels": 2})


def utterance(path, start_s=None, end_s=None):
    return Utterance(
        path=path,
        corpus="tiny",
        collection="tiny",
        speaker="1",
        native_label="joy",
        emotion="happy",
        start_s=start_s,
        end_s=end_s,
    )


def test_features_are_computed_once(cache, clip):
    compute = Counted()
    for _ in range(3):
        features = cache.get(clip, compute)
        assert features.dtype == np.float32
        np.testing.assert_array_equal(features, FEATURES)
    assert compute.calls == 1


def test_the_first_answer_is_rounded_as_the_second_is(cache, clip):
    compute = Counted(np.array([[0.1, np.pi]], dtype=np.float32))
    first = cache.get(clip, compute)
    np.testing.assert_array_equal(first, cache.get(clip, compute))
    np.testing.assert_allclose(first, compute.features, rtol=5e-4)


def test_the_answer_may_be_changed_without_harm(cache, clip):
    cache.get(clip, Counted())[:] = 0.0
    cache.get(clip, Counted())[:] = 0.0
    np.testing.assert_array_equal(cache.get(clip, Counted()), FEATURES)


def test_a_changed_recording_is_computed_anew(cache, clip):
    compute = Counted()
    cache.get(clip, compute)
    clip.write_bytes(b"the bytes of a Recording")
    cache.get(clip, compute)
    assert compute.calls == 2


def test_a_copy_under_another_name_is_not_computed(cache, clip, tmp_path):
    compute = Counted()
    cache.get(clip, compute)
    copy = tmp_path / "copy.wav"
    copy.write_bytes(clip.read_bytes())
    cache.get(copy, compute)
    assert compute.calls == 1


@pytest.mark.parametrize("parameters", [{"n_mels": 3}, {"n_mels": 2, "floor": 1e-5}, {"mels": 2}])
def test_any_other_parameter_is_another_entry(cache, clip, parameters):
    assert FeatureCache(cache.root, parameters).entry(clip) != cache.entry(clip)


def test_the_order_of_parameters_is_of_no_account(cache, clip):
    one = FeatureCache(cache.root, {"a": 1, "b": [2.0, None]})
    other = FeatureCache(cache.root, {"b": [2.0, None], "a": 1})
    assert one.entry(clip) == other.entry(clip)


def test_parameters_that_json_cannot_tell_apart_are_refused(tmp_path):
    with pytest.raises(TypeError):
        FeatureCache(tmp_path, {"window": object()})
    with pytest.raises(ValueError, match="JSON"):
        FeatureCache(tmp_path, {"floor": float("nan")})


def test_a_stretch_of_a_file_is_an_entry_of_its_own(cache, clip):
    whole, early, late = (
        utterance(clip),
        utterance(clip, end_s=1.0),
        utterance(clip, start_s=1.0),
    )
    assert len({cache.entry(item) for item in (whole, early, late)}) == 3
    assert cache.entry(whole) == cache.entry(clip)


def flip_a_bit(content):
    return content[:-40] + bytes([content[-40] ^ 1]) + content[-39:]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[: len(content) // 2],
        lambda content: content[:-1],
        lambda content: content + b"x",
        flip_a_bit,
    ],
    ids=["empty", "few-bytes", "half", "one-short", "one-long", "one-bit"],
)
def test_a_damaged_entry_is_noticed_and_mended(cache, clip, damage, caplog):
    compute = Counted()
    cache.get(clip, compute)
    entry = cache.entry(clip)
    entry.write_bytes(damage(entry.read_bytes()))
    np.testing.assert_array_equal(cache.get(clip, compute), FEATURES)
    assert compute.calls == 2
    assert "damaged cache entry" in caplog.text
    cache.get(clip, compute)
    assert compute.calls == 2


def test_an_entry_is_a_plain_npy_file_and_its_checksum(cache, clip):
    cache.get(clip, Counted())
    with cache.entry(clip).open("rb") as file:
        array = np.load(file, allow_pickle=False)
        assert len(file.read()) == 32
    assert array.dtype == np.float16


def test_a_failed_extractor_leaves_nothing_behind(cache, clip):
    def fail():
        raise AudioError("silent")

    with pytest.raises(AudioError, match="silent"):
        cache.get(clip, fail)
    assert not cache.root.exists()


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e6])
def test_features_that_float16_cannot_hold_are_refused(cache, clip, value):
    with pytest.raises(ValueError, match=r"clip\.wav.*not finite"):
        cache.get(clip, Counted(np.array([[value]], dtype=np.float32)))


def test_a_missing_recording_is_named(cache, tmp_path):
    with pytest.raises(AudioError, match=r"absent\.wav: cannot be read: No such file"):
        cache.get(tmp_path / "absent.wav", Counted())


def test_a_root_that_cannot_be_written_names_the_remedy(tmp_path, clip):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with pytest.raises(ConfigError, match="AFFEKT_CACHE"):
        FeatureCache(blocked, {}).get(clip, Counted())


WRITER = """
import sys
from pathlib import Path
import numpy as np
from affekt.training.feature_cache import FeatureCache

cache = FeatureCache(Path(sys.argv[1]), {"n_mels": 2})
clip = Path(sys.argv[2])
entry = cache.entry(clip)
features = np.arange(40000, dtype=np.float32).reshape(-1, 2) / 16
for _ in range(60):
    assert np.array_equal(cache.get(clip, lambda: features), features.astype(np.float16))
    entry.unlink(missing_ok=True)
"""


def test_two_processes_may_share_an_entry(cache, clip):
    command = [sys.executable, "-c", WRITER, str(cache.root), str(clip)]
    processes = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    errors = [process.communicate(timeout=60)[1] for process in processes]
    assert errors == ["", ""]
    assert not [path for path in cache.root.rglob(".*") if path.is_file()]


def test_the_root_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("AFFEKT_CACHE", str(tmp_path))
    assert default_cache_root() == tmp_path / "features"
    monkeypatch.delenv("AFFEKT_CACHE")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert default_cache_root() == tmp_path / "home" / ".cache" / "affekt" / "features"
