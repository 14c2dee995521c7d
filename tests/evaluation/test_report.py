import dataclasses
import hashlib
import json

import pytest

import affekt
from affekt.corpora.datasets import open_dataset
from affekt.errors import ConfigError
from affekt.evaluation import evaluate
from affekt.evaluation.compare.comparison import compare
from affekt.evaluation.overlap.leaks import Copy
from affekt.evaluation.report import EIGHT, FIVE
from affekt.evaluation.sources import open_source
from affekt.protocols import protocol

LOCKBOX_SPEAKER = {
    "cremad": "1001", "ravdess_speech": "06", "emodb": "15", "casia": "zhaoquanyin",
    "nemo": "EB0", "savee": "KL", "emovo": "m3", "tess": "YAF",
}  # fmt: skip


@pytest.fixture
def report(bundle, clip):
    """Measure a bundle on a happy and a sad clip of one lockbox speaker a corpus."""

    def make(corpora, **metadata):
        clips = [
            clip(name, LOCKBOX_SPEAKER[name], emotion, emotion)
            for name in corpora
            for emotion in ("happy", "sad")
        ]
        return evaluate(open_source(str(bundle(**metadata))), clips, protocol("lockbox"))

    return make


def test_a_report_is_stamped_with_what_was_measured_and_how(report, tmp_path):
    stamped = report(["savee"])
    assert stamped.protocol == "lockbox"
    assert stamped.bundle == "tones 1.2"
    content = (tmp_path / "tones.onnx").read_bytes()
    assert stamped.bundle_sha256 == hashlib.sha256(content).hexdigest()
    assert stamped.affekt_version == affekt.__version__
    assert (stamped.clips, stamped.speakers) == (2, 1)


def test_only_the_test_part_of_the_protocol_is_measured(bundle, clip):
    clips = [clip("emodb", "15", 1, "sad"), clip("emodb", "03", 1, "sad")]
    measured = evaluate(open_source(str(bundle())), clips, protocol("lockbox"))
    assert measured.corpora[0].speakers == ("15",)


def test_model_and_protocol_may_be_given_by_name(bundle, clip):
    clips = [clip("emodb", "15", 1, "sad"), clip("emodb", "03", 1, "sad")]
    named = affekt.evaluate(str(bundle()), clips, "lockbox")
    assert named.corpora[0].speakers == ("15",)
    with pytest.raises(ConfigError, match="lockboxx"):
        affekt.evaluate(str(bundle()), clips, "lockboxx")


def test_speakers_that_were_not_at_hand_are_named(report):
    missing = report(["savee", "emodb"]).missing
    assert ("emodb", "16") in missing
    assert ("tess", "YAF") in missing
    assert ("savee", "KL") not in missing


def test_the_mean_of_the_eight_needs_all_eight(report):
    assert report(EIGHT).mean_of_eight == 1.0
    without_tess = report(EIGHT[:-1])
    assert without_tess.mean_of_eight is None
    assert without_tess.mean_of_five == 1.0


def test_floors_are_those_of_the_bundle_of_that_name(report):
    floors = {item.name: item.verdict for item in report(FIVE, name="default").floors}
    assert floors == dict.fromkeys(FIVE, "reached") | {"mean of eight": "not measured"}
    assert report(FIVE, name="mine").floors == ()


def test_a_floor_is_missed_below_it(bundle, clip):
    wrong = clip("emodb", "15", 1, "sad", heard="happy")
    right = clip("emodb", "16", 1, "happy")
    measured = evaluate(
        open_source(str(bundle(name="default"))), [wrong, right], protocol("lockbox")
    )
    floor = next(item for item in measured.floors if item.name == "emodb")
    assert (floor.asked, floor.measured, floor.verdict) == (68.0, 50.0, "missed")


def test_voices_that_training_may_have_heard_are_named(report):
    trained = ({"corpus": "savee"}, {"corpus": "emodb"})
    heard = report(
        ["savee", "emodb"], training_data=trained, held_out={"emodb": ["15"]}
    ).training_speakers_tested
    assert heard == (("savee", "KL"),)


def test_declared_classes_compete_and_a_users_corpus_shows_its_own(bundle, clip):
    """The tone of "calm" lies nearest to "neutral", which CASIA declares and no clip shows."""
    source = open_source(str(bundle()))
    for corpus, labels in (
        ("mine", ("sad", "angry")),
        ("casia", ("neutral", "happy", "sad", "angry", "fearful", "surprised")),
    ):
        clips = [clip(corpus, "a", 1, "sad", heard="calm"), clip(corpus, "a", 2, "angry")]
        own = evaluate(source, clips, protocol("external")).corpora[0].scoring("own")
        assert own.labels == labels
        assert (own.wa == 1.0) == (corpus == "mine")


def test_who_spoke_in_training_is_known_however_it_is_asked(bundle, clip):
    """RAVDESS' actors sing and speak: whoever sang in training is no new voice in speech."""
    clips = [
        clip("ravdess_speech", speaker, emotion, emotion)
        for speaker in ("01", "02", "06")
        for emotion in ("happy", "sad")
    ]
    source = open_source(
        str(
            bundle(training_data=({"corpus": "ravdess_song"},), held_out={"ravdess_speech": ["06"]})
        )
    )
    found = evaluate(source, clips, protocol("external"))
    assert found.training_speakers_tested == (("ravdess_speech", "01"), ("ravdess_speech", "02"))
    beside = compare([source, source], clips, protocol("external"))
    assert [item.training_speakers_tested for item in beside.reports] == [
        found.training_speakers_tested,
        found.training_speakers_tested,
    ]


def test_a_table_that_names_a_known_corpus_need_not_name_its_collection(bundle, clip, tmp_path):
    path = clip("mine", "a", 1, "sad").path
    table = tmp_path / "mine.csv"
    table.write_text(f"path,emotion,corpus,speaker\n{path},sad,ravdess_speech,01\n")
    source = open_source(str(bundle(training_data=({"corpus": "ravdess_song"},), held_out={})))
    clips = open_dataset(table=table).utterances
    assert evaluate(source, clips, protocol("external")).training_speakers_tested == (
        ("ravdess_speech", "01"),
    )


def test_a_protocol_that_tests_nobody_at_hand_is_refused(bundle, clip):
    with pytest.raises(ConfigError, match="'lockbox' tests none of the clips at hand"):
        evaluate(open_source(str(bundle())), [clip("mine", "a", 1, "sad")], protocol("lockbox"))


def test_a_report_is_plain_json(report):
    values = json.loads(json.dumps(report(["savee"], name="default").to_dict(), allow_nan=False))
    assert values["corpora"][0]["scorings"][0]["ua"] == 1.0
    assert values["floors"][0]["verdict"] == "not measured"


@pytest.mark.parametrize(
    ("trained", "corpus", "new"),
    [("emodb", "emodb", False), ("savee", "emodb", True), ("emodb", "mine", None)],
)
def test_whether_speakers_are_new_is_known_or_said_to_be_unknown(
    bundle, clip, trained, corpus, new
):
    source = open_source(str(bundle(training_data=({"corpus": trained},), held_out={})))
    found = evaluate(source, [clip(corpus, "03", 1, "sad")], protocol("external"))
    assert (found.new_speakers, found.tests_training_speakers) == (new, new is False)


def test_a_copy_of_what_was_learnt_from_is_of_no_new_speaker(bundle, clip):
    own, training = clip("mine", "a", 1, "sad"), clip("savee", "DC", 1, "sad")
    source = open_source(str(bundle(training_data=({"corpus": "savee"},), held_out={})))
    found = evaluate(
        source,
        [own],
        protocol("external"),
        training_clips=[training],
        copies=[Copy(first=own.stretch, second=training.stretch, kind="near-duplicate")],
    )
    assert (found.leaks.copies, found.new_speakers, found.tests_training_speakers) == (
        1, False, True,
    )  # fmt: skip


def test_training_speakers_are_counted_under_the_name_of_the_table_they_stand_in(bundle, clip):
    """A table of somebody's own lists a recording of EmoDB's 03; of another nobody knows."""
    own, other = clip("mine", "me", 1, "sad"), clip("calls", "me", 1, "sad")
    path = own.path.parent / "emodb" / "03a01Ta.wav"
    path.parent.mkdir()
    own = dataclasses.replace(own, path=own.path.rename(path))
    source = open_source(str(bundle(training_data=({"corpus": "emodb"},), held_out={})))
    found = evaluate(source, [own, other], protocol("external"))
    assert found.training_speakers == {"mine": 1, "calls": None, "all": 1}
