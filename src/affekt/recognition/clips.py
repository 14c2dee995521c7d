"""One answer for a whole recording, however long it is."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt

from affekt.audio import SAMPLING_RATE_HZ, Signal, Window, sounding_windows
from affekt.errors import AudioError

# Models learn from single utterances of a few seconds. Up to twice the window a recording is
# taken for one of those; in a longer one the emotion may change, and pauses would count.
WHOLE_S = 10.0
WINDOW_S = 5.0

Probabilities = npt.NDArray[np.float64]


def hear(
    blocks: Iterator[Signal],
    probabilities: Callable[[Signal], Probabilities],
    *,
    classes: int,
    name: str,
) -> tuple[Probabilities, tuple[str, ...]]:
    """Return the probabilities `[classes]` of a recording, and what to say about them.

    Music and noise within a long recording would dilute the answer to its speech: windows out of
    the model's domain count where all are, and else not.

    Args:
        blocks: of the recording, each `WHOLE_S` long but the last.
        probabilities: of a signal, taken as it is. Whatever else is said in further numbers is
            averaged alike; the last of these, above 1, says that it is out of the domain.
        classes: how many of the numbers are probabilities.
        name: what to call the recording in a message.

    Raises:
        AudioError: it holds nothing to recognise, or the model has no answer to it.
    """

    def answer(signal: Signal) -> Probabilities:
        try:
            return probabilities(signal)
        except AudioError as error:
            raise AudioError(f"{name}: {error}") from None

    # Blocks are as long as what is taken whole: a second one means windows.
    first = next(blocks)
    second = next(blocks, None)
    if second is None and first.size <= WHOLE_S * SAMPLING_RATE_HZ:
        return answer(first), ()
    head = [first] if second is None else [first, second]
    windows = windows_of(itertools.chain(head, blocks))
    return _mean(windows, answer, classes=classes, name=name)


def windows_of(blocks: Iterable[Signal]) -> Iterator[Window]:
    """Yield the windows with sound that a long recording is heard in."""
    return sounding_windows(blocks, SAMPLING_RATE_HZ, window_s=WINDOW_S, hop_s=WINDOW_S)


def _mean(
    windows: Iterable[Window],
    probabilities: Callable[[Signal], Probabilities],
    *,
    classes: int,
    name: str,
) -> tuple[Probabilities, tuple[str, ...]]:
    """Average windows, each by its length, without keeping any."""
    totals: dict[bool, Probabilities] = {}
    heard_s: dict[bool, float] = {True: 0.0, False: 0.0}
    counts: Counter[bool] = Counter()
    for window in windows:
        length_s = window.end_s - window.start_s
        answer = probabilities(window.signal)
        known = not (answer.size > classes and answer[-1] > 1.0)
        totals[known] = totals.get(known, np.zeros(())) + length_s * answer
        heard_s[known] += length_s
        counts[known] += 1
    if not totals:
        raise AudioError(f"{name}: holds clicks only, no part with sound: check the recording")
    known = True in totals
    count = counts[known]
    said = "1 window" if count == 1 else f"the mean of {count} windows"
    note = (
        f"Longer than {WHOLE_S:.0f} s: the answer is {said} of up to {WINDOW_S:.0f} s "
        "over the parts with sound."
    )
    if known and (others := counts[False]):
        note += (
            " 1 more is not speech to the model, and does not count."
            if others == 1
            else f" {others} more are not speech to the model, and do not count."
        )
    return totals[known] / heard_s[known], (note,)
