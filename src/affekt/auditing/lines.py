"""Partials or levels of many recordings in one array, to be read at any pace and interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from affekt.auditing.fingerprint import (
    MAX_SHIFT_BINS,
    SMEARED,
    Fingerprint,
    FloatArray,
    partials,
)

# Frames that are worked on at a time.
_ROWS = 512


@dataclass(frozen=True, slots=True, eq=False)
class Lines:
    """Partials or levels of all recordings one below the other, a row of zeros first."""

    values: npt.NDArray[np.int8]  # [1 + frames, bands], 100 is the whole range of levels
    starts: npt.NDArray[np.int64]  # row of each recording's first frame
    lengths: npt.NDArray[np.int64]

    @classmethod
    def of(cls, prints: Sequence[Fingerprint], *, of_levels: bool = False) -> Lines:
        """Take the partials of fingerprints, or their levels."""
        lengths = np.array([len(item.levels) for item in prints], np.int64)
        bands = max((item.levels.shape[1] for item in prints), default=0)
        values = np.zeros((1 + int(lengths.sum()), bands), np.int8)
        starts = 1 + np.cumsum(lengths) - lengths
        levels = np.concatenate(
            [item.levels for item in prints if len(item.levels)] or [values[1:]]
        )
        for at in range(0, len(levels), _ROWS):
            part = levels[at : at + _ROWS]
            shown = part / np.float32(255.0) if of_levels else partials(part)
            values[1 + at : 1 + at + len(part)] = np.rint(100.0 * shown)
        return cls(values, starts, lengths)

    def smoothed(self) -> Lines:
        """Return each recording smoothed in time."""
        values = np.zeros_like(self.values)
        first = np.repeat(self.starts, self.lengths)
        last = first + np.repeat(self.lengths, self.lengths) - 1
        for at in range(0, len(first), _ROWS):
            part = slice(at, at + _ROWS)
            rows = np.arange(1 + at, 1 + at + len(first[part]))
            total = np.zeros((len(rows), values.shape[1]), np.float32)
            for move, weight in enumerate(SMEARED, start=-(len(SMEARED) // 2)):
                near = self.values[np.clip(rows + move, first[part], last[part])]
                total += np.float32(weight) * near
            values[rows] = np.rint(total)
        return Lines(values, self.starts, self.lengths)

    def read(
        self,
        owners: npt.NDArray[np.int64] | int,
        frames: npt.NDArray[np.floating],
        shift_bins: int = 0,
    ) -> FloatArray:
        """Read between frames, bands moved; outside a recording nothing stands out.

        Args:
            owners: the recordings, `[n]` or one.
            frames: where to read each, `[n, frames]`.
            shift_bins: bands up.

        Returns:
            `[n, frames, bands - 2 * MAX_SHIFT_BINS]`.
        """
        starts = np.reshape(self.starts[owners], (-1, 1))
        lengths = np.reshape(self.lengths[owners], (-1, 1))
        whole = np.floor(frames).astype(np.int64)
        share = (frames - whole).astype(np.float32)[..., np.newaxis]
        inside = (frames >= 0) & (frames <= lengths - 1)
        row = np.where(inside, starts + whole, 0)
        below = np.where(inside, starts + np.minimum(whole + 1, lengths - 1), 0)
        bands = self._bands(shift_bins)
        here = self.values[row][..., bands].astype(np.float32)
        here += (self.values[below][..., bands] - here) * share
        return np.asarray(here, np.float32)

    def nearest(
        self,
        owners: npt.NDArray[np.int64],
        frames: npt.NDArray[np.floating],
        shift_bins: int = 0,
    ) -> FloatArray:
        """Read the frames that lie nearest; outside a recording nothing stands out."""
        at = np.rint(frames).astype(np.int64)
        inside = (at >= 0) & (at < self.lengths[owners, np.newaxis])
        rows = np.where(inside, self.starts[owners, np.newaxis] + at, 0)
        return self.values[rows][..., self._bands(shift_bins)].astype(np.float32)

    def _bands(self, shift_bins: int) -> slice:
        bands = self.values.shape[1]
        return slice(MAX_SHIFT_BINS + shift_bins, bands - MAX_SHIFT_BINS + shift_bins)

    def save(self, path: Path) -> None:
        """Write the values, which `load` opens without reading them."""
        np.save(path, self.values)

    def load(self, path: Path) -> Lines:
        """Return the same recordings with values that were saved."""
        return Lines(np.asarray(np.load(path, mmap_mode="r")), self.starts, self.lengths)


def correlations(
    one: FloatArray,
    other: FloatArray,
    frames: npt.NDArray[np.integer] | int,
    *,
    by_band: bool = False,
) -> npt.NDArray[np.float64]:
    """Correlate what was read of many pairs.

    Args:
        one: `[pairs, frames, bands]`, zeros beyond a pair's own frames.
        other: likewise.
        frames: how many frames each pair has.
        by_band: tell each band from its mean, not all from theirs.
    """
    pairs, read, bands = one.shape
    a, b = one.reshape(pairs, read * bands), other.reshape(pairs, read * bands)
    sums = [values.sum(axis=1, dtype=np.float64) for values in (one, other)]
    count = np.asarray(frames)
    if not by_band:
        sums = [values.sum(axis=1, keepdims=True) for values in sums]
        count = count * bands

    def covered(x: FloatArray, y: FloatArray, i: int, j: int) -> npt.NDArray[np.float64]:
        return np.asarray(
            np.einsum("ij,ij->i", x, y) - np.einsum("ij,ij->i", sums[i], sums[j]) / count
        )

    energy = covered(a, a, 0, 0) * covered(b, b, 1, 1)
    return covered(a, b, 0, 1) / np.maximum(np.sqrt(np.maximum(energy, 0.0)), 1e-9)


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Correlate all values of two arrays."""
    a, b = one.ravel() - one.mean(), other.ravel() - other.mean()
    return float(a @ b / max(float(np.sqrt((a @ a) * (b @ b))), 1e-9))
