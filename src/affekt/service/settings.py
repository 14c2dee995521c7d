"""What an operator may set."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from affekt.errors import ConfigError

MEBIBYTE = 2**20


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """How the service works.

    Attributes:
        model: name of a model, or path of a bundle; "active" is the one `affekt models use` chose.
        workers: short recordings worked on at once; None is one a core.
        queue: requests that are read, waiting or worked on; further ones get 429.
        max_large: uploads over 1 MiB among them, which lie on disk.
        max_streams: WebSocket sessions at once.
        max_files: recordings in one request.
        max_upload_mb: of one request's recordings together, in MiB.
        max_duration_s: of one recording, counted while decoding.
        timeout_s: from the end of an upload to its answer.
        upload_timeout_s: for reading one request; 200 MiB take an hour at half a Mbit/s.
        idle_timeout_s: without a byte of an upload or a stream, or until answers are read.
        memory_mb: address space of a worker process, in MiB.
        keys_file: hashed API keys, see `affekt.service.keys`; None reads `AFFEKT_API_KEYS`.
        cors: origins of pages that may call; none by default.
        log_file_names: put the names of uploaded files into the log.

    Raises:
        ConfigError: a value is out of its range.
    """

    model: str = "active"
    workers: int | None = None
    queue: int = 64
    max_large: int = 8
    max_streams: int = 16
    max_files: int = 32
    max_upload_mb: int = 200
    max_duration_s: float = 4 * 3600.0
    timeout_s: float = 300.0
    upload_timeout_s: float = 3600.0
    idle_timeout_s: float = 15.0
    memory_mb: int = 1024
    keys_file: Path | None = None
    cors: tuple[str, ...] = ()
    log_file_names: bool = False

    def __post_init__(self) -> None:
        for name in ("queue", "max_large", "max_streams", "max_files", "max_upload_mb"):
            if getattr(self, name) < 1:
                raise ConfigError(f"{name} must be 1 or more: {getattr(self, name)}")
        for name in ("max_duration_s", "timeout_s", "upload_timeout_s", "idle_timeout_s"):
            if not getattr(self, name) > 0.0:
                raise ConfigError(f"{name} must be positive: {getattr(self, name)}")
        if self.workers is not None and self.workers < 1:
            raise ConfigError(f"workers must be 1 or more: {self.workers}")
        if self.memory_mb < 512:
            raise ConfigError(f"memory_mb must be 512 or more: {self.memory_mb}")
        for origin in self.cors:
            if not origin.startswith(("http://", "https://")) or origin.endswith("/"):
                raise ConfigError(f"cors: '{origin}' is no origin such as https://example.org")

    @property
    def max_upload_bytes(self) -> int:
        """The cap on one request's recordings."""
        return self.max_upload_mb * MEBIBYTE

    @property
    def short_workers(self) -> int:
        """Threads, each with a worker, for short recordings."""
        return self.workers or _cores()

    @property
    def long_workers(self) -> int:
        """Threads, each with a worker, for large uploads and timelines."""
        return max(1, self.short_workers // 2)


def _cores() -> int:
    """Return the cores that this process may use: those it sees, or its container's share."""
    seen = len(os.sched_getaffinity(0))
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text(encoding="ascii").split()
        return min(seen, max(1, round(int(quota) / int(period))))
    except (OSError, ValueError):  # no such group, or "max"
        return seen
