"""Drive thousands of damaged recordings through every entrance, and count what must not happen.

Makes a second of sound in nine containers, and damages each: cut within the first 200 bytes, bits
flipped, sizes set to wrong values (in headers and in the index of an MP4), absurd samples, and far
more samples, tracks and channels than a file of this size holds. Every file then goes through
`Recognizer.predict`, `Recognizer.timeline`, `affekt predict` in batches, and a service that
listens here. What counts as a fault: an answer that is no number, a file without an answer or an
error, an error of another kind than Affekt's, more than 10 s, more than 512 MB.

`python benchmarks/damaged_files.py` (a quarter of an hour; `--quick` takes every twentieth file).
`--also DIR` takes the files of a folder as well. It needs the extras `media` and `service`.
"""

from __future__ import annotations

import argparse
import io
import json
import math
import multiprocessing
import os
import struct
import subprocess
import sys
import tempfile
import threading
import traceback
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import numpy as np
import soundfile

RATE_HZ = 16_000
TRUNCATIONS = 200
LIMIT_S = 10.0
LIMIT_MB = 512.0
SIZES = (0, 1, 2**31 - 1, 2**32 - 1)
COUNTS = (500_000, 8_000_000, 85_000_000, 2**31 - 1)
LITTLE_ENDIAN = ("wav", "ogg", "opus")
CHANNELS = (8, 64, 255, 1024)
ABSURD = (float("nan"), float("inf"), 2e19, -3.4e38, 1e-45)
SOUNDFILE_KINDS = {
    "wav": ("WAV", "PCM_16"),
    "flac": ("FLAC", "PCM_16"),
    "ogg": ("OGG", "VORBIS"),
    "opus": ("OGG", "OPUS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "aiff": ("AIFF", "PCM_16"),
    "caf": ("CAF", "PCM_16"),
}
MEDIA_KINDS = {"m4a": ("ipod", "aac", 16_000), "webm": ("webm", "libopus", 48_000)}


@dataclass
class Found:
    """What one entrance did with all files."""

    files: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    most_mb: float = 0.0

    def note(self, name: str, outcome: str) -> None:
        """Count an outcome; all but an answer and a typed error are faults."""
        self.files += 1
        self.outcomes[outcome.partition(":")[0]] += 1
        if not outcome.startswith(("answer", "error")):
            self.faults[name] = outcome

    def note_memory(self, name: str, memory_mb: float) -> None:
        """Note the most memory of a process."""
        self.most_mb = max(self.most_mb, memory_mb)
        if memory_mb > LIMIT_MB:
            self.faults[f"{name} (memory)"] = f"{memory_mb:.0f} MB"


def sound() -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return a second of a tone that swells, in faint noise."""
    time_s = np.arange(RATE_HZ) / RATE_HZ
    noise = np.random.default_rng(0).standard_normal(RATE_HZ)
    tone = 0.4 * np.sin(2 * np.pi * 220 * time_s) * np.sin(np.pi * time_s)
    return (tone + 0.01 * noise).astype(np.float32)


def originals() -> dict[str, bytes]:
    """Return the sound in every container, by the ending of its files."""
    made = {}
    for ending, (kind, subtype) in SOUNDFILE_KINDS.items():
        file = io.BytesIO()
        soundfile.write(file, sound(), RATE_HZ, format=kind, subtype=subtype)
        made[ending] = file.getvalue()
    for ending, settings in MEDIA_KINDS.items():
        made[ending] = _encoded(*settings)
    return made


def _encoded(container: str, codec: str, rate_hz: int) -> bytes:
    import av

    file = io.BytesIO()
    with av.open(file, "w", format=container) as output:
        stream: Any = output.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        samples = (sound() * 32767).astype(np.int16)[np.newaxis]
        frame: Any = av.AudioFrame.from_ndarray(samples, format="s16", layout="mono")
        frame.sample_rate, frame.pts = RATE_HZ, 0
        converter = av.AudioResampler(stream.codec_context.format, "mono", rate_hz)
        queue = av.AudioFifo()
        for part in converter.resample(frame) + converter.resample(None):
            queue.write(part)
        size = stream.codec_context.frame_size or 1024
        while part := queue.read(size) or queue.read(0, partial=True):
            output.mux(stream.encode(part))
        output.mux(stream.encode(None))
    return file.getvalue()


def damaged() -> Iterator[tuple[str, bytes]]:
    """Yield names and contents; the same on every run."""
    rng = np.random.default_rng(1)
    for ending, whole in originals().items():
        for size in range(TRUNCATIONS):
            yield f"{ending}-cut-{size:03d}.{ending}", whole[:size]
        for number in range(96):
            content = bytearray(whole)
            within = 512 if number < 64 else len(content)
            for _ in range(1 if number < 32 else 64):
                content[rng.integers(min(within, len(content)))] ^= 1 << rng.integers(8)
            yield f"{ending}-bits-{number:02d}.{ending}", bytes(content)
        orders = (">", "<") if ending in LITTLE_ENDIAN else (">",)
        for place in [*range(0, 128, 4), *_index_places(whole)]:
            for value in SIZES:
                for order in orders:
                    name = f"{ending}-size{order}{place:03d}-{value}.{ending}"
                    yield name, _with(whole, place, value, order=order)
    for number, value in enumerate(ABSURD):
        for share in (1 / RATE_HZ, 0.01, 1.0):
            samples = sound()
            samples[: max(1, round(share * samples.size))] = value
            file = io.BytesIO()
            soundfile.write(file, samples, RATE_HZ, format="WAV", subtype="FLOAT")
            yield f"absurd-{number}-{share:.4f}.wav", file.getvalue()
    yield from _too_many()


def _index_places(whole: bytes) -> Iterator[int]:
    """Yield the places of the numbers in the index of an MP4; of other files none."""
    start = whole.rfind(b"moov")
    if start >= 0:
        yield from range(start - 4, len(whole) - 3, 4)


def _with(whole: bytes, place: int, *values: int, order: str = ">") -> bytes:
    """Set consecutive 32-bit numbers."""
    content = struct.pack(f"{order}{len(values)}I", *values)
    return whole[:place] + content + whole[place + len(content) :]


def _too_many() -> Iterator[tuple[str, bytes]]:
    whole = _encoded(*MEDIA_KINDS["m4a"])
    for count in COUNTS:
        uniform = _with(whole, whole.index(b"stsz") + 8, 1, count)
        for tracks in (1, 8, 60):
            yield f"samples-{count}-{tracks}.m4a", _with_tracks(uniform, tracks)
    for channels in CHANNELS:
        frames = np.repeat(sound()[:6400, np.newaxis], channels, axis=1)
        file = io.BytesIO()
        soundfile.write(file, frames, RATE_HZ, format="WAV", subtype="PCM_U8")
        yield f"channels-{channels}.wav", file.getvalue()


def _with_tracks(whole: bytes, count: int) -> bytes:
    """Repeat the one track of an MP4 whose index is its last box."""
    index, track = whole.rfind(b"moov") - 4, whole.index(b"trak") - 4
    end = track + struct.unpack_from(">I", whole, track)[0]
    more = whole[track:end] * (count - 1)
    (size,) = struct.unpack_from(">I", whole, index)
    return _with(whole[:end] + more + whole[end:], index, size + len(more))


def batches(files: Sequence[Path], size: int) -> Iterator[Sequence[Path]]:
    """Yield so many at a time."""
    for place in range(0, len(files), size):
        yield files[place : place + size]


def finite(value: Any) -> bool:
    """Say whether every number within JSON types is finite."""
    if isinstance(value, dict):
        return all(map(finite, value.values()))
    if isinstance(value, list):
        return all(map(finite, value))
    return not isinstance(value, float) or math.isfinite(value)


def _judged(record: dict[str, Any]) -> str:
    return "answer" if finite(record) else "no number"


def _in_child(task: str, link: Connection) -> None:
    """Answer each path that comes in with an outcome and the most memory that it took."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    from affekt import Recognizer
    from affekt.errors import AffektError

    recognizer = Recognizer.load()
    call: Callable[[str], Any] = getattr(recognizer, task)
    while path := link.recv():
        Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
        try:
            outcome = _judged(json.loads(json.dumps(call(path).to_dict())))
        except AffektError:
            outcome = "error"
        except BaseException:
            outcome = f"untyped: {traceback.format_exc().strip().splitlines()[-1]}"
        link.send((outcome, peak_mb("self")))


def peak_mb(process: int | str) -> float:
    """Return the most memory that a process has held."""
    status = Path(f"/proc/{process}/status").read_text().splitlines()
    peak = next((line for line in status if line.startswith("VmHWM")), "VmHWM: 0 kB")
    return int(peak.split()[1]) / 1024


def through_library(task: str, files: Sequence[Path]) -> Found:
    """Give every file to a method of `Recognizer`, in a process that may hang or die."""
    found = Found()
    waiting = list(reversed(files))
    while waiting:
        here, there = multiprocessing.Pipe()
        child = multiprocessing.get_context("spawn").Process(target=_in_child, args=(task, there))
        child.start()
        there.close()
        while waiting:
            path = waiting.pop()
            try:
                here.send(str(path))
                # The first answer waits for the model to be loaded as well.
                if not here.poll(LIMIT_S if found.files else 60.0):
                    found.note(path.name, f"hang: more than {LIMIT_S:g} s")
                    break
                outcome, memory_mb = here.recv()
            except (EOFError, OSError):
                found.note(path.name, "died: the process ended")
                break
            found.note(path.name, outcome)
            found.note_memory(path.name, memory_mb)
        if child.is_alive() and not waiting:
            here.send("")
            child.join(5.0)
        child.kill()
        child.join()
    return found


# `affekt`, which says at its end how much memory it took.
_COMMAND = (
    "import sys; from affekt.cli import main\n"
    "try: sys.exit(main(sys.argv[1:]))\n"
    "finally: print([line for line in open('/proc/self/status') if 'VmHWM' in line][0], end='', "
    "file=sys.stderr)"
)


def through_command(files: Sequence[Path], *, batch: int = 200) -> Found:
    """Give batches to `affekt predict`, of which each file must have a row."""
    found = Found()
    for paths in batches(files, batch):
        options = ["predict", "--format", "jsonl", "--quiet"]
        done = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-c", _COMMAND, *options, *paths],
            capture_output=True,
            text=True,
            check=False,
        )
        *remarks, peak_kb = done.stderr.splitlines()
        found.note_memory(f"batch of {paths[0].name}", int(peak_kb.split()[1]) / 1024)
        rows: dict[str, str] = {}
        for line in done.stdout.splitlines():
            record = json.loads(line, parse_constant=float)
            rows[record["path"]] = "error" if record.get("error") else _judged(record)
        for path in paths:
            rows.setdefault(str(path), "lost: no row")
            found.note(path.name, rows[str(path)])
        if any("Traceback" in line for line in remarks) or done.returncode not in (0, 1):
            found.faults[f"batch of {paths[0].name}"] = "\n".join(remarks)[-300:]
    return found


def through_service(files: Sequence[Path], *, batch: int = 32) -> Found:
    """Send forms of many files to a service; each file must have its place in the answer."""
    import httpx

    found = Found()
    with service() as (address, process), httpx.Client(base_url=address, timeout=300.0) as http:
        for paths in batches(files, batch):
            for child in (process, *_children(process)):
                found.note_memory(f"before {paths[0].name}", peak_mb(child))
            # An empty file has no place in a form: the whole of it would be refused.
            kept = [path for path in paths if path.stat().st_size]
            for path in set(paths) - set(kept):
                answer = http.post("/v1/recognize", content=path.read_bytes())
                found.note(path.name, "error" if answer.status_code == 400 else answer.text[:200])
            form = [("f", (path.name, path.read_bytes())) for path in kept]
            answer = http.post("/v1/recognize", files=form)
            if answer.status_code != 200:
                for path in kept:
                    found.note(path.name, f"refused: {answer.status_code} {answer.text[:200]}")
                continue
            for path, result in zip(kept, answer.json()["results"], strict=True):
                problem = result["problem"]
                if problem is None:
                    found.note(path.name, _judged(result["prediction"]))
                else:
                    status = problem["status"]
                    found.note(path.name, "error" if status < 500 else f"failed: {problem}")
    return found


def _children(process: int) -> list[int]:
    return list(map(int, Path(f"/proc/{process}/task/{process}/children").read_text().split()))


@contextmanager
def service() -> Iterator[tuple[str, int]]:
    """Run `affekt serve`, and give its address and its process."""
    process = subprocess.Popen(
        [sys.executable, "-m", "affekt", "serve", "--port", "0"],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None  # noqa: S101 (it is a pipe)
    try:
        port = 0
        for line in process.stderr:
            event = json.loads(line)
            port = int(event.get("port", port))
            if event.get("event") == "Application startup complete.":
                break
        # The log goes on; somebody has to read it.
        threading.Thread(target=deque, args=(process.stderr, 0), daemon=True).start()
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


ENTRANCES: dict[str, Callable[[Sequence[Path]], Found]] = {
    "Recognizer.predict": lambda files: through_library("predict", files),
    "Recognizer.timeline": lambda files: through_library("timeline", files),
    "affekt predict": through_command,
    "POST /v1/recognize": through_service,
}


def main() -> int:
    """Make the files, drive them, and print a row an entrance."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="every twentieth file")
    parser.add_argument("--also", type=Path, metavar="DIR", help="further damaged files")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, content in islice(damaged(), 0, None, 20 if given.quick else 1):
            files.append(Path(folder) / name)
            files[-1].write_bytes(content)
        files += sorted(given.also.iterdir()) if given.also else []
        print(f"{len(files)} damaged files")
        faults = 0
        for entrance, drive in ENTRANCES.items():
            found = drive(files)
            outcomes = ", ".join(f"{count} {kind}" for kind, count in found.outcomes.most_common())
            memory = f", at most {found.most_mb:.0f} MB" if found.most_mb else ""
            print(f"{entrance}: {found.files} files: {outcomes}{memory}", flush=True)
            for name, fault in found.faults.items():
                print(f"  {name}: {fault}")
            faults += len(found.faults)
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
