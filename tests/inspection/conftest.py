"""A small corpus with everything an inspection should find: clipped, silent, stereo, broken."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from affekt.corpora import CORPORA
from affekt.corpora.scan import Scan, scan_folder
from affekt.inspection import Inspection, inspect_utterances

RATE_HZ = 16_000


def burst(*, before_s: float = 0.0, tone_s: float = 1.0, after_s: float = 0.0, peak: float = 0.5):
    """A tone of 250 Hz between stretches of silence."""
    tone = peak * np.sin(2 * np.pi * 250.0 * np.arange(round(tone_s * RATE_HZ)) / RATE_HZ)
    ends = [np.zeros(round(seconds * RATE_HZ)) for seconds in (before_s, after_s)]
    return np.concatenate([ends[0], tone, ends[1]]).astype(np.float32)


@pytest.fixture(scope="session")
def faulty_root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five clips that follow EmoDB's grammar, and two of SAVEE's; not to be changed."""
    root = tmp_path_factory.mktemp("faulty")
    (root / "emodb").mkdir()
    (root / "savee").mkdir()
    soundfile.write(root / "emodb/03a01Fa.wav", burst(before_s=1.0, after_s=2.0), RATE_HZ)
    soundfile.write(root / "emodb/03a01Wa.wav", np.clip(burst(peak=2.0), -1.0, 1.0), RATE_HZ)
    soundfile.write(root / "emodb/08a01La.wav", np.zeros(RATE_HZ), RATE_HZ)
    stereo = np.stack([burst(tone_s=3.0), np.zeros(3 * RATE_HZ)], axis=1)
    soundfile.write(root / "emodb/08a01Na.wav", stereo, 44_100)
    (root / "emodb/08a02Na.wav").write_text("no sound at all")
    for name in ("DC_a01", "JK_h01"):
        soundfile.write(root / "savee" / f"{name}.wav", burst(tone_s=2.0), RATE_HZ)
    return root


@pytest.fixture(scope="session")
def inspection(faulty_root: Path) -> Inspection:
    """What is found in both corpora."""
    scans: list[Scan] = [
        scan_folder(CORPORA[name], faulty_root / name) for name in ("emodb", "savee")
    ]
    return inspect_utterances([item for found in scans for item in found.utterances])
