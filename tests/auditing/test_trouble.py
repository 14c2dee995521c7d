"""What may pass is not remembered; names that are no text, and warnings of other things."""

from __future__ import annotations

import builtins
import os
import sys

import numpy as np
import pytest

from affekt.auditing import audit
from affekt.auditing.listen import hear
from affekt.auditing.report import WRITERS


def found_in(folder, *names):
    split = folder / "split.csv"
    split.write_text("path,part\n" + "".join(f"{name},train\n" for name in names))
    return audit(split=split, workers=1)


def of_kind(found, kind):
    return [item for item in found.findings if item.kind == kind]


def test_a_decoder_that_was_missing_is_tried_again(write, original, speak, tmp_path, monkeypatch):
    av = pytest.importorskip("av", reason="PyAV, the extra media, is not installed")
    write("fine.wav", original)
    with av.open(str(tmp_path / "a.m4a"), "w") as container:
        stream = container.add_stream("aac", rate=16_000, layout="mono")
        samples = np.ascontiguousarray(speak("uio")[None, :])
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate = 16_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    real = builtins.__import__

    def without_av(name, *arguments, **options):
        if name.partition(".")[0] == "av":
            raise ImportError(name)
        return real(name, *arguments, **options)

    with monkeypatch.context() as patch:
        for name in [name for name in sys.modules if name.partition(".")[0] == "av"]:
            patch.delitem(sys.modules, name)
        patch.setattr(builtins, "__import__", without_av)
        (trouble,) = of_kind(found_in(tmp_path, "fine.wav", "a.m4a"), "undecodable")
    assert "affekt[media]" in trouble.message
    assert trouble.mend == ""
    assert of_kind(found_in(tmp_path, "fine.wav", "a.m4a"), "undecodable") == []


def test_what_cannot_be_opened_now_may_be_opened_later(tmp_path):
    item = hear(tmp_path / ("long" * 100 + ".wav"))
    assert (item.trouble, item.passing) == ("undecodable", True)


@pytest.mark.skipif(sys.platform != "linux", reason="names are text there")
def test_a_folder_whose_name_is_no_text_is_audited_and_remembered(original, write, tmp_path):
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    folder.mkdir()
    write("a.wav", original).rename(folder / "a.wav")
    assert found_in(folder, "a.wav").newly_heard == 1
    found = found_in(folder, "a.wav")
    assert found.newly_heard == 0
    for writer in WRITERS.values():
        assert writer(found)


def test_a_nul_in_a_name_is_a_missing_file(original, write, tmp_path):
    write("a.wav", original)
    (missing,) = of_kind(found_in(tmp_path, "a.wav", "b\0.wav"), "missing")
    assert missing.clips[0].name == "b\0.wav"


def test_a_float_recording_beyond_full_scale_has_its_end(original, write, tmp_path):
    write("a.wav", 40_000 * original, subtype="FLOAT")
    assert hear(tmp_path / "a.wav").warnings
    found = found_in(tmp_path, "a.wav")
    assert of_kind(found, "truncated") == []
    assert of_kind(found, "clipped")


@pytest.mark.parametrize("name", ["a.wav", "a.flac", "a.ogg"])
def test_a_missing_end_is_told_in_every_container(name, original, write, tmp_path):
    path = write(name, np.tile(original, 8))
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 2 // 3])
    (end,) = of_kind(found_in(tmp_path, name), "truncated")
    assert end.severity == "warning"


def test_what_is_no_recording_is_told_by_its_kind(write, original, tmp_path):
    write("fine.wav", original)
    (tmp_path / "page.wav").write_bytes(b"<html>not found</html>" * 20)
    pointer = "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"
    (tmp_path / "pointer.wav").write_text(pointer)
    found = found_in(tmp_path, "fine.wav", "page.wav", "pointer.wav")
    (page,) = of_kind(found, "undecodable")
    assert page.clips[0].name == "page.wav"
    (told,) = of_kind(found, "lfs-pointer")
    assert "git lfs pull" in told.message


def test_lengths_and_links_of_a_corpus_are_looked_at(write, original, tmp_path, write_tone):
    write("emodb/03a01Fa.wav", original)
    write_tone(tmp_path / "emodb/16a01Na.wav", duration_s=20.0)
    (tmp_path / "emodb/03a01Wa.wav").symlink_to("nowhere.wav")
    found = audit(["emodb"], root=tmp_path, workers=1)
    (link,) = of_kind(found, "missing")
    assert link.clips[0].name.endswith("03a01Wa.wav")
    (told,) = of_kind(found, "duration")
    assert told.message.startswith("20.00 s; ")
    assert told.clips[0].name.endswith("16a01Na.wav")
