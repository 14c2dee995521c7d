"""Reading listeners' votes."""

import os
from pathlib import Path

import pytest

from affekt.corpora.votes import VOTED, ratings_of_clips, read_intensities, read_votes
from affekt.errors import CorpusError
from affekt.records import Utterance

ROOT = os.environ.get("AFFEKT_CORPORA", "")
TABLE = """"","A","D","F","H","N","S","fileName","numResponses","agreement","meanEmoResp"
"100001",0,0,0,1,10,0,"1001_IEO_NEU_XX",11,0.91,71.5
"200001",0,0,0,9,1,0,"1001_IEO_NEU_XX",10,0.9,80
"300001",5,0,0,4,1,0,"1001_IEO_NEU_XX",10,0.5,90
"""


@pytest.mark.parametrize("place", ["tables/processedResults", "processedResults"])
def test_votes_are_those_on_the_sound_alone(place, tmp_path):
    folder = tmp_path / place
    folder.mkdir(parents=True)
    (folder / "tabulatedVotes.csv").write_text(TABLE)
    votes = read_votes(tmp_path)
    assert dict(zip(VOTED.values(), votes["1001_IEO_NEU_XX"], strict=True)) == {
        "angry": 0,
        "disgust": 0,
        "fearful": 0,
        "happy": 1,
        "neutral": 10,
        "sad": 0,
    }


def test_the_intensity_is_that_of_the_sound_alone_from_0_to_1(tmp_path):
    folder = tmp_path / "processedResults"
    folder.mkdir()
    (folder / "tabulatedVotes.csv").write_text(TABLE)
    assert read_intensities(tmp_path) == {"1001_IEO_NEU_XX": pytest.approx(0.715)}


def test_clips_of_other_corpora_and_clips_that_the_table_lacks_have_no_rating(tmp_path):
    def clip(corpus, name):
        return Utterance(
            path=tmp_path / "AudioWAV" / f"{name}.wav",
            corpus=corpus,
            collection=corpus,
            speaker="1",
            native_label="sad",
            emotion="sad",
        )

    (tmp_path / "processedResults").mkdir()
    (tmp_path / "processedResults" / "tabulatedVotes.csv").write_text(TABLE)
    clips = [
        clip("savee", "1001_IEO_NEU_XX"),
        clip("cremad", "1001_IEO_NEU_XX"),
        clip("cremad", "1001_IEO_SAD_XX"),
    ]
    assert ratings_of_clips(clips, read_intensities) == [None, pytest.approx(0.715), None]


def test_a_missing_table_is_refused_with_its_source(tmp_path):
    with pytest.raises(CorpusError, match=r"get processedResults/tabulatedVotes\.csv"):
        read_votes(tmp_path)


@pytest.mark.parametrize(
    "text",
    [
        "path,emotion\na.wav,sad\n",
        '"","A","fileName"\n"1",x,"a"\n',
        '"","A","fileName"\n"1",1,"' + 200_000 * "a",
    ],
    ids=["other columns", "no number", "a field without end"],
)
def test_another_table_is_refused(text, tmp_path):
    (tmp_path / "processedResults").mkdir()
    (tmp_path / "processedResults" / "tabulatedVotes.csv").write_text(text)
    with pytest.raises(CorpusError, match="not the votes"):
        read_votes(tmp_path)


@pytest.mark.corpora
@pytest.mark.skipif(not ROOT, reason="AFFEKT_CORPORA names no folder with real recordings")
def test_every_clip_of_the_real_corpus_has_votes():
    votes = read_votes(Path(ROOT) / "cremad")
    assert len(votes) == 7442
    # The paper's figure for the sound alone: 40.9 % of the crowd's answers are as intended.
    codes = dict(zip(("ANG", "DIS", "FEA", "HAP", "NEU", "SAD"), range(6), strict=True))
    right = sum(counts[codes[stem.split("_")[2]]] for stem, counts in votes.items())
    assert right / sum(map(sum, votes.values())) == pytest.approx(0.409, abs=0.01)
