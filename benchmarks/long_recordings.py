"""How long a long call takes, how much memory, and how soon a live answer comes.

    python benchmarks/long_recordings.py                 one hour, three hours, live
    python benchmarks/long_recordings.py --hours 1       one of them

The calls are stereo MP3 files made of the synthetic speech in examples/, both channels analysed;
the commands run as a user would type them, and memory is the peak of the whole process.
"""

from __future__ import annotations

import argparse
import itertools
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import soundfile

from affekt.audio import decode

EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
RATE_HZ = 16_000
PAUSE_S = 1.5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--hours", type=float, nargs="*", default=[1.0, 3.0])
    parser.add_argument("--live-s", type=float, default=15.0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for hours in options.hours:
            path = Path(folder) / "call.mp3"
            write_call(path, hours * 3600.0)
            seconds, peak_mb = timeline(path)
            print(f"{hours:g} h stereo MP3, both channels: {seconds:.1f} s, {peak_mb:.0f} MB")
            path.unlink()
    if options.live_s:
        worst_ms = live(options.live_s)
        print(
            f"live, {options.live_s:g} s: an answer at most {worst_ms:.0f} ms after its last sample"
        )


def write_call(path: Path, duration_s: float) -> None:
    """Write a call in which two voices take turns."""
    voices = [decode(file).signal for file in sorted(EXAMPLES.glob("*.wav"))]
    pause = np.zeros(round(PAUSE_S * RATE_HZ), dtype=np.float32)
    written = 0
    with soundfile.SoundFile(path, "w", RATE_HZ, 2, format="MP3") as file:
        for turn in itertools.count():
            said = np.concatenate([voices[turn % len(voices)], pause])
            silent = np.zeros_like(said)
            pair = (said, silent) if turn % 2 else (silent, said)
            file.write(np.stack(pair, axis=1))
            written += said.size
            if written >= duration_s * RATE_HZ:
                return


def timeline(path: Path) -> tuple[float, float]:
    """Return seconds and megabytes of `affekt timeline` with both channels analysed."""
    script = (
        "import resource, sys; from affekt.cli import main\n"
        "try: main(sys.argv[1:])\n"
        "finally: print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, file=sys.stderr)"
    )
    out = path.with_suffix(".json")
    command = [sys.executable, "-c", script, "timeline", str(path), "--channels", "caller,client"]
    command += ["--analyse", "caller,client", "--format", "json", "--out", str(out), "--quiet"]
    began_s = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603
    seconds = time.monotonic() - began_s
    if done.returncode:
        raise SystemExit(done.stderr)
    tracks = json.loads(out.read_text(encoding="utf-8"))["tracks"]
    assert all(track["analysed"] and track["segments"] for track in tracks)  # noqa: S101
    return seconds, int(done.stderr.split()[-1]) / 1024.0


def live(duration_s: float) -> float:
    """Return the longest wait for an answer, in milliseconds, fed at the speed of speech."""
    voices = [decode(file).signal for file in sorted(EXAMPLES.glob("*.wav"))]
    signal = np.resize(np.concatenate(voices), round(duration_s * RATE_HZ)).astype("<f4")
    command = [sys.executable, "-m", "affekt", "listen", "--stdin", "--sample-format", "f32le"]
    with subprocess.Popen(  # noqa: S603
        [*command, "--format", "jsonl"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101, PT018
        process.stdin.write(signal[:RATE_HZ].tobytes())
        process.stdin.flush()
        process.stdout.readline()  # the first answer waits for the program to start
        worst_s = 0.0
        began_s = time.monotonic()
        for second in range(1, int(duration_s)):
            for piece in range(10):
                start = second * RATE_HZ + piece * RATE_HZ // 10
                due_s = began_s + (start - RATE_HZ + RATE_HZ // 10) / RATE_HZ
                time.sleep(max(0.0, due_s - time.monotonic()))
                process.stdin.write(signal[start : start + RATE_HZ // 10].tobytes())
                process.stdin.flush()
            sent_s = time.monotonic()
            process.stdout.readline()
            worst_s = max(worst_s, time.monotonic() - sent_s)
        process.stdin.close()
    return 1000.0 * worst_s


if __name__ == "__main__":
    main()
