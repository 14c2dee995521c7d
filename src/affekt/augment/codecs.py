"""Compressing sound through FFmpeg (PyAV, the extra `media`), and decoding what is left of it."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np

from affekt.audio import SAMPLING_RATE_HZ, Signal, decode, resample
from affekt.errors import MissingExtraError, SilentError


@dataclass(frozen=True, slots=True, kw_only=True)
class Codec:
    """A way to compress.

    Attributes:
        name: for people.
        encoder, container: FFmpeg's names.
        rate_hz: sampling rate that the encoder takes.
        bit_rate: bits a second.
    """

    name: str
    encoder: str
    container: str
    rate_hz: int
    bit_rate: int


_LEAST_SAMPLES = SAMPLING_RATE_HZ // 4

_CODECS = (
    Codec(
        name="MP3 32 kbit/s", encoder="libmp3lame", container="mp3", rate_hz=16_000, bit_rate=32_000
    ),
    Codec(
        name="Opus 12 kbit/s", encoder="libopus", container="ogg", rate_hz=16_000, bit_rate=12_000
    ),
    Codec(
        name="AMR-NB 12.2 kbit/s",
        encoder="libopencore_amrnb",
        container="amr",
        rate_hz=8_000,
        bit_rate=12_200,
    ),
)


CODECS: dict[str, Codec] = {codec.name: codec for codec in _CODECS}


def available(codec: Codec) -> bool:
    """Say whether the FFmpeg at hand has the encoder; False without PyAV."""
    try:
        import av
    except ImportError:
        return False
    return codec.encoder in av.codec.codecs_available


def recode(signal: Signal, codec: Codec) -> Signal:
    """Compress a mono signal at 16 kHz and decode it again; as long as before.

    Raises:
        MissingExtraError: PyAV is not installed.
    """
    try:
        import av
    except ImportError:
        raise MissingExtraError(what=codec.name, package="av (PyAV)", extra="media") from None
    # A few samples fill no frame of a codec: they go with silence behind them.
    lasting = np.pad(signal, (0, max(0, _LEAST_SAMPLES - signal.size)))
    narrow = np.clip(resample(lasting, SAMPLING_RATE_HZ, codec.rate_hz), -1.0, 1.0)
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=codec.container) as container:
        stream: Any = container.add_stream(codec.encoder, rate=codec.rate_hz, layout="mono")
        stream.bit_rate = codec.bit_rate
        stream.open()
        frame = av.AudioFrame.from_ndarray(narrow[np.newaxis], format="fltp", layout="mono")
        frame.sample_rate = codec.rate_hz
        converter = av.AudioResampler(
            stream.format.name, "mono", codec.rate_hz, stream.frame_size or None
        )
        for piece in (*converter.resample(frame), *converter.resample(None)):
            container.mux(stream.encode(piece))
        container.mux(stream.encode(None))
    try:
        decoded = decode(buffer.getvalue()).signal[: signal.size]
    except SilentError:
        return np.zeros_like(signal)
    return np.pad(decoded, (0, signal.size - decoded.size))
