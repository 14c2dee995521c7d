"""Windows over long recordings: cut into pieces that a recogniser takes one by one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np

from affekt.audio.activity import follow_activity
from affekt.audio.signal import Signal

MIN_WINDOW_S = 1.0
# Sound may turn out to have begun this long before the end of the span before (padding, clicks).
_LOOK_BACK_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Window:
    """A piece of a recording.

    Attributes:
        start_s, end_s: where it lies in the recording.
        signal: [samples] float32.
    """

    start_s: float
    end_s: float
    signal: Signal


def window_bounds(
    start: int, end: int, *, window: int, hop: int, minimum: int = 0, limit: int | None = None
) -> list[tuple[int, int]]:
    """Cover a stretch with windows; all numbers are samples.

    Windows begin every `hop`; the last is moved back so that it ends with the stretch and is as
    long as the others. A stretch shorter than a window is one window, and one shorter than the
    minimum is widened, backwards first, as far as the recording goes.

    Args:
        start: beginning of the stretch.
        end: its end, after the beginning.
        window: length of a window, at least 1.
        hop: distance between beginnings, 1 to `window`: nothing lies between two windows.
        minimum: shortest window, at most `window`.
        limit: end of the recording; None is the end of the stretch.

    Returns:
        (start, end) of each window.

    Raises:
        ValueError: a length is out of its range.
    """
    _check_lengths(window, hop, minimum)
    if end - start <= window:
        start = max(0, min(start, end - minimum))
        end = max(end, min(start + minimum, end if limit is None else limit))
        return [(start, end)]
    starts = [*range(start, end - window, hop), end - window]
    return [(first, first + window) for first in starts]


def sounding_windows(
    blocks: Iterable[Signal],
    sampling_rate: int,
    *,
    window_s: float,
    hop_s: float,
    min_s: float = MIN_WINDOW_S,
) -> Iterator[Window]:
    """Yield windows over the parts with sound, while the recording is being read.

    Equal to `window_bounds` over each stretch of `activity`, in flat memory (about half a minute
    of samples) and whatever the length of the blocks. Yields nothing if no part sounds.

    Args:
        blocks: consecutive pieces of the signal, [samples] each.
        sampling_rate: of the pieces, in Hz.
        window_s: length of a window in seconds.
        hop_s: distance between the beginnings of two windows, at most `window_s`.
        min_s: no window is shorter unless the recording is.

    Raises:
        ValueError: a length is out of its range.
    """
    window, hop = round(window_s * sampling_rate), round(hop_s * sampling_rate)
    minimum = min(window, round(min_s * sampling_rate))
    _check_lengths(window, hop, minimum)
    held = _Held(sampling_rate)
    settled: int | None = None  # where the next window of the growing stretch begins

    for progress in follow_activity(blocks, sampling_rate):
        held.append(progress.signal)
        for start, end in progress.ended:
            begin = start if settled is None else settled
            settled = None
            for first, last in window_bounds(
                begin, end, window=window, hop=hop, minimum=minimum, limit=held.end
            ):
                yield held.window(first, last)
        needed = held.end
        if progress.growing is not None:
            start, end = progress.growing
            settled = start if settled is None else settled
            while end - settled > window + hop:
                yield held.window(settled, settled + window)
                settled += hop
            needed = settled
        held.forget_before(needed - minimum - round(_LOOK_BACK_S * sampling_rate))


class _Held:
    """The latest samples of a recording, addressed by their place in the whole."""

    def __init__(self, sampling_rate: int) -> None:
        self._rate = sampling_rate
        self._begin = 0
        self._signal: Signal = np.empty(0, dtype=np.float32)

    @property
    def end(self) -> int:
        return self._begin + self._signal.size

    def append(self, signal: Signal) -> None:
        self._signal = np.concatenate((self._signal, signal))

    def forget_before(self, place: int) -> None:
        place = min(max(place, self._begin), self.end)
        self._signal = self._signal[place - self._begin :].copy()
        self._begin = place

    def window(self, start: int, end: int) -> Window:
        assert self._begin <= start < end <= self.end  # noqa: S101 - our own invariant
        return Window(
            start_s=start / self._rate,
            end_s=end / self._rate,
            signal=self._signal[start - self._begin : end - self._begin].copy(),
        )


def _check_lengths(window: int, hop: int, minimum: int) -> None:
    if not 1 <= hop <= window:
        raise ValueError(f"hop must be 1 to window ({window}) samples, found {hop}")
    if not 0 <= minimum <= window:
        raise ValueError(f"minimum must be 0 to window ({window}) samples, found {minimum}")
