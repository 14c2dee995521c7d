import dataclasses

import pytest

from affekt.corpora import CORPORA
from affekt.evaluation import evaluate, open_source
from affekt.evaluation.compare.references import beside, match_of, references
from affekt.protocols import lockbox_speakers, protocol
from affekt.protocols.shipped_tables import read_table


def reference(corpus, affekt_protocol, tested="all", speakers="apart"):
    return dataclasses.replace(
        references()[0],
        corpus=corpus,
        affekt_protocol=affekt_protocol,
        tested=tested,
        speakers=speakers,
    )


def everybody(corpus):
    return {row["speaker"] for row in read_table("speaker_folds") if row["corpus"] == corpus}


def test_every_figure_has_a_corpus_a_source_and_a_protocol_that_exist():
    for item in references():
        assert item.corpus in CORPORA
        assert item.source
        assert item.protocol
        assert all(0.0 < share < 1.0 for share in item.figures.values())
        assert item.tested in {"all", "part", "unknown"}
        assert item.speakers in {"apart", "shared", "unknown"}
        if item.affekt_protocol not in {"", "people"}:
            protocol(item.affekt_protocol)


def test_the_large_table_is_there_whole():
    theirs = [item for item in references() if item.source.startswith("EmoBox")]
    assert len(theirs) == 11 * 10
    assert all(set(item.figures) == {"ua", "wa", "macro_f1"} for item in theirs)
    (one,) = (x for x in theirs if (x.corpus, x.system) == ("savee", "WavLM-large, frozen"))
    assert one.figures["ua"] == pytest.approx(0.6674)


def test_only_folds_that_keep_speakers_apart_are_said_to():
    apart = {x.corpus for x in references() if x.speakers == "apart" and "EmoBox" in x.source}
    assert apart == {"ravdess_speech", "cafe", "casia", "emovo", "jl", "savee"}


def test_the_same_test_speakers_match_whatever_the_protocols_name():
    crema = reference("cremad", "official", tested="part")
    lockbox = {speaker for corpus, speaker in lockbox_speakers() if corpus == "cremad"}
    assert match_of(crema, protocol("official"), lockbox) == "matches"
    assert match_of(crema, protocol("lockbox"), lockbox) == "matches"
    assert match_of(crema, protocol("lockbox"), lockbox - {"1001"}) == "other speakers"


def test_all_speakers_match_in_the_same_folds_alone():
    ravdess = reference("ravdess_speech", "official")
    everyone = everybody("ravdess_speech")
    assert match_of(ravdess, protocol("official"), everyone) == "matches"
    assert match_of(ravdess, protocol("speaker-disjoint"), everyone) == "other folds"
    assert match_of(ravdess, protocol("lockbox"), everyone - {"01"}) == "other speakers"


def test_folds_of_one_speaker_each_are_leave_one_speaker_out():
    emovo = reference("emovo", "official")
    rule = protocol("leave-one-speaker-out")
    assert match_of(emovo, rule, everybody("emovo")) == "matches"
    ravdess = reference("ravdess_speech", "official")
    assert match_of(ravdess, rule, everybody("ravdess_speech")) == "other folds"


def test_people_learn_from_nobody():
    listeners = reference("cremad", "people")
    actors = everybody("cremad")
    assert match_of(listeners, protocol("speaker-disjoint"), actors) == "matches"


@pytest.mark.parametrize(
    ("tested", "speakers", "rule", "match"),
    [
        ("all", "shared", "official", "speakers shared"),
        ("all", "apart", "random", "speakers shared"),
        ("all", "apart", "sentence-disjoint", "speakers shared"),
        ("unknown", "apart", "official", "unknown"),
        ("all", "unknown", "official", "unknown"),
    ],
)
def test_a_split_that_shares_speakers_or_is_unknown_is_said(tested, speakers, rule, match):
    item = reference("emovo", "official", tested=tested, speakers=speakers)
    assert match_of(item, protocol(rule), everybody("emovo")) == match


@pytest.fixture
def verdicts(bundle, clip):
    """What may be said of a bundle beside the references of a corpus, under a protocol."""

    def ask(corpus, rule="leave-one-speaker-out", change=None, **metadata):
        people = sorted(everybody(corpus))
        clips = [
            clip(corpus, name, emotion, emotion) for name in people for emotion in ("sad", "happy")
        ]
        if change is not None:
            change(clips)
        report = evaluate(open_source(str(bundle(**metadata))), clips, protocol(rule))
        rows = beside([report], protocol(rule))
        assert {row.reference.corpus for row in rows} == {corpus}
        return {
            (row.match, row.models[0].verdict, row.models[0].reason)
            for row in rows
            if row.reference.protocol == "leave one speaker out"
        }

    return ask


def test_new_voices_under_the_same_protocol_may_be_compared(verdicts):
    assert verdicts("emovo") == {("matches", "yes", "")}


def test_a_model_that_heard_the_test_speakers_may_not(verdicts):
    said = verdicts("emovo", training_data=({"corpus": "emovo"},), held_out={})
    assert said == {("matches", "no", "6 of the test speakers may be its training speakers")}


def test_other_folds_may_be_compared_roughly(verdicts):
    said = verdicts("emovo", "speaker-disjoint:3")
    assert said == {("other folds", "roughly", "the same speakers in other folds")}


def test_a_model_that_lacks_a_class_may_not(verdicts):
    labels = ("neutral", "calm", "happy", "sad", "angry", "fearful", "disgust")
    assert verdicts("emovo", labels=labels) == {("matches", "no", "it does not know surprised")}


def test_failed_clips_forbid_it(verdicts):
    said = verdicts("emovo", change=lambda clips: clips[0].path.write_bytes(b"not audio"))
    assert said == {("matches", "no", "1 clips failed")}


def test_a_corpus_with_a_class_beyond_the_eight_is_compared_roughly(verdicts):
    ((match, verdict, reason),) = verdicts("emodb")
    assert (match, verdict) == ("matches", "roughly")
    assert "classes that are left out here" in reason


def test_a_source_that_tells_nothing_of_its_training_is_said_to(clip, tmp_path):
    clips = [clip("emovo", name, 1, "sad") for name in sorted(everybody("emovo"))]
    table = tmp_path / "said.csv"
    table.write_text("path,label\n" + "".join(f"{item.path},sad\n" for item in clips))
    rule = protocol("leave-one-speaker-out")
    rows = beside([evaluate(open_source(str(table)), clips, rule)], rule)
    matching = [row for row in rows if row.match == "matches"]
    assert {row.models[0].verdict for row in matching} == {"unknown"}
