"""Sound for the audio tests: tones, and every container they are put into."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import soundfile

SOUNDFILE_KINDS = [
    ("WAV", "PCM_U8"),
    ("WAV", "PCM_16"),
    ("WAV", "PCM_24"),
    ("WAV", "PCM_32"),
    ("WAV", "FLOAT"),
    ("WAV", "DOUBLE"),
    ("WAV", "ULAW"),
    ("WAV", "ALAW"),
    ("FLAC", "PCM_16"),
    ("FLAC", "PCM_24"),
    ("MP3", "MPEG_LAYER_III"),
    ("OGG", "VORBIS"),
    ("OGG", "OPUS"),
    ("AIFF", "PCM_16"),
    ("AIFF", "FLOAT"),
]
# Container, codec and its sampling rate; PyAV's wheel has an encoder for each.
MEDIA_KINDS = [
    ("ipod", "aac", 16000),
    ("mp4", "aac", 44100),
    ("adts", "aac", 16000),
    ("3gp", "amr_nb", 8000),
    ("amr", "amr_nb", 8000),
    ("webm", "libopus", 48000),
    ("matroska", "aac", 16000),
    ("mov", "alac", 16000),
]


def _tone(seconds: float, rate: int = 16000, *, channels: int = 1, hz: float = 440.0) -> Any:
    """A tone in faint noise; its loudness rises and falls, so that no two stretches are alike."""
    time = np.arange(round(seconds * rate)) / rate
    signal = 0.4 * np.sin(2 * np.pi * hz * time) * (1 + 0.5 * np.sin(2 * np.pi * 0.37 * time))
    signal += 0.01 * np.random.default_rng(0).standard_normal(signal.size)
    signal = signal.astype(np.float32)
    return signal if channels == 1 else np.stack([signal] * channels, axis=1)


def _encode(frames: Any, rate: int = 16000, kind: tuple[str, str] = ("WAV", "PCM_16")) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, frames, rate, format=kind[0], subtype=kind[1])
    return buffer.getvalue()


def _encode_media(signal: Any, kind: tuple[str, str, int], **options: str) -> bytes:
    """Encode a 16 kHz mono signal through FFmpeg."""
    av = pytest.importorskip("av", reason="PyAV, the extra media, is not installed")
    container_name, codec, rate = kind
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=container_name, options=options) as container:
        stream = container.add_stream(codec, rate=rate)
        stream.layout = "mono"
        frame = av.AudioFrame.from_ndarray(
            (signal * 32767).astype(np.int16)[np.newaxis], format="s16", layout="mono"
        )
        frame.sample_rate, frame.pts = 16000, 0
        converter = av.AudioResampler(stream.codec_context.format, "mono", rate)
        queue = av.AudioFifo()
        for part in converter.resample(frame) + converter.resample(None):
            queue.write(part)
        size = stream.codec_context.frame_size or 1024
        while part := queue.read(size) or queue.read(0, partial=True):
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return buffer.getvalue()


@pytest.fixture
def tone() -> Callable[..., Any]:
    return _tone


@pytest.fixture
def encode() -> Callable[..., bytes]:
    return _encode


@pytest.fixture
def encode_media() -> Callable[..., bytes]:
    return _encode_media


@pytest.fixture(params=SOUNDFILE_KINDS, ids="-".join)
def soundfile_kind(request: pytest.FixtureRequest) -> Any:
    return request.param


@pytest.fixture(params=MEDIA_KINDS, ids=lambda kind: f"{kind[0]}-{kind[1]}")
def media_kind(request: pytest.FixtureRequest) -> Any:
    return request.param
