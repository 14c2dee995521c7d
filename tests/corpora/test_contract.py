"""What every corpus keeps: its names give the right rows, and its declaration is whole."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.corpora import CORPORA, classes_of, collection_of, load_corpus, scan_corpus
from affekt.corpora.base import Archive
from affekt.emotions import CANONICAL
from affekt.records import Utterance, normal_id

# A file of the corpus (its place and name, without extension), and what it says:
# speaker, native label, canonical label, gender, age, intensity, sentence, take.
GOLDEN: dict[str, dict[str, tuple[object, ...]]] = {
    "cremad": {
        "AudioWAV/1001_DFA_ANG_XX": ("1001", "anger", "angry", None, None, "XX", "DFA", None),
        "AudioWAV/1012_IEO_HAP_LO": ("1012", "happy", "happy", None, None, "LO", "IEO", None),
        "AudioWAV/1091_WSI_SAD_XX": ("1091", "sad", "sad", None, None, "XX", "WSI", None),
        "AudioWAV/1055_TIE_FEA_XX": ("1055", "fear", "fearful", None, None, "XX", "TIE", None),
        "AudioWAV/1040_IEO_DIS_MD": ("1040", "disgust", "disgust", None, None, "MD", "IEO", None),
        "AudioWAV/1002_IEO_NEU_XX": ("1002", "neutral", "neutral", None, None, "XX", "IEO", None),
    },
    "ravdess_speech": {
        "Actor_12/03-01-06-01-02-01-12": (
            *("12", "fearful", "fearful", "female", None, "01", "02", "01"),
        ),
        "Actor_01/03-01-02-02-01-02-01": ("01", "calm", "calm", "male", None, "02", "01", "02"),
        "Actor_24/03-01-08-01-01-01-24": (
            *("24", "surprised", "surprised", "female", None, "01", "01", "01"),
        ),
    },
    "ravdess_song": {
        "Actor_07/03-02-05-02-01-02-07": ("07", "angry", "angry", "male", None, "02", "01", "02"),
        "Actor_16/03-02-01-01-02-01-16": (
            *("16", "neutral", "neutral", "female", None, "01", "02", "01"),
        ),
    },
    "tess": {
        "OAF_Fear/OAF_back_fear": ("OAF", "fear", "fearful", "female", 64, None, "back", None),
        "YAF_pleasant_surprised/YAF_beg_ps": (
            *("YAF", "pleasant surprise", "surprised", "female", 26, None, "beg", None),
        ),
        "OAF_neutral/OA_bite_neutral": (
            *("OAF", "neutral", "neutral", "female", 64, None, "bite", None),
        ),
    },
    "savee": {
        "DC_sa01": ("DC", "sadness", "sad", "male", None, None, "01", None),
        "KL_n30": ("KL", "neutral", "neutral", "male", None, None, "30", None),
        "AudioData/JE/JE_su15": ("JE", "surprise", "surprised", "male", None, None, "15", None),
    },
    "emodb": {
        "wav/03a01Fa": ("03", "happiness", "happy", "male", 31, None, "a01", "a"),
        "wav/16b10Wb": ("16", "anger", "angry", "female", 31, None, "b10", "b"),
        "wav/11a02Ld": ("11", "boredom", None, "male", 26, None, "a02", "d"),
    },
    "emovo": {
        "f1/dis-f1-b1": ("f1", "disgusto", "disgust", "female", None, None, "b1", None),
        "m3/tri-m3-n5": ("m3", "tristezza", "sad", "male", None, None, "n5", None),
    },
    "casia": {
        "liuchanhg/happy/240": ("liuchanhg", "happy", "happy", None, None, None, "240", None),
        "ZhaoZuoxiang/surprise/201": (
            *("ZhaoZuoxiang", "surprise", "surprised", None, None, None, "201", None),
        ),
    },
    "shemo": {
        "female/F01A01": ("F01", "anger", "angry", "female", None, None, None, "01"),
        "male/M21W05": ("M21", "surprise", "surprised", "male", None, None, None, "05"),
        "male/M01N10": ("M01", "neutral", "neutral", "male", None, None, None, "10"),
    },
    "cafe": {
        "Colère/Faible/01-C-1-1": ("01", "colère", "angry", "male", None, "1", "1", None),
        "Dégoût/Fort/12-D-2-6": ("12", "dégoût", "disgust", "female", None, "2", "6", None),
        "Neutre/03-N-1-4": ("03", "neutre", "neutral", "male", None, "1", "4", None),
    },
    "aesdd": {
        "anger/a01 (1)": ("1", "anger", "angry", None, None, None, "01", None),
        "fear/f10 (01)": ("1", "fear", "fearful", None, None, None, "10", None),
        "sadness/s01 (5)b": ("5", "sadness", "sad", None, None, None, "01", "b"),
    },
    "jl": {
        "female1_angry_10a_1": ("female1", "angry", "angry", "female", None, None, "10", "a_1"),
        "male2_anxious_3b_2": ("male2", "anxious", None, "male", None, None, "3", "b_2"),
        "male1_excited_1a_1": ("male1", "excited", None, "male", None, None, "1", "a_1"),
    },
    "nemo": {
        "samples/SM0_anger_77": ("SM0", "anger", "angry", None, None, None, "77", None),
        "samples/WR0_surprised_1": ("WR0", "surprised", "surprised", None, None, None, "1", None),
    },
}
STRANGERS = ("notes", "1092_DFA_ANG", "03-01-09-01-01-01-01", "04a01Fa", "XYZ_back_fear")
every_corpus = pytest.mark.parametrize("name", CORPORA)


def said(item: Utterance) -> tuple[object, ...]:
    return (
        *(item.speaker, item.native_label, item.emotion, item.gender, item.age),
        *(item.intensity, item.sentence, item.take),
    )


@pytest.fixture
def tree(name, tmp_path, write_tone) -> Path:
    """The golden files of one corpus, written as wav under their own names."""
    for number, place in enumerate(GOLDEN[name]):
        write_tone(tmp_path / name / f"{place}.wav", frequency_hz=200.0 + 10 * number)
    return tmp_path


def test_every_corpus_has_golden_names():
    assert list(GOLDEN) == list(CORPORA)


@every_corpus
def test_names_give_the_published_rows(name, tree):
    rows = {
        item.path.relative_to(tree / name).with_suffix("").as_posix(): said(item)
        for item in load_corpus(name, tree)
    }
    assert rows == GOLDEN[name]


@every_corpus
def test_utterances_carry_corpus_collection_and_language(name, tree):
    corpus = CORPORA[name]
    for item in load_corpus(name, tree):
        assert item.path.is_file()
        assert item.corpus == name
        assert item.speaker_key == (corpus.collection, normal_id(item.speaker))
        assert item.language == corpus.language
        assert item.start_s is item.end_s is item.split is None


@every_corpus
def test_people_are_declared_by_ids_in_their_normal_form(name):
    assert [normal_id(speaker) for speaker in CORPORA[name].people] == list(CORPORA[name].people)


@every_corpus
@pytest.mark.parametrize("extension", [".flac", ".ogg", ".opus", ".mp3", ".aiff", ".WAV"])
def test_any_container_gives_the_same_rows(name, extension, tmp_path, write_tone):
    for place in GOLDEN[name]:
        write_tone(tmp_path / name / f"{place}{extension}")
    rows = {item.path.name: said(item) for item in load_corpus(name, tmp_path)}
    assert rows == {f"{Path(place).name}{extension}": row for place, row in GOLDEN[name].items()}


@every_corpus
def test_a_stranger_is_listed_and_not_placed(name, tree, write_tone):
    strangers = {write_tone(tree / name / "more" / f"{stem}.wav") for stem in STRANGERS}
    found = scan_corpus(name, tree)
    assert {path for path, _ in found.unplaced} == strangers
    assert len(found.utterances) == len(GOLDEN[name])


@every_corpus
def test_a_second_container_is_reported_and_counted_once(name, tree, write_tone):
    place = next(iter(GOLDEN[name]))
    again = write_tone(tree / name / f"{place}.mp3")
    found = scan_corpus(name, tree)
    assert found.twice == ((again.with_suffix(".wav"), again),)
    assert len(found.utterances) == len(GOLDEN[name])


@every_corpus
def test_declaration_is_whole(name):
    corpus = CORPORA[name]
    assert corpus.name == name
    assert corpus.title
    assert re.search(r"(19|20)\d\d", corpus.citation), "a citation has a year"
    assert re.fullmatch(r"(CC0|CC-BY|ODbL|LicenseRef)-[\w.-]+", corpus.licence.id)
    assert corpus.access.url.startswith("http")
    assert corpus.access.how
    assert corpus.official.speakers > 0
    assert re.fullmatch("[a-z]{2}", corpus.language)
    assert {label.emotion for label in corpus.labels.values()} <= {*CANONICAL, None}
    assert {"speaker", "code"} <= set(corpus.grammar.groupindex)


@every_corpus
def test_official_counts_add_up(name):
    official = CORPORA[name].official
    if official.per_label:
        assert set(official.per_label) == set(CORPORA[name].classes)
        assert sum(official.per_label.values()) == official.files


@every_corpus
def test_only_corpora_that_may_be_passed_on_are_downloaded(name):
    corpus = CORPORA[name]
    assert corpus.licence.redistribution or not corpus.access.remotes
    for remote in corpus.access.remotes:
        if isinstance(remote, Archive) and remote.checksum is not None:
            assert remote.checksum.page.startswith("https://")


@every_corpus
def test_known_faults_lie_inside_the_grammar(name):
    corpus = CORPORA[name]
    for fault in corpus.faults:
        for written in filter(None, (fault.name, fault.other)):
            assert corpus.parse(written) is not None


@pytest.mark.parametrize("name", [name for name, corpus in CORPORA.items() if corpus.grid])
@settings(max_examples=25)
@given(data=st.data())
def test_a_name_survives_parsing_and_formatting(name, data):
    corpus = CORPORA[name]
    ascii_only = st.characters(codec="ascii")
    written = data.draw(st.from_regex(corpus.grammar, fullmatch=True, alphabet=ascii_only))
    parsed = corpus.parse(written)
    assert parsed is not None
    again = corpus.grid.template.format(**parsed._asdict())
    assert again.casefold() == written.casefold()
    assert corpus.parse(again)[:3] == parsed[:3]


@every_corpus
@settings(max_examples=25)
@given(text=st.text(max_size=24))
def test_any_text_is_parsed_or_refused(name, text):
    parsed = CORPORA[name].parse(text)
    assert parsed is None or parsed.label in CORPORA[name].labels.values()


def test_speech_and_song_share_their_actors():
    assert CORPORA["ravdess_speech"].collection == CORPORA["ravdess_song"].collection == "ravdess"
    others = [c for name, c in CORPORA.items() if not name.startswith("ravdess")]
    assert all(corpus.collection == corpus.name for corpus in others)


def test_a_corpus_says_its_collection_and_its_classes():
    assert collection_of("ravdess_speech") == collection_of("ravdess_song") == "ravdess"
    assert classes_of("casia") == ("neutral", "happy", "sad", "angry", "fearful", "surprised")
    assert classes_of("emodb") == ("neutral", "happy", "sad", "angry", "fearful", "disgust")


def test_a_corpus_of_ones_own_is_its_own_collection_and_declares_nothing():
    assert (collection_of("mine"), classes_of("mine")) == ("mine", ())
