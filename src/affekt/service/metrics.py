"""What the service counts, for Prometheus."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

_LATENCIES_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 15.0, 60.0, 300.0)


class Metrics:
    """Counters and gauges of one service."""

    def __init__(self, *, queue_limit: int) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)
        self.requests = Counter(
            "affekt_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=self.registry,
        )
        self.errors = Counter(
            "affekt_errors", "Problems answered, by kind.", ("kind",), registry=self.registry
        )
        self.latency = Histogram(
            "affekt_request_seconds",
            "From a request's head to the end of its answer.",
            ("route",),
            buckets=_LATENCIES_S,
            registry=self.registry,
        )
        self.audio = Counter(
            "affekt_audio_seconds",
            "Seconds of sound recognised.",
            ("route",),
            registry=self.registry,
        )
        self.queue = Gauge(
            "affekt_queue",
            "Requests that are read, waiting or worked on.",
            registry=self.registry,
        )
        self.queue_limit = Gauge(
            "affekt_queue_limit",
            "As many at most; further ones are answered 429.",
            registry=self.registry,
        )
        self.queue_limit.set(queue_limit)
        self.streams = Gauge("affekt_streams", "Open streams.", registry=self.registry)
        self.lost_workers = Counter(
            "affekt_decoder_restarts",
            "Worker processes that ended over a recording, or were ended, and replaced.",
            registry=self.registry,
        )

    def text(self) -> bytes:
        """Return the page that Prometheus reads."""
        return generate_latest(self.registry)
