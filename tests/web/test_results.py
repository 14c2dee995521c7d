"""What the page says of a recording over time."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile

from affekt.recognition import Recognizer

pytest.importorskip("streamlit", reason="the extra web is not installed")
from affekt.web.results import _segment_table


def test_speech_too_short_to_judge_is_uncertain_and_an_agent_s_is_speech(tone_bundle) -> None:
    times_s = np.arange(16_000 * 4) / 16_000
    # It swells twice a second over faint noise: levels that never change are no speech.
    swell = 0.02 + 0.98 * np.cos(2 * np.pi * times_s) ** 4
    tone = 0.3 * swell * np.sin(2 * np.pi * 400 * times_s)
    short = np.where((times_s > 1.9) & (times_s < 2.1), tone, 0.0)
    noise = 1e-3 * np.random.default_rng(0).standard_normal((times_s.size, 2))
    call = _wav(np.stack([tone, short], axis=1) + noise)
    timeline = Recognizer.load(tone_bundle).timeline(call, channels=["agent", "customer"])
    rows = [row.strip("| ").split(" | ") for row in _segment_table(timeline).splitlines()[2:]]
    assert {(row[0], row[3].rstrip("| ")) for row in rows} == {
        ("agent", "speech"),
        ("customer", "silence"),
        ("customer", "uncertain"),
    }


def _wav(signal: np.ndarray) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, signal, 16_000, format="WAV")
    return file.getvalue()
