"""The real answer to one recording of CREMA-D, for the README.

The recording is chosen by a rule, not by the answer: the first of the first lockbox speaker.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from affekt.corpora import load_corpus
from affekt.protocols import lockbox_speakers
from affekt.recognition import shipped_bundles

_CORPUS = "cremad"


def example() -> str | None:
    """Return the command, its answer, and what the actor was asked for; None without recordings."""
    root = os.environ.get("AFFEKT_CORPORA")
    if not root or not (Path(root) / _CORPUS).is_dir() or "default" not in shipped_bundles():
        return None
    speaker = min(speaker for corpus, speaker in lockbox_speakers() if corpus == _CORPUS)
    clip = next(item for item in load_corpus(_CORPUS, Path(root)) if item.speaker == speaker)
    place = clip.path.relative_to(root).as_posix()
    done = subprocess.run(  # noqa: S603  our own command
        [sys.executable, "-m", "affekt", "predict", place],
        cwd=root,
        env=os.environ | {"PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    answer = "\n".join(line.rstrip() for line in done.stdout.splitlines())
    return (
        f"```text\n$ affekt predict {place}\n{answer}\n```\n\n"
        f"Actor {speaker} of CREMA-D, whom no training run of a shipped model ever heard, was "
        f"asked to sound **{clip.emotion}** here. The recording was chosen by a rule and not by "
        "its answer: it is the first one of the first speaker in the lockbox."
    )
