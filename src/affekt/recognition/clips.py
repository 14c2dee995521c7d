"""One answer for a whole recording, however long it is."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, Signal, Window, sounding_windows
from affekt.errors import AudioError
from affekt.recognition.bundles import Floats, Outputs

# Models learn from single utterances of a few seconds. Up to twice the window a recording is
# taken for one of those; in a longer one the emotion may change, and pauses would count.
WHOLE_S = 10.0
WINDOW_S = 5.0

Predict = Callable[[Signal], Outputs]
"""Takes a mono signal at 16 kHz; the first row is the answer to it."""


def predict_blocks(
    blocks: Iterator[Signal],
    predict: Predict,
    *,
    name: str,
) -> tuple[Outputs, tuple[str, ...]]:
    """Return the answer of a model to a recording, and warnings about it.

    Of a long recording, the outputs of its windows are averaged; it has no relevance then.

    Music and noise within a long recording would dilute the answer to its speech: windows out of
    the model's domain count where all are, and else not.

    Args:
        blocks: of the recording, each `WHOLE_S` long but the last.
        predict: answers a signal, taken as it is.
        name: what to call the recording in a message.

    Raises:
        AudioError: it holds nothing to recognise, or the model has no answer to it.
    """

    def answer(signal: Signal) -> Outputs:
        try:
            return predict(signal).each(_double)
        except AudioError as error:
            raise AudioError(f"{name}: {error}") from None

    # Blocks are as long as what is taken whole: a second one means windows.
    first = next(blocks)
    second = next(blocks, None)
    if second is None and first.size <= WHOLE_S * SAMPLING_RATE_HZ:
        return answer(first), ()
    head = [first] if second is None else [first, second]
    windows = windows_of(itertools.chain(head, blocks))
    return _mean(windows, answer, name=name)


def windows_of(blocks: Iterable[Signal]) -> Iterator[Window]:
    """Yield the windows with sound that a long recording is cut into."""
    return sounding_windows(blocks, SAMPLING_RATE_HZ, window_s=WINDOW_S, hop_s=WINDOW_S)


def _mean(
    windows: Iterable[Window], answer: Predict, *, name: str
) -> tuple[Outputs, tuple[str, ...]]:
    """Average windows, each by its length, without keeping any."""
    totals: dict[bool, Outputs] = {}
    lengths_s: dict[bool, float] = {True: 0.0, False: 0.0}
    counts: Counter[bool] = Counter()
    for window in windows:
        length_s = window.end_s - window.start_s
        outputs = answer(window.signal)._replace(relevance=None)
        in_domain = not outputs.out_of_domain
        weighted = outputs.each(partial(np.multiply, length_s))
        totals[in_domain] = (
            totals[in_domain].each(np.add, weighted) if in_domain in totals else weighted
        )
        lengths_s[in_domain] += length_s
        counts[in_domain] += 1
    if not totals:
        raise AudioError(f"{name}: holds clicks only, no part with sound: check the recording")
    in_domain = True in totals
    count = counts[in_domain]
    said = "1 window" if count == 1 else f"the mean of {count} windows"
    note = (
        f"Longer than {WHOLE_S:.0f} s: the answer is {said} of up to {WINDOW_S:.0f} s "
        "over the parts with sound."
    )
    if in_domain and (others := counts[False]):
        note += (
            " 1 more is not speech to the model, and does not count."
            if others == 1
            else f" {others} more are not speech to the model, and do not count."
        )
    return totals[in_domain].each(lambda values: values / lengths_s[in_domain]), (note,)


def _double(values: Floats) -> Floats:
    return values.astype(np.float64)
