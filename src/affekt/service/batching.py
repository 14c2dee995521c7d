"""Clips that wait together run together.

A batch saves what a run costs apart from its samples, and loses once they no longer fit the
processor's cache: two clips of 0.5 s take some 15 % less than one after the other, clips of 3 s
up to twice as long (`benchmarks/service.py --batches` measures it). So only very short ones are
joined, and for the others this is a queue. Each clip is answered as it would be alone: only clips
of equal length share a batch, for padding would change them.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future

import numpy as np
import numpy.typing as npt

from affekt.recognition import Bundle, Outputs

# One second of sound.
MAX_SAMPLES = 16_000

Waveforms = npt.NDArray[np.float32]


class BatchingBundle(Bundle):
    """A bundle whose runs from several threads are joined where that is faster.

    A thread that comes while others run puts its clip down, and whoever is free takes the clip at
    the head and all of its length that fit. Nobody waits for company.

    Args:
        bundle: the model.
        runs: at once; further ones wait.
    """

    def __init__(self, bundle: Bundle, *, runs: int) -> None:
        super().__init__(bundle.path, bundle.sha256, bundle.metadata, bundle._session)
        self._free = threading.Semaphore(runs)
        self._lock = threading.Lock()
        self._waiting: deque[tuple[Waveforms, Future[Outputs]]] = deque()

    def _answer(self, waveforms: Waveforms) -> Outputs:
        """Run a batch, perhaps with others; each is judged alone, by `Bundle.run`."""
        future: Future[Outputs] = Future()
        with self._lock:
            self._waiting.append((waveforms, future))
        with self._free:
            # Another thread may have run these along with its own.
            while not future.done() and (batch := self._take()):
                self._run_together(batch)
        return future.result()

    def _take(self) -> list[tuple[Waveforms, Future[Outputs]]]:
        """Take the first in the queue, and whoever may share its run."""
        with self._lock:
            if not self._waiting:
                return []
            taken = [self._waiting.popleft()]
            left: deque[tuple[Waveforms, Future[Outputs]]] = deque()
            samples = taken[0][0].size
            for item in self._waiting:
                fits = samples + item[0].size <= MAX_SAMPLES
                if fits and item[0].shape[1] == taken[0][0].shape[1]:
                    samples += item[0].size
                    taken.append(item)
                else:
                    left.append(item)
            self._waiting = left
            return taken

    def _run_together(self, batch: list[tuple[Waveforms, Future[Outputs]]]) -> None:
        try:
            outputs = super()._answer(np.concatenate([waveforms for waveforms, _ in batch]))
        except Exception as error:  # whoever waits must get it
            for _, future in batch:
                future.set_exception(error)
            return
        place = 0
        for waveforms, future in batch:
            rows = slice(place, place + len(waveforms))
            place = rows.stop
            future.set_result(
                Outputs._make(None if values is None else values[rows] for values in outputs)
            )
