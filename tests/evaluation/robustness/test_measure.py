"""What a model that hears pitch loses under noise, and what it does not."""

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from affekt.errors import ConfigError
from affekt.evaluation import open_source
from affekt.evaluation.robustness.conditions import Condition, conditions
from affekt.evaluation.robustness.measure import measure_robustness, sample
from affekt.records import Utterance

CLASSES = {"one": ("angry", "happy"), "two": ("angry", "sad")}


def made(name, apply):
    return Condition(group=name, name="x", apply=lambda signal, rng, voices: apply(signal))


@pytest.fixture
def clips(clip):
    return [
        clip(corpus, speaker, str(take), emotion)
        for corpus, emotions in CLASSES.items()
        for speaker in ("a", "b")
        for take, emotion in enumerate(emotions)
    ]


@pytest.fixture
def model(tone_bundle):
    return open_source(str(tone_bundle))


def test_each_condition_has_its_figures_beside_the_clean_ones(model, clips, tones):
    angry = tones.tone("angry")
    found = measure_robustness(
        model,
        clips,
        [made("as it was", lambda signal: signal), made("all angry", lambda _: angry)],
    )
    assert found.clips == 8
    assert found.clean.own.ua == found.clean.all.ua == {"one": 1.0, "two": 1.0}
    same, angered = found.conditions
    assert (same.own, same.all) == (found.clean.own, found.clean.all)
    assert (same.own.drop, same.own.unchanged) == (0.0, 1.0)
    assert (same.moved, same.refused) == (0.0, 0.0)
    assert angered.own.ua == {"one": 0.5, "two": 0.5}
    assert (angered.own.mean_ua, angered.own.drop, angered.own.unchanged) == (0.5, 0.5, 0.5)
    assert 0.4 < angered.moved <= 0.5  # half of the clips have gone from one emotion to another


def test_what_cannot_be_recognised_any_more_is_answered_wrongly(model, clips):
    silent = made("silence", lambda signal: 0.0 * signal)
    (found,) = measure_robustness(model, clips, [silent]).conditions
    assert (found.own.mean_ua, found.own.unchanged, found.refused) == (0.0, 0.0, 1.0)
    assert found.all.unchanged == 0.0
    assert found.moved is None


def test_noise_costs_more_the_louder_it_is(model, clips):
    noises = [item for item in conditions() if item.group == "white noise"]
    found = measure_robustness(model, clips, noises).conditions
    kept = [item.own.unchanged for item in found]
    assert kept == sorted(kept, reverse=True)
    assert kept[-1] < 1.0


def test_a_clips_draws_do_not_depend_on_who_else_is_heard_at_once(model, clips):
    babble = [item for item in conditions() if item.group == "babble"]
    one, other = (measure_robustness(model, clips, babble, workers=workers) for workers in (1, 3))
    assert one == other


def test_babble_is_made_of_other_peoples_voices(model, clips):
    heard = []

    def listen(signal, rng, voices):
        heard.append(len(voices))
        return signal

    condition = Condition(group="spy", name="x", apply=listen)
    measure_robustness(model, clips, [condition])
    # Of eight clips by four people, the other three people's.
    assert heard == [6] * 8


def test_a_clip_that_is_not_there_is_left_out(model, clips, tmp_path):
    gone = Utterance(
        path=tmp_path / "gone.wav",
        corpus="one",
        collection="one",
        speaker="a",
        native_label="angry",
        emotion="angry",
    )
    steps = []
    found = measure_robustness(model, [*clips, gone], [], progress=lambda *step: steps.append(step))
    assert found.clips == 8
    assert steps[-1] == (9, 9)
    with pytest.raises(ConfigError, match="none of the clips can be decoded"):
        measure_robustness(model, [gone], [])


def test_a_sample_is_even_over_emotions_and_the_same_for_a_seed():
    items = [
        Utterance(
            path=Path(f"/{corpus}/{number}.wav"),
            corpus=corpus,
            collection=corpus,
            speaker="a",
            native_label="x",
            emotion=emotion,
        )
        for corpus in ("one", "two")
        for number, emotion in enumerate(
            [*["angry"] * 50, *["sad"] * 10, *["happy"] * 3, *[None] * 9]
        )
    ]
    drawn = sample(items, 21, seed=1)
    assert drawn == sample(items, 21, seed=1)
    assert set(drawn) != set(sample(items, 21, seed=2))
    for corpus in ("one", "two"):
        counts = Counter(item.emotion for item in drawn if item.corpus == corpus)
        assert counts == {"angry": 9, "sad": 9, "happy": 3}
    assert len(sample(items, 1000, seed=0)) == 126
    assert np.all([item.emotion for item in drawn])


def test_somebody_who_says_little_is_a_voice_too(clip, model):
    heard = []

    def listen(signal, rng, voices):
        heard.append(len(voices))
        return signal

    talker = [clip("one", "a", str(take), "angry") for take in range(60)]
    spy = Condition(group="spy", name="x", apply=listen)
    measure_robustness(model, [*talker, clip("one", "b", "0", "angry")], [spy])
    assert sorted(set(heard)) == [1, 47]


def test_what_goes_to_a_label_that_the_corpus_lacks_shows_among_all_labels(model, clips, tones):
    calm = tones.tone("calm")
    (found,) = measure_robustness(model, clips, [made("all calm", lambda _: calm)]).conditions
    assert found.all.ua == {"one": 0.0, "two": 0.0}
    assert found.all.unchanged == 0.0
    assert found.own.mean_ua == 0.5
