"""The picture of a clip: waveform, spectrogram, mel filterbank, mel spectrogram, MFCC."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, Signal
from affekt.features import FloatArray, mel_frequencies, mfcc, power_to_db
from affekt.inspection.side import N_MELS, N_MFCC, Side
from affekt.inspection.sound import TOP_DB, Recording, measure
from affekt.report import BLUE, ORANGE, new_figure
from affekt.text import printable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.image import AxesImage

    from affekt.inspection.clip import ClipView

_NYQUIST_HZ = SAMPLING_RATE_HZ / 2
_RANGE_DB = 80.0
# So low that what is silent (below -80 dBFS) stays dark.
_LEAST_REFERENCE = 1e-2
_ENVELOPE_COLUMNS = 1500
_TICKS_HZ = (250, 500, 1000, 2000, 4000)
# Of power itself, the loudest is so far above the rest that it would leave that no colour.
_COLOURED = 0.98
_LEAST_COLOURED = 0.01


def draw_clip(view: ClipView) -> Figure:
    """Draw a clip before (left) and after trimming (right); both share every scale but time."""
    sides = (view.before, view.after)
    with new_figure(11.0, 12.8) as figure:
        silent = ", silent" if view.sound.silent else ""
        figure.suptitle(
            f"{printable(view.path.name)}, mono at {SAMPLING_RATE_HZ // 1000} kHz{silent}"
        )
        grid = figure.subplots(5, 2, height_ratios=(1.0, 1.25, 1.25, 1.25, 1.25))
        rows = [list(row) for row in grid]
        _waveforms(rows[0], view)
        _spectrograms(figure, rows[1], sides)
        _filterbanks(figure, rows[2], sides)
        _mels(figure, rows[3], sides)
        _cepstra(figure, rows[4], sides)
    return figure


def _waveforms(axes: list[Axes], view: ClipView) -> None:
    before, after = view.before, view.after
    # What is cut off at 16 kHz, where trimming happens, may differ by a frame from the file's own.
    sound = measure(
        Recording(frames=before.signal[:, np.newaxis], sampling_rate_hz=SAMPLING_RATE_HZ)
    )
    shaded = " (shaded: what is cut off)" if after.signal.size < before.signal.size else ""
    limit = 1.05 * max(float(np.abs(before.signal).max()), 1e-4)
    axes[0].set_title(f"before trimming: {before.duration_s:.2f} s{shaded}")
    axes[1].set_title(f"after trimming at {TOP_DB:.0f} dB: {after.duration_s:.2f} s")
    for one, side in zip(axes, (before, after), strict=True):
        times_s, low, high = _envelope(side.signal)
        one.fill_between(times_s, low, high, color=BLUE, linewidth=0.6, edgecolor=BLUE)
        one.set_ylim(-limit, limit)
        one.set_ylabel("amplitude (full scale 1)")
        _time_axis(one, side)
    if shaded:
        end_s = before.duration_s
        for start_s, stop_s in ((0.0, sound.leading_s), (end_s - sound.trailing_s, end_s)):
            axes[0].axvspan(start_s, stop_s, color=ORANGE, alpha=0.25, linewidth=0)


def _spectrograms(figure: Figure, axes: list[Axes], sides: tuple[Side, Side]) -> None:
    for one, (side, decibels) in zip(
        axes, _decibels(sides, lambda side: side.stft.power), strict=True
    ):
        image = _image(one, side, decibels, top=_NYQUIST_HZ / 1000.0)
        one.set_title("spectrogram")
        one.set_ylabel("frequency, kHz")
    _color_bar(figure, image, axes, "dB, the loudest at 0")


def _filterbanks(figure: Figure, axes: list[Axes], sides: tuple[Side, Side]) -> None:
    power = [side.stft.mel(N_MELS) for side in sides]
    least = _LEAST_COLOURED * max(float(power[0].max()), _LEAST_REFERENCE)
    limit = max(float(np.quantile(power[1], _COLOURED)), least)
    for one, side, found in zip(axes, sides, power, strict=True):
        image = _image(one, side, found, top=N_MELS, limits=(0.0, limit))
        one.set_title(f"mel filterbank output, {N_MELS} filters")
        _mel_axis(one)
    _color_bar(figure, image, axes, "power, linear", extend="max")


def _mels(figure: Figure, axes: list[Axes], sides: tuple[Side, Side]) -> None:
    for one, (side, decibels) in zip(
        axes, _decibels(sides, lambda side: side.stft.mel(N_MELS)), strict=True
    ):
        image = _image(one, side, decibels, top=N_MELS)
        one.set_title(f"mel spectrogram, {N_MELS} bands")
        _mel_axis(one)
    _color_bar(figure, image, axes, "dB, the loudest at 0")


def _cepstra(figure: Figure, axes: list[Axes], sides: tuple[Side, Side]) -> None:
    # The zeroth is the overall level, and the first the tilt of the spectrum: of their size, they
    # would leave the others no colour.
    values = [mfcc(side.stft, N_MFCC, n_mels=N_MELS)[:, 1:] for side in sides]
    limit = max(float(np.quantile(np.abs(values[0][:, 1:]), 0.995)), 1.0)
    for one, side, found in zip(axes, sides, values, strict=True):
        image = _image(one, side, found, top=N_MFCC - 0.5, bottom=0.5, limits=(-limit, limit))
        one.set_title(f"MFCC 1 to {N_MFCC - 1} (0, the overall level, is left out)")
        one.set_yticks(range(1, N_MFCC, 3))
        one.set_ylabel("coefficient")
    _color_bar(figure, image, axes, "value", extend="both")


def _mel_axis(axes: Axes) -> None:
    centres_hz = mel_frequencies(N_MELS, 0.0, _NYQUIST_HZ)
    axes.set_yticks(
        np.interp(_TICKS_HZ, centres_hz, np.arange(N_MELS) + 0.5),
        [f"{hz / 1000:g}" for hz in _TICKS_HZ],
    )
    axes.set_ylabel("frequency, kHz (mel)")


def _decibels(
    sides: tuple[Side, Side], power: Callable[[Side], FloatArray]
) -> list[tuple[Side, FloatArray]]:
    reference = max(float(power(sides[0]).max()), _LEAST_REFERENCE)
    return [(side, power_to_db(power(side), ref=reference, range_db=_RANGE_DB)) for side in sides]


def _image(
    axes: Axes,
    side: Side,
    values: FloatArray,
    *,
    top: float,
    bottom: float = 0.0,
    limits: tuple[float, float] = (-_RANGE_DB, 0.0),
) -> AxesImage:
    # A frame is centred on a multiple of the hop.
    hop_s = side.stft.hop_length / SAMPLING_RATE_HZ
    image = axes.imshow(
        values.T,
        origin="lower",
        aspect="auto",
        interpolation="nearest",
        cmap="RdBu_r" if limits[0] == -limits[1] else "magma",
        vmin=limits[0],
        vmax=limits[1],
        extent=(-hop_s / 2, (len(values) - 0.5) * hop_s, bottom, top),
    )
    _time_axis(axes, side)
    return image


def _color_bar(
    figure: Figure,
    image: AxesImage,
    axes: list[Axes],
    label: str,
    *,
    extend: Literal["neither", "max", "both"] = "neither",
) -> None:
    bar = figure.colorbar(image, ax=axes, pad=0.01, fraction=0.03, aspect=18, extend=extend)
    bar.set_label(label)
    bar.ax.ticklabel_format(axis="y", scilimits=(-2, 4))
    bar.outline.set_visible(False)


def _time_axis(axes: Axes, side: Side) -> None:
    axes.set_xlim(0.0, side.duration_s)
    axes.set_xlabel("time, s")


def _envelope(signal: Signal) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return times, lowest and highest samples of as many stretches as a picture has columns."""
    length = max(1, signal.size // _ENVELOPE_COLUMNS)
    starts = np.arange(0, signal.size, length)
    low = np.minimum.reduceat(signal, starts)
    high = np.maximum.reduceat(signal, starts)
    return (starts / SAMPLING_RATE_HZ).astype(np.float32), low, high
