"""Measure what recognising costs: a clip, a process, an hour, an import.

Prints one line a figure. Run it on an idle machine: `python benchmarks/recognition.py`.
The sound is made here (tones under noise), because speed does not depend on what is said.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from affekt import Recognizer

RATE_HZ = 16000
CLIP_S = 3.0
LONG_S = 3600.0

# A child reports its own peak at its end, whatever `affekt predict` exits with.
PREDICT_AND_REPORT_PEAK = """
import resource, sys
from affekt.cli import main
try:
    main(sys.argv[1:])
finally:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def main() -> None:
    """Measure and print."""
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        clip, hour = Path(folder) / "clip.wav", Path(folder) / "hour.wav"
        soundfile.write(clip, _sound(CLIP_S, rng), RATE_HZ)
        with soundfile.SoundFile(hour, "w", RATE_HZ, 1) as file:
            for _ in range(int(LONG_S / 60.0)):
                file.write(_sound(60.0, rng))
        recognizer = Recognizer.load(threads=1)
        signal, rate = soundfile.read(clip, dtype="float32")
        batch = signal[np.newaxis]
        _print("graph alone, 3 s, 1 thread, ms", _times(lambda: recognizer.bundle.run(batch)))
        _print("3 s array, ms", _times(lambda: recognizer(signal, rate)))
        _print("3 s WAV file, decode included, ms", _times(lambda: recognizer.predict(clip)))
        _print("import affekt, recognizer class, whole process, ms", _import_times())
        _print("affekt predict clip.wav, whole process, ms", _process_times(clip))
        started = time.perf_counter()
        peak_mb = _peak_mb(hour)
        print(f"one hour, whole process: {time.perf_counter() - started:.1f} s, {peak_mb:.0f} MB")


def _sound(duration_s: float, rng: np.random.Generator) -> np.ndarray:
    time_s = np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    tone = np.sin(2.0 * np.pi * (150.0 * time_s + 5.0 * np.sin(2.0 * np.pi * 0.7 * time_s)))
    loudness = 0.1 * (1.0 + np.sin(2.0 * np.pi * 3.0 * time_s))
    return (loudness * tone + 0.003 * rng.standard_normal(time_s.size)).astype(np.float32)


def _times(call: Callable[[], object], *, runs: int = 200, warm_up: int = 20) -> list[float]:
    for _ in range(warm_up):
        call()
    times_ms = []
    for _ in range(runs):
        started = time.perf_counter()
        call()
        times_ms.append(1e3 * (time.perf_counter() - started))
    return times_ms


def _process_times(clip: Path) -> list[float]:
    command = [sys.executable, "-m", "affekt", "predict", str(clip), "--format", "json"]
    return _times(lambda: _run(command), runs=10, warm_up=2)


def _import_times() -> list[float]:
    command = [sys.executable, "-c", "from affekt import Recognizer"]
    return _times(lambda: _run(command), runs=10, warm_up=2)


def _peak_mb(recording: Path) -> float:
    words = [sys.executable, "-c", PREDICT_AND_REPORT_PEAK, "predict", str(recording), "--quiet"]
    return float(_run(words).splitlines()[-1])


def _run(command: list[str]) -> str:
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout  # noqa: S603


def _print(name: str, times_ms: list[float]) -> None:
    print(f"{name}: median {statistics.median(times_ms):.2f}, fastest {min(times_ms):.2f}")


if __name__ == "__main__":
    main()
