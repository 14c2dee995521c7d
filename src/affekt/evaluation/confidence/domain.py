"""Whether a bundle notices what is no speech: its novelty of clips against synthetic sounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from affekt.evaluation.confidence.curves import thinned
from affekt.evaluation.confidence.domain_sounds import KINDS, synthetic_sounds
from affekt.metrics import Roc, roc
from affekt.recognition import Bundle

# Other draws than those that `affekt calibrate` fits the novelty with.
_SEED = 1
_EACH = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """What a bundle's novelty is worth; all the sounds are synthetic.

    Attributes:
        curve: of finding the sounds among the clips.
        flagged: share of the clips that are called out of the domain.
        found: kind to the share of its sounds that are.
        areas: kind to the area under its own curve.
        music: where the music came from.
    """

    curve: Roc
    flagged: float
    found: dict[str, float]
    areas: dict[str, float]
    music: str

    def to_dict(self) -> dict[str, Any]:
        """Return the figures as plain JSON types, and the curve thinned out."""
        return {
            "area": self.curve.area,
            "curve": thinned(false_alarms=self.curve.false_alarms, found=self.curve.found),
            "flagged": self.flagged,
            "found": self.found,
            "areas": self.areas,
            "music": self.music,
        }


def measure_domain(bundle: Bundle, speech: npt.NDArray[np.float64]) -> Domain:
    """Compare the novelty of clips, `[clips]`, with that of synthetic sounds.

    Raises:
        ValueError: the bundle gives no novelty, or there are no clips.
    """
    of_kind: dict[str, list[float]] = {kind: [] for kind in KINDS}
    for sound in synthetic_sounds(_EACH, seed=_SEED):
        novelty = bundle.run(sound.signal[np.newaxis]).novelty
        if novelty is None:
            raise ValueError(f"{bundle.path}: gives no novelty")
        of_kind[sound.kind].append(float(novelty[0, 0]))
    out_of_domain = {kind: np.array(values) for kind, values in of_kind.items()}
    return Domain(
        curve=roc(speech, np.concatenate(list(out_of_domain.values()))),
        flagged=float((speech > 1.0).mean()),
        found={kind: float((values > 1.0).mean()) for kind, values in out_of_domain.items()},
        areas={kind: roc(speech, values).area for kind, values in out_of_domain.items()},
        music="instruments computed by numpy",
    )
