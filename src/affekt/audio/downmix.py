"""From the channels of a recording to one signal, without losing what one of them holds."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from affekt.audio.signal import Signal, joined

# A recording is judged by its beginning before a sample is given out, and by each second after.
_LOOK_AHEAD_S = 10
# What is held meanwhile, in samples of all channels (4 MiB).
_MOST_HELD = 1 << 20
# A channel that lies so far below the loudest adds nothing to the mean but its share in the count.
_QUIET_DB = 20.0
# Two channels with this correlation or a lower one hold the same sound turned over: their mean
# has 5 dB less than either.
_OPPOSITE = -0.3
# Microphone arrays are not compared pair by pair.
_MOST_COMPARED = 8
_FADE_S = 0.02


@dataclass(frozen=True, slots=True)
class _Plan:
    """How channels are added: `signs` is +1 or -1 for each, `count` the number that counts."""

    signs: tuple[int, ...]
    count: int

    def mix(self, frames: Signal) -> Signal:
        if len(self.signs) > _MOST_COMPARED:
            mixed: Signal = frames @ np.array(self.signs, dtype=np.float32)
            return mixed / np.float32(self.count)
        # Column by column: ten times faster than a product, which reduces along a tiny axis.
        total = frames[:, 0] * np.float32(self.signs[0])
        for column, sign in enumerate(self.signs[1:], start=1):
            if sign > 0:
                total += frames[:, column]
            else:
                total -= frames[:, column]
        total /= self.count
        return total


class Downmix:
    """Takes the mean of the channels that hold sound, or one channel.

    A channel that is silent beside the others does not count, so that a microphone on one channel
    of six is as loud as on a channel of its own. A channel that is another one turned over (a
    wrongly wired cable) is turned back, so that the two do not cancel each other. Levels and
    phases are compared between about 300 Hz and 3.7 kHz, where neither an offset nor mains hum
    counts. What was found so far decides, second by second; nothing of any channel is dropped.

    Args:
        sampling_rate_hz: of the frames.
        channels: how many there are.
        channel: 0-based, to take it alone; None is the mean.
        live: give out every sample at once; otherwise the beginning is held until it is judged.
    """

    def __init__(
        self, sampling_rate_hz: int, channels: int, *, channel: int | None, live: bool = False
    ) -> None:
        self._channel = 0 if channels == 1 else channel
        self._plan = self._former = _Plan(signs=(1,) * channels, count=channels)
        self._span = max(1, min(sampling_rate_hz, _MOST_HELD // channels))
        most = _MOST_HELD // (channels * self._span)
        self._ahead = 0 if live else max(1, min(_LOOK_AHEAD_S, most))
        self._live = live
        self._lag = max(1, round(sampling_rate_hz / 4000))
        self._fade = max(1, round(_FADE_S * sampling_rate_hz))
        self._spans = 0
        self._filled = 0
        self._pieces: list[Signal] = []
        self._waiting: list[tuple[int, Signal]] = []
        self._energy: npt.NDArray[np.float64] = np.zeros(channels)
        compared = channels if channels <= _MOST_COMPARED else 0
        self._products: npt.NDArray[np.float64] = np.zeros((compared, compared))

    def push(self, frames: Signal) -> list[Signal]:
        """Take the next `[samples, channels]` in, and return the mono pieces that are ready."""
        if self._channel is not None:
            return [np.ascontiguousarray(frames[:, self._channel])]
        ready: list[Signal] = []
        while len(frames):
            piece = frames[: self._span - self._filled]
            frames = frames[len(piece) :]
            self._pieces.append(piece)
            self._waiting.append((self._filled, piece))
            self._filled += len(piece)
            if self._live:
                ready += self._give_out()
            if self._filled == self._span:
                self._judge()
                if self._spans >= self._ahead:
                    ready += self._give_out()
        return ready

    def finish(self) -> list[Signal]:
        """Return what is still held."""
        if self._filled:
            self._judge()
        return self._give_out()

    def warnings(self) -> list[str]:
        """Say what was found about the channels so far, in plain sentences."""
        if self._channel is not None or self._spans == 0:
            return []
        found = []
        if quiet := np.flatnonzero(~self._sounding()).tolist():
            found.append(
                f"{_named(quiet)} next to nothing beside the loudest: not counted in the mean."
            )
        if turned := [number for number, sign in enumerate(self._plan.signs) if sign < 0]:
            found.append(
                f"{_named(turned)} the opposite phase of the others (wrongly wired?): turned over "
                "before the mean was taken."
            )
        return found

    def _give_out(self) -> list[Signal]:
        ready = [self._mixed(piece, place) for place, piece in self._waiting]
        self._waiting = []
        return ready

    def _mixed(self, piece: Signal, place: int) -> Signal:
        mono = self._plan.mix(piece)
        if self._former is not self._plan and place < self._fade:
            share = np.minimum(1.0, np.arange(place, place + len(piece)) / self._fade)
            mono = (share * mono + (1.0 - share) * self._former.mix(piece)).astype(np.float32)
        return mono

    def _judge(self) -> None:
        """Take a span into account, and decide anew."""
        span = self._pieces[0] if len(self._pieces) == 1 else np.concatenate(self._pieces)
        self._pieces, self._filled = [], 0
        band = span[self._lag :] - span[: -self._lag]
        if self._products.size:
            self._products += band.T @ band
            self._energy = np.diagonal(self._products)
        else:
            self._energy += np.einsum("ij,ij->j", band, band)
        # Where nothing was given out yet, there is nothing to fade from.
        first = not self._live and self._spans < self._ahead
        self._spans += 1
        decided = self._decided()
        self._former = decided if first else self._plan
        self._plan = self._former if self._former == decided else decided

    def _decided(self) -> _Plan:
        sounding = self._sounding()
        signs = np.ones(sounding.size, dtype=np.int64)
        if self._products.size and self._energy.max() > 0.0:
            loudest = int(self._energy.argmax())
            scale = np.sqrt(self._energy * self._energy[loudest]) + np.finfo(np.float64).tiny
            turned = sounding & (self._products[loudest] / scale <= _OPPOSITE)
            if turned[int(sounding.argmax())]:  # the first one is never the one that is turned
                turned = sounding & ~turned
            signs[turned] = -1
        return _Plan(signs=tuple(signs.tolist()), count=int(sounding.sum()))

    def _sounding(self) -> npt.NDArray[np.bool_]:
        """Say which channels count: all as long as there is no sound at all."""
        least = float(self._energy.max()) * 10 ** (-_QUIET_DB / 10)
        sounding: npt.NDArray[np.bool_] = self._energy >= least
        return sounding


def to_mono(frames: Signal, sampling_rate_hz: int, channel: int | None = None) -> Signal:
    """Return one channel, or the mean of those that hold sound (see `Downmix`).

    Args:
        frames: [samples, channels].
        sampling_rate_hz: of the frames.
        channel: 0-based; None is the mean.

    Returns:
        [samples], contiguous.
    """
    mix = Downmix(sampling_rate_hz, frames.shape[1], channel=channel)
    return joined([*mix.push(frames), *mix.finish()])


def _named(channels: list[int]) -> str:
    if len(channels) == 1:
        return f"Channel {channels[0]} has"
    numbers = [str(number) for number in channels]
    return f"Channels {', '.join(numbers[:-1])} and {numbers[-1]} have"
