"""Partials or levels of many recordings in one array, to be read at any pace and interval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from affekt.auditing.fingerprint import (
    MAX_SHIFT_BINS,
    Fingerprint,
    FloatArray,
    partials,
    smoothed,
)


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
        for item, start in zip(prints, starts, strict=True):
            if len(item.levels):
                shown = item.levels / np.float32(255.0) if of_levels else partials(item.levels)
                values[start : start + len(item.levels)] = np.rint(100.0 * shown).astype(np.int8)
        return cls(values, starts, lengths)

    def smoothed(self) -> Lines:
        """Return each recording smoothed in time."""
        values = np.zeros_like(self.values)
        for start, length in zip(self.starts, self.lengths, strict=True):
            if length:
                rows = slice(start, start + length)
                values[rows] = np.rint(smoothed(self.values[rows].astype(np.float32)))
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
        """Read the frames of recordings that lie nearest, all of them inside."""
        rows = self.starts[owners, np.newaxis] + np.rint(frames).astype(np.int64)
        return np.asarray(self.values[rows][..., self._bands(shift_bins)], np.float32)

    def _bands(self, shift_bins: int) -> slice:
        bands = self.values.shape[1]
        return slice(MAX_SHIFT_BINS + shift_bins, bands - MAX_SHIFT_BINS + shift_bins)

    def save(self, path: Path) -> None:
        """Write the values, which `load` opens without reading them."""
        np.save(path, self.values)

    def load(self, path: Path) -> Lines:
        """Return the same recordings with values that were saved."""
        return Lines(np.asarray(np.load(path, mmap_mode="r")), self.starts, self.lengths)


def correlations(one: FloatArray, other: FloatArray) -> FloatArray:
    """Correlate rows with rows."""
    a = one - one.mean(axis=1, keepdims=True)
    b = other - other.mean(axis=1, keepdims=True)
    energy = np.einsum("ij,ij->i", a, a) * np.einsum("ij,ij->i", b, b)
    return np.asarray(np.einsum("ij,ij->i", a, b) / np.maximum(np.sqrt(energy), 1e-9))


def correlation(one: FloatArray, other: FloatArray) -> float:
    """Correlate all values of two arrays."""
    a, b = one.ravel() - one.mean(), other.ravel() - other.mean()
    return float(a @ b / max(float(np.sqrt((a @ a) * (b @ b))), 1e-9))
