import numpy as np
import pytest
import soundfile

from affekt.emotions import CANONICAL
from affekt.evaluation import run
from affekt.recognition import Recognizer


@pytest.fixture
def recognizer(bundle):
    return Recognizer.load(bundle())


def test_every_clip_is_answered_in_the_order_given_over_all_labels(recognizer, clip):
    clips = [clip("c", "a", number, label) for number, label in enumerate(CANONICAL)]
    said = run(recognizer, clips)
    assert said.labels == CANONICAL
    assert said.utterances == tuple(clips)
    assert said.probabilities.argmax(axis=1).tolist() == list(range(8))
    np.testing.assert_allclose(said.probabilities.sum(axis=1), 1.0, atol=1e-5)


def test_silent_and_unreadable_clips_are_kept_with_their_reason(recognizer, clip):
    good, silent, broken = (clip("c", "a", number, "sad") for number in range(3))
    soundfile.write(silent.path, np.full(16000, 2e-34, np.float32), 16000, subtype="FLOAT")
    broken.path.write_bytes(b"not audio")
    said = run(recognizer, [silent, good, broken])
    assert said.utterances == (good,)
    assert [item.utterance for item in said.failures] == [silent, broken]
    assert all(item.utterance.path.name in item.reason for item in said.failures)


def test_only_the_stretch_that_a_table_names_is_heard(recognizer, clip, tones):
    both = np.concatenate([tones.tone("happy"), tones.tone("angry")])
    first = clip("c", "a", 1, "happy", start_s=0.0, end_s=1.0)
    second = clip("c", "a", 1, "angry", start_s=1.0, end_s=2.0)
    soundfile.write(first.path, both, 16000)
    said = run(recognizer, [first, second])
    heard = [said.labels[index] for index in said.probabilities.argmax(axis=1)]
    assert heard == ["happy", "angry"]


def test_progress_counts_every_clip_failed_ones_too(recognizer, clip):
    clips = [clip("c", "a", number, "sad") for number in range(2)]
    clips[0].path.unlink()
    seen = []
    run(recognizer, clips, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(1, 2), (2, 2)]


def test_without_any_answer_there_are_still_columns(recognizer):
    assert run(recognizer, []).probabilities.shape == (0, 8)
