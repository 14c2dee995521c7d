"""Measure the service under load: throughput, latency, a crowd, memory.

Starts `affekt serve` with its default model, sends 3 s WAV files over loopback from this process,
and prints a table. Run it on an idle machine: `python benchmarks/service.py` (about five minutes;
`--quick` takes seconds and shows only that it works). The load generator shares the processor with
the service, so that the figures are what one machine does, sender included.

`--long` measures instead how long short clips take beside two small files that hold hours of sound.
`--answers` measures whether answers to fifty clients at once are those to a single one.
`--batches` measures whether clips that run together cost less than one after the other.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import statistics
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile

RATE_HZ = 16000
CLIP_S = 3.0
GOAL_RATE = 120.0
CROWD = 500
CLIENTS = 50
REQUESTS = 20_000


@dataclass
class Seen:
    """What came back."""

    statuses: Counter[str] = field(default_factory=Counter)
    latencies_s: list[float] = field(default_factory=list)

    def note(self, status: str, latency_s: float) -> None:
        """Count an answer; only good ones have a latency."""
        self.statuses[status] += 1
        if status == "200":
            self.latencies_s.append(latency_s)

    def __str__(self) -> str:
        ms = sorted(1000 * value for value in self.latencies_s) or [float("nan")]
        p50, p99 = ms[len(ms) // 2], ms[min(len(ms) - 1, int(0.99 * len(ms)))]
        answers = ", ".join(
            f"{count} x {status}" for status, count in sorted(self.statuses.items())
        )
        return f"p50 {p50:.0f} ms, p99 {p99:.0f} ms, longest {ms[-1]:.0f} ms; {answers}"


class Link:
    """One connection that is kept: as little work as a client can have."""

    def __init__(self, port: int, body: bytes) -> None:
        self._port = port
        head = f"POST /v1/recognize HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n"
        self._request = head.encode() + body
        self.answer = b""

    async def ask(self) -> tuple[str, float]:
        """Send the recording, and return the status, or "dropped", and the seconds it took."""
        begin = time.perf_counter()
        try:
            if not hasattr(self, "_writer"):
                self._reader, self._writer = await asyncio.open_connection("127.0.0.1", self._port)
            self._writer.write(self._request)
            head = await self._reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length:")
            )
            self.answer = await self._reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError):
            return "dropped", time.perf_counter() - begin
        return head[9:12].decode(), time.perf_counter() - begin

    def close(self) -> None:
        """Hang up."""
        if hasattr(self, "_writer"):
            self._writer.close()


async def closed_loop(port: int, body: bytes, *, links: int, until: int | float) -> Seen:
    """Keep so many connections busy for so many seconds (a float) or requests (an int)."""
    seen = Seen()
    begin = time.perf_counter()
    left = until if isinstance(until, int) else sys.maxsize

    async def work() -> None:
        nonlocal left
        link = Link(port, body)
        while left > 0 and (isinstance(until, int) or time.perf_counter() - begin < until):
            left -= 1
            seen.note(*await link.ask())
        link.close()

    await asyncio.gather(*(work() for _ in range(links)))
    return seen


async def open_loop(port: int, body: bytes, *, rate: float, seconds: float) -> Seen:
    """Send at moments that do not depend on the answers (a Poisson process)."""
    seen = Seen()
    idle: list[Link] = []
    rng = np.random.default_rng(1)
    tasks = []

    async def one() -> None:
        link = idle.pop() if idle else Link(port, body)
        seen.note(*await link.ask())
        idle.append(link)

    moment, end = time.perf_counter(), time.perf_counter() + seconds
    while moment < end:
        moment += rng.exponential(1.0 / rate)
        await asyncio.sleep(max(0.0, moment - time.perf_counter()))
        tasks.append(asyncio.create_task(one()))
    await asyncio.gather(*tasks)
    for link in idle:
        link.close()
    return seen


async def crowd(port: int, body: bytes, *, clients: int) -> Seen:
    """Let so many clients connect and ask in the same moment."""
    seen = Seen()

    async def one() -> None:
        link = Link(port, body)
        seen.note(*await link.ask())
        link.close()

    await asyncio.gather(*(one() for _ in range(clients)))
    return seen


@contextmanager
def service(*words: str) -> Iterator[tuple[int, int]]:
    """Run `affekt serve`, and give its port and process id."""
    process = subprocess.Popen(  # noqa: S603 (our own command)
        [sys.executable, "-m", "affekt", "serve", "--port", "0", "--model", "default", *words],
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None  # noqa: S101 (it is a pipe)
    try:
        event: dict[str, object] = {}
        port = 0
        while event.get("event") != "Application startup complete.":
            event = json.loads(process.stderr.readline())
            port = int(str(event.get("port", port)))
        # The log goes on; somebody has to read it.
        threading.Thread(target=deque, args=(process.stderr, 0), daemon=True).start()
        yield port, process.pid
    finally:
        process.terminate()
        process.wait()


def memory_mb(pid: int) -> tuple[float, float]:
    """Return the resident memory of the service, and what it and its children have together."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    own = _figure(pid, "status", "VmRSS")
    together = sum(_figure(int(each), "smaps_rollup", "Pss") for each in (pid, *children))
    return own, together


def _figure(pid: int, file: str, name: str) -> float:
    for line in Path(f"/proc/{pid}/{file}").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1]) / 1024
    return float("nan")


def clip(seed: int = 0) -> bytes:
    """Return a 3 s WAV file: tones under noise, for speed does not depend on what is said."""
    time_s = np.arange(int(CLIP_S * RATE_HZ)) / RATE_HZ
    rng = np.random.default_rng(seed)
    signal = 0.2 * np.sin(2 * np.pi * (180 + 5 * seed) * time_s) + 0.02 * rng.standard_normal(
        time_s.size
    )
    file = io.BytesIO()
    soundfile.write(file, signal, RATE_HZ, format="WAV")
    return file.getvalue()


def measure(*, quick: bool) -> None:
    """Measure and print."""
    body = clip()
    seconds = 3.0 if quick else 60.0
    requests = 600 if quick else REQUESTS
    with service() as (port, pid):
        asyncio.run(closed_loop(port, body, links=8, until=64))  # warm
        begin = time.perf_counter()
        seen = asyncio.run(closed_loop(port, body, links=16, until=seconds))
        rate = sum(seen.statuses.values()) / (time.perf_counter() - begin)
        print(f"sustained, 16 connections: {rate:.0f} requests/s (goal {GOAL_RATE:.0f}); {seen}")
        seen = asyncio.run(open_loop(port, body, rate=GOAL_RATE / 2, seconds=seconds))
        print(f"at {GOAL_RATE / 2:.0f} requests/s (goal p99 150 ms): {seen}")
        seen = asyncio.run(crowd(port, body, clients=CROWD))
        print(f"{CROWD} clients at once (goal: none dropped): {seen}")
        print(f"memory over {requests} requests, MB: service, service and children")
        steps = 10
        for step in range(steps + 1):
            own, together = memory_mb(pid)
            print(f"  after {step * requests // steps:6d}: {own:6.1f} {together:6.1f}")
            if step < steps:
                asyncio.run(closed_loop(port, body, links=16, until=requests // steps))


def hours(duration_s: float) -> bytes:
    """Return a small FLAC file of hours: a tone for a quarter of every second, and silence."""
    file = io.BytesIO()
    tone = (6000.0 * np.sin(2 * np.pi * np.arange(4096) / 128)).astype(np.int16)
    minute = np.tile(np.concatenate([tone, np.zeros(3 * 4096, np.int16)]), 59)
    with soundfile.SoundFile(file, "w", RATE_HZ, 1, format="FLAC", compression_level=1.0) as writer:
        for _ in range(round(duration_s * RATE_HZ / len(minute))):
            writer.write(minute)
    return file.getvalue()


async def beside(port: int, body: bytes, long: bytes, *, rate: float) -> tuple[Seen, Seen]:
    """Send two long recordings, and clips at moments of their own until both are answered."""
    longs, clips = Seen(), Seen()

    async def ask_long() -> None:
        link = Link(port, long)
        longs.note(*await link.ask())
        link.close()

    waiting = asyncio.gather(ask_long(), ask_long())
    while not waiting.done():
        found = await open_loop(port, body, rate=rate, seconds=1.0)
        clips.statuses += found.statuses
        clips.latencies_s += found.latencies_s
    await waiting
    return longs, clips


def measure_beside_long(*, quick: bool) -> None:
    """Print the latency of clips while two recordings of hours are worked on."""
    long = hours(60.0 if quick else 3.9 * 3600.0)
    body = clip()
    with service() as (port, _):
        asyncio.run(closed_loop(port, body, links=8, until=64))  # warm
        longs, clips = asyncio.run(beside(port, body, long, rate=10.0))
    print(f"two FLAC files of {len(long) / 1000:.0f} kB: {longs}")
    print(f"10 clips/s beside them (goal p99 1000 ms): {clips}")


async def answers(port: int, bodies: Sequence[bytes]) -> list[bytes]:
    """Ask for all recordings, each over a connection of its own, in the same moment."""
    links = [Link(port, body) for body in bodies]
    await asyncio.gather(*(link.ask() for link in links))
    for link in links:
        link.close()
    return [link.answer for link in links]


def measure_answers(*, quick: bool) -> None:
    """Print how many answers to many clients at once differ from those to a single one."""
    rounds = 2 if quick else 20
    bodies = [clip(seed) for seed in range(CLIENTS)]
    with service() as (port, _):
        quiet = [asyncio.run(answers(port, [body]))[0] for body in bodies]
        if not all(b'"emotion"' in answer for answer in quiet):
            raise SystemExit("not every recording was answered")
        different = sum(
            first != second
            for _ in range(rounds)
            for first, second in zip(quiet, asyncio.run(answers(port, bodies)), strict=True)
        )
    print(f"{CLIENTS} clients, {rounds * CLIENTS} answers: {different} differ from the quiet ones")


def measure_batches() -> None:
    """Print what a clip costs in batches of several sizes, in milliseconds."""
    from affekt import Recognizer

    bundle = Recognizer.load().bundle
    rng = np.random.default_rng(0)
    sizes = (1, 2, 4, 8, 16)
    print("clip, s   " + "".join(f"{size:8d}" for size in sizes))
    for length_s in (0.25, 0.5, 1.0, 2.0, 3.0):
        clips = rng.normal(0, 0.1, (max(sizes), int(length_s * RATE_HZ))).astype(np.float32)
        row = []
        for size in sizes:
            times = []
            for _ in range(30):
                begin = time.perf_counter()
                bundle.run(clips[:size])
                times.append((time.perf_counter() - begin) / size)
            row.append(1000 * statistics.median(times))
        print(f"{length_s:7.2f}   " + "".join(f"{ms:8.2f}" for ms in row))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few seconds in all")
    parser.add_argument("--long", action="store_true", help="clips beside hours of sound")
    parser.add_argument("--answers", action="store_true", help="whether a crowd changes answers")
    parser.add_argument("--batches", action="store_true", help="batches of the model alone")
    given = parser.parse_args()
    if given.batches:
        measure_batches()
    elif given.answers:
        measure_answers(quick=given.quick)
    elif given.long:
        measure_beside_long(quick=given.quick)
    else:
        measure(quick=given.quick)
