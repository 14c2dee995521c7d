"""Recognising leaves no trace outside, and reports to nobody."""

from __future__ import annotations

import os
import subprocess
import sys


def test_predicting_writes_nothing_into_the_users_home_or_the_temporary_folder(
    tmp_path, tone_bundle, write_tone
):
    clip = write_tone(tmp_path / "clip.wav", duration_s=1.0)
    home, temporary = tmp_path / "home", tmp_path / "temporary"
    home.mkdir()
    temporary.mkdir()
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("ORT_", "XDG_"))}
    subprocess.run(
        [sys.executable, "-m", "affekt", "predict", str(clip), "--model", str(tone_bundle)],
        env={**kept, "HOME": str(home), "TMPDIR": str(temporary)},
        check=True,
        capture_output=True,
    )
    assert list(home.rglob("*")) == []
    assert list(temporary.rglob("*")) == []
