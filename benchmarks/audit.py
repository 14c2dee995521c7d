"""How long an audit takes, the first time and again, with what it finds of what was planted.

The recordings are made here: syllables of partials under moving formants, each clip its own. A few
copies of other clips are planted among them. `taskset -c 0,1` holds the run to two cores.

    taskset -c 0,1 python benchmarks/audit.py --clips 20000
"""

from __future__ import annotations

import argparse
import csv
import os
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
import soundfile

from affekt.auditing import audit

RATE_HZ = 16_000
# Every so many-th clip is a copy of the one before: softer and 1.2 s shorter, as Ogg Opus.
COPY_EVERY = 200


def main() -> None:
    """Make the recordings, audit them twice, print the times."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--clips", type=int, default=2_000)
    options.add_argument("--folder", type=Path, help="Keep the recordings here, for another run.")
    arguments = options.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = arguments.folder or Path(place)
        folder.mkdir(parents=True, exist_ok=True)
        split = make(folder, arguments.clips)
        cores = len(os.sched_getaffinity(0))
        for name in ("first", "again"):
            started = time.perf_counter()
            found = audit(split=split, store=Path(place) / "audit.sqlite", workers=cores)
            seconds = time.perf_counter() - started
            copies = [item for item in found.findings if item.kind == "near-duplicate"]
            print(
                f"{name}: {found.clips} clips, {found.hours:.2f} h, {seconds:.1f} s on {cores} "
                f"cores; {len(copies)} of {arguments.clips // COPY_EVERY} copies found"
            )


def make(folder: Path, clips: int) -> Path:
    """Write the recordings that are not there yet, and the split."""
    names = [f"{number:06d}.opus" for number in range(clips)]
    missing = [n for n, name in enumerate(names) if not (folder / name).exists()]
    with ProcessPoolExecutor() as pool:
        list(pool.map(write, [folder] * len(missing), missing, chunksize=64))
    split = folder / "split.csv"
    with split.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("path", "part", "speaker"))
        writer.writerows((name, ("train", "test")[n % 2], f"s{n}") for n, name in enumerate(names))
    return split


def write(folder: Path, number: int) -> None:
    """Write one recording, or the copy of the one before it."""
    copied = number % COPY_EVERY == COPY_EVERY - 1
    signal = speak(number - 1 if copied else number)
    if copied:
        signal = 0.5 * signal[RATE_HZ // 2 : -RATE_HZ // 2]
    path = folder / f"{number:06d}.opus"
    soundfile.write(path, signal, RATE_HZ, format="OGG", subtype="OPUS")


def speak(seed: int) -> np.ndarray:
    """Say 6 to 14 syllables, with a voice and a melody of their own; 2 to 4 s."""
    rng = np.random.default_rng(seed)
    syllables = int(rng.integers(6, 15))
    bounds = np.concatenate([[0.0], np.cumsum(rng.uniform(0.16, 0.36, syllables))])
    times_s = np.arange(round(bounds[-1] * RATE_HZ)) / RATE_HZ
    knots = np.linspace(0.0, bounds[-1], 2 * syllables)
    pitch_hz = rng.uniform(90, 240) * (
        1 + np.interp(times_s, knots, rng.uniform(-0.2, 0.3, len(knots)))
    )
    middles = (bounds[:-1] + bounds[1:]) / 2
    formants_hz = [
        np.interp(times_s, middles, rng.uniform(low, high, syllables))
        for low, high in ((280, 800), (850, 2300), (2200, 3100))
    ]
    phase = 2 * np.pi * np.cumsum(pitch_hz) / RATE_HZ
    signal = np.zeros(times_s.size)
    for partial in range(1, 24):
        frequency_hz = partial * pitch_hz
        gain = sum(1.0 / (1.0 + ((frequency_hz - f) / 100.0) ** 2) for f in formants_hz)
        signal += gain * np.sin(partial * phase) / partial**0.3
    position = np.interp(times_s, bounds, np.arange(len(bounds))) % 1.0
    signal *= np.sin(np.pi * position) ** 0.7 * np.interp(
        times_s, middles, rng.uniform(0.3, 1, syllables)
    )
    quiet = np.zeros(RATE_HZ // 4)
    signal = np.concatenate([quiet, 0.4 * signal / np.abs(signal).max(), quiet])
    return (signal + 1e-3 * rng.standard_normal(signal.size)).astype(np.float32)


if __name__ == "__main__":
    main()
