"""A mended split has nothing left that is measured on what was learnt, and the rest untouched."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from affekt.auditing import audit
from affekt.auditing.clips import Clip
from affekt.auditing.listen import Heard
from affekt.auditing.mend import Same, plan_mending
from affekt.auditing.rounds import BETWEEN, LEARNT, TESTED, Rounds, role
from affekt.auditing.table import Row, Table
from affekt.corpora.tables.files import TableFile
from affekt.errors import ConfigError
from affekt.records import Utterance


def mended(path, **options):
    found = audit(split=path, workers=1, **options)
    out = path.with_name("mended.csv")
    found.mending.write(out)
    return found, out


def kinds(found, severity="error"):
    return {item.kind for item in found.findings if item.severity == severity}


def test_every_leak_and_fault_goes_and_every_other_row_stays(write, speak, tmp_path):
    write("a.wav", speak("aei"))
    write("a.ogg", speak("aei"))
    write("b.wav", speak("oua"))
    write("c.wav", speak("uio"))
    write("c.flac", speak("uio"))
    write("d.wav", speak("eoa"))
    write("e.wav", speak("iou"))
    write("f.wav", speak("oei"))
    write("silent.wav", np.zeros(16_000, np.float32))
    (tmp_path / "text.wav").write_text("no sound")
    gone = [
        'a.wav,train,anna,sad,"a copy, in test"',
        "b.wav,train,anna,sad,the file is in test",
        "c.wav,test,carl,sad,one sound",
        "c.flac,train,anna,happy,two labels",
        "d.wav,train,ben,sad,ben is tested",
        "silent.wav,test,carl,sad,",
        "text.wav,train,anna,sad,",
        "none.wav,train,anna,sad,",
        "f.wav,test,ben,sad,twice the same",
    ]
    kept = [
        "a.ogg,test,carl,sad,",
        "b.wav,test,carl,sad,",
        'e.wav,train,anna,sad,"stays, ""quoted"""',
        "f.wav,test,ben,sad,twice the same",
    ]
    split = tmp_path / "split.csv"
    header = "file,Split,speaker_id,label,remark"
    rows = [*kept, *gone]
    split.write_bytes("\r\n".join(["\ufeff" + header, *rows, ""]).encode())
    found, out = mended(split)
    assert out.read_bytes() == "\r\n".join(["\ufeff" + header, *kept, ""]).encode()
    told = "\n".join(found.mending.told())
    assert "1 row of train dropped: near-duplicate" in told
    assert "1 row of train dropped: speaker-across-parts, the voice is tested too" in told
    assert (
        {item.kind for item in found.findings if item.mend}
        == kinds(found)
        == {
            *("same-file", "two-labels", "near-duplicate", "identical-audio", "silent"),
            *("speaker-across-parts", "missing", "undecodable"),
        }
    )
    assert kinds(audit(split=out, workers=1)) == set()


def test_voices_stay_where_nothing_would_be_left_to_learn_from(write, speak, tmp_path):
    for number in range(4):
        write(f"{number}.wav", speak("aeo", reading=number))
    split = tmp_path / "split.csv"
    split.write_text(
        "path,part,speaker\n0.wav,train,anna\n1.wav,test,anna\n2.wav,test,anna\n0.wav,train,anna\n"
    )
    found, out = mended(split)
    assert (
        out.read_text() == "path,part,speaker\n0.wav,train,anna\n1.wav,test,anna\n2.wav,test,anna\n"
    )
    assert "nothing would remain of train; make a new split" in found.mending.told()[-1]
    (voice,) = [item for item in found.findings if item.kind == "speaker-across-parts"]
    assert (voice.severity, voice.mend) == ("error", "")
    assert voice.message.endswith("make a new split by speaker")


def test_a_split_of_which_a_part_would_be_gone_is_not_written(write, original, speak, tmp_path):
    write("a.wav", original)
    write("b.wav", speak("uio"))
    split = tmp_path / "split.csv"
    split.write_text("path,part\na.wav,train\na.wav,test\nb.wav,test\n")
    found = audit(split=split, workers=1)
    assert not any(item.mend for item in found.findings)
    with pytest.raises(ConfigError, match="nothing would remain of train: make a new split"):
        found.mending.write(tmp_path / "mended.csv")
    assert not (tmp_path / "mended.csv").exists()


def test_of_a_sound_in_two_folds_the_first_row_stays(write, original, speak, tmp_path):
    write("a.wav", original)
    write("b.flac", original)
    write("c.wav", speak("uio"))
    split = tmp_path / "split.csv"
    split.write_text("path,fold\na.wav,1\nb.flac,2\nc.wav,2\n")
    found, out = mended(split)
    assert out.read_text() == "path,fold\na.wav,1\nc.wav,2\n"
    assert kinds(found) == {"identical-audio"}
    assert kinds(audit(split=out, workers=1)) == set()


def test_copies_in_the_training_part_alone_stay(write, original, speak, tmp_path):
    write("a.wav", original)
    write("b.flac", original)
    write("c.wav", speak("uio"))
    split = tmp_path / "split.csv"
    split.write_text("path,part\na.wav,train\nb.flac,train\nc.wav,test\n")
    found, out = mended(split)
    assert out.read_text() == split.read_text()
    assert not any(item.mend for item in found.findings)


PARTS = ("train", "validation", "test", "holdout_test")


@st.composite
def splits(draw):
    """Clips with speakers, labels and rows in rounds, and pairs of them that sound the same."""
    count = draw(st.integers(2, 8))
    parts = draw(st.sampled_from([PARTS, PARTS[:3], ("1", "2", "3")]))
    clips, rows = [], []
    for number in range(count):
        label = draw(st.sampled_from(["sad", "happy"]))
        utterance = Utterance(
            path=Path(f"{number}.wav"),
            corpus="own",
            collection="own",
            speaker=draw(st.sampled_from("abcd")),
            native_label=label,
            emotion=None,
        )
        where = draw(
            st.lists(
                st.tuples(st.sampled_from(["1", "2"]), st.sampled_from(parts)),
                min_size=1,
                max_size=3,
            )
        )
        begin = len(rows)
        rows += [
            Row({"path": f"{number}.wav", "round": r}, f"{number},{r},{p}\n") for r, p in where
        ]
        clips.append(
            Clip(
                name=f"{number}.wav",
                utterance=utterance,
                places=tuple(where),
                rows=tuple(range(begin, len(rows))),
                labels=(label,),
            )
        )
    troubles = draw(
        st.lists(st.sampled_from(["", "", "", "silent"]), min_size=count, max_size=count)
    )
    places = st.integers(0, count - 1)
    pairs = draw(st.lists(st.tuples(places, places), max_size=4))
    same = [Same(one, other, "near-duplicate") for one, other in pairs if one != other]
    file = TableFile(path=Path("split.csv"), columns=("path", "round", "part"), rows=())
    table = Table(file=file, rows=tuple(rows))
    return table, clips, [Heard(trouble=item) for item in troubles], same


@settings(max_examples=300, deadline=None)
@given(splits())
def test_nothing_leaks_after_mending_and_tested_rows_stay(made):
    table, clips, heard, same = made
    plan = plan_mending(table, clips, heard, same)
    live = [
        (place, number, part)
        for place, clip in enumerate(clips)
        for row, (number, part) in zip(clip.rows, clip.places, strict=True)
        if row not in plan.dropped
    ]
    rounds = Rounds(clips)
    alike = {frozenset(pair[:2]) for pair in same} | {frozenset([n]) for n in range(len(clips))}
    for (one, number, part), (other, other_number, other_part) in itertools.combinations(live, 2):
        if number == other_number and rounds.leak(number, part, other_part):
            assert frozenset([one, other]) not in alike
            if {role(part), role(other_part)} != {LEARNT, BETWEEN} and not plan.left:
                assert clips[one].speaker != clips[other].speaker
    assert not any(heard[place].trouble for place, *_ in live)
    for row, (kind, part) in plan.dropped.items():
        number = table.rows[row].said["round"]
        if role(part) == TESTED and not rounds.folds(number):
            # What is listed twice, word for word, or at fault itself.
            repeated = [item.written for item in table.rows].count(table.rows[row].written) > 1
            assert kind in ("silent", "two-labels") or (kind == "same-file" and repeated)
