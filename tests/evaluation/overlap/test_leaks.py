"""What the clips under test share with those that were learnt from."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from affekt.evaluation.overlap.leaks import Copy, find_leaks, learns_at_hand
from affekt.evaluation.writers import leak_facts
from affekt.protocols import protocol


def found_in(clips, source, *, rule="external", copies=()):
    splits = protocol(rule).splits(clips)
    return find_leaks(splits, clips, source, copies=copies)


def source(*corpora, held_out=None, labels=("happy", "sad")):
    """A model that says what it learnt from; without corpora it does not."""
    told = SimpleNamespace(
        training_data=[{"corpus": name} for name in corpora], held_out=held_out or {}
    )
    return SimpleNamespace(learnt=told if corpora else None, labels=labels)


@pytest.fixture
def clips(clip):
    """Two speakers, of whom the first is a training speaker; they share one of two sentences."""
    return [
        clip("c", "a", 1, "sad", sentence="it is eleven"),
        clip("c", "a", 2, "happy", sentence="that is all"),
        clip("c", "b", 3, "sad", sentence="it is eleven", split="test"),
        clip("c", "b", 4, "happy", sentence="who knows", split="test"),
    ]


@pytest.fixture
def learnt():
    """The word of a model that was trained on everybody of the corpus but the second speaker."""
    return source("c", held_out={"c": ["b"]})


def counts(leaks):
    return (leaks.files, leaks.speakers, leaks.sentences, leaks.copies)


def test_what_a_model_says_of_its_training_is_what_counts(clips, learnt):
    found = found_in(clips, learnt)
    assert (found.declared_by, found.learnt, found.tested) == ("model", 2, 2)
    assert counts(found) == (0, 0, 1, 0)


def test_without_its_word_the_training_part_of_the_protocol_counts(clips):
    found = found_in(clips, source())
    assert (found.declared_by, found.learnt, found.tested) == ("protocol", 2, 2)
    assert counts(found) == (0, 0, 1, 0)


def test_speakers_and_recordings_that_were_learnt_from_are_counted(clips):
    found = found_in(clips, source("c"))
    assert counts(found) == (2, 2, 2, 0)


def test_in_folds_each_round_counts_by_itself(clip):
    clips = [clip("c", "ab"[k % 2], k, "sad" if k < 4 else "happy") for k in range(8)]
    found = found_in(clips, source(), rule="random:4")
    assert (found.tested, found.files, found.speakers) == (8, 0, 8)


@pytest.mark.parametrize("order", [1, -1])
def test_a_copy_of_what_was_learnt_from_is_named(clips, learnt, order):
    one, other = (clips[0].stretch, clips[2].stretch)[::order]
    copies = [
        Copy(first=one, second=other, kind="near-duplicate"),
        Copy(first=clips[2].stretch, second=clips[3].stretch, kind="near-duplicate"),
    ]
    found = found_in(clips, learnt, copies=copies)
    assert found.copies == 1
    (example,) = found.examples
    assert example.kind == "near-duplicate"
    assert (example.tested, example.learnt) == (clips[2].path.name, clips[0].path.name)
    assert ("WARNING", f"{example.tested} is a copy (near-duplicate) of {example.learnt}") in (
        leak_facts(found)
    )


def test_what_nobody_tells_is_not_counted_as_none(clip):
    clips = [
        clip("c", "unknown", 1, "sad", split="train"),
        clip("c", "unknown", 2, "sad", split="test"),
    ]
    parts = SimpleNamespace(train=clips[:1], validation=(), test=clips[1:])
    found = find_leaks([parts], clips, source(), copies=())
    assert counts(found) == (0, None, None, 0)
    ((_, text),) = leak_facts(found)
    assert "by speakers of these: unknown; saying a sentence of these: unknown" in text


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (source("cremad"), "no recording that it learnt from is known to be at hand (of cremad)"),
        (source(), "the model does not say what it learnt from"),
    ],
)
def test_where_nothing_learnt_from_is_at_hand_that_is_said(clip, model, said):
    clips = [clip("c", "a", 1, "sad")]
    splits = protocol("external").splits(clips)
    assert not learns_at_hand(splits, clips, model)
    found = found_in(clips, model)
    assert counts(found) == (None, None, None, None)
    ((_, text),) = leak_facts(found)
    assert text.startswith(f"not checked: {said}")


def test_that_copies_were_not_looked_for_is_said(clips, learnt):
    assert leak_facts(found_in(clips, learnt, copies=None)) == [
        (
            "leaks",
            "2 under test beside 2 clips that it may have learnt from, by its own word; learnt "
            "from themselves: 0; by speakers of these: 0; saying a sentence of these: 1; copies of "
            "recordings among these: not checked",
        ),
    ]


def test_stretches_of_a_file_are_the_same_where_they_overlap(clip):
    first = clip("c", "a", 1, "sad", split="train", start_s=0.0, end_s=0.4)
    clips = [
        first,
        replace(first, split="test", start_s=0.3, end_s=0.6),
        replace(first, split="test", start_s=0.6, end_s=1.0),
    ]
    parts = SimpleNamespace(train=(first,), validation=(), test=tuple(clips[1:]))
    found = find_leaks([parts], clips, source(), copies=())
    assert (found.tested, found.files) == (2, 1)


def test_a_link_to_a_recording_is_that_recording(clip, tmp_path):
    first = clip("c", "a", 1, "sad", split="train")
    link = tmp_path / "link.wav"
    link.symlink_to(first.path)
    found = found_in([first, replace(first, path=link, speaker="b", split="test")], source())
    assert found.files == 1


def test_recordings_of_a_known_corpus_are_of_the_speaker_in_their_names(clip, tmp_path):
    """A table calls one actress by two names; the files of EmoDB tell who she is."""
    parts = []
    for name, speaker, split in (("03a01Wa", "ann", "train"), ("03a02Wa", "bob", "test")):
        path = tmp_path / "emodb" / f"{name}.wav"
        path.parent.mkdir(exist_ok=True)
        item = clip("mine", speaker, 1, "angry", split=split)
        parts.append(replace(item, path=item.path.rename(path)))
    assert found_in(parts, source(labels=("angry",))).speakers == 1


@pytest.fixture
def own_and_training(clip):
    """A recording of somebody's own, and one of SAVEE that a model learnt from."""
    own = clip("mine", "DC", 1, "sad", sentence="01")
    return own, clip("savee", "DC", 1, "sad", sentence="01")


def beside(own, training, *, copies=(), model=None):
    splits = protocol("external").splits([own])
    return find_leaks(splits, [own, training], model or source("savee"), copies=copies)


def test_ones_own_recordings_are_compared_with_what_a_model_learnt_from(own_and_training):
    own, training = own_and_training
    assert counts(beside(own, training)) == (0, None, None, 0)
    copies = [Copy(first=own.stretch, second=training.stretch, kind="identical-audio")]
    found = beside(own, training, copies=copies)
    assert (found.learnt, found.tested, found.copies, found.found) == (1, 1, 1, True)


def test_that_a_speaker_of_ones_own_is_called_like_one_of_training_says_nothing(own_and_training):
    """Nor does it say anything that he is not: who DC of somebody's table is, nobody knows."""
    found = beside(*own_and_training)
    assert (found.speakers, found.sentences) == (None, None)


def test_a_file_of_the_same_bytes_is_the_same_recording(own_and_training):
    own, training = own_and_training
    own.path.write_bytes(training.path.read_bytes())
    assert beside(own, training).files == 1


def test_corpora_that_nothing_was_compared_of_are_named(own_and_training):
    found = beside(*own_and_training, model=source("savee", "tess"))
    assert found.not_compared == ("tess",)
    ((_, text),) = leak_facts(found)
    assert text.endswith("; not checked, for no clip of theirs is among these: tess")


@pytest.mark.filterwarnings("ignore:.*are one speaker")
def test_ids_that_a_protocol_spells_anew_are_compared_as_well(clip):
    clips = [clip("c", name, k, "sad") for k, name in enumerate(("1", "01", "2", "3", "4"))]
    assert found_in(clips, source("c"), rule="leave-one-speaker-out").speakers == 5
