"""Audio in: any recording to mono float32, through one gate; windows and activity for long ones."""

from affekt.audio.activity import NoiseFloor, activity, fill_frame, signal_levels_db
from affekt.audio.bandwidth import Bandwidth
from affekt.audio.blocks import SAMPLING_RATE_HZ, BlockReader, decode_blocks
from affekt.audio.calls import IS_A_CALL, CallGuard
from affekt.audio.decode import Audio, decode, from_array
from affekt.audio.downmix import Downmix, to_mono
from affekt.audio.folders import passed_over_line, walk
from affekt.audio.formats import READABLE, SUFFIXES, is_recording, media_type
from affekt.audio.length import announced_s, read_s
from affekt.audio.media import MediaDecoder
from affekt.audio.pcm import (
    SAMPLE_FORMATS,
    ContainerError,
    PcmReader,
    SampleFormat,
    StreamResampler,
)
from affekt.audio.preprocess import fix_length, pre_emphasis, trim
from affekt.audio.signal import (
    MIN_DURATION_S,
    MIN_PEAK,
    Gate,
    Signal,
    as_samples,
    check_channel,
    check_signal,
    joined,
    resample,
    to_float32,
)
from affekt.audio.source import AudioSource, ByteStream, open_source
from affekt.audio.vad import FRAME_S, VADS, VadName, create_vad, vad_floor
from affekt.audio.windows import Window, sounding_windows, window_bounds

__all__ = [
    "FRAME_S",
    "IS_A_CALL",
    "MIN_DURATION_S",
    "MIN_PEAK",
    "READABLE",
    "SAMPLE_FORMATS",
    "SAMPLING_RATE_HZ",
    "SUFFIXES",
    "VADS",
    "Audio",
    "AudioSource",
    "Bandwidth",
    "BlockReader",
    "ByteStream",
    "CallGuard",
    "ContainerError",
    "Downmix",
    "Gate",
    "MediaDecoder",
    "NoiseFloor",
    "PcmReader",
    "SampleFormat",
    "Signal",
    "StreamResampler",
    "VadName",
    "Window",
    "activity",
    "announced_s",
    "as_samples",
    "check_channel",
    "check_signal",
    "create_vad",
    "decode",
    "decode_blocks",
    "fill_frame",
    "fix_length",
    "from_array",
    "is_recording",
    "joined",
    "media_type",
    "open_source",
    "passed_over_line",
    "pre_emphasis",
    "read_s",
    "resample",
    "signal_levels_db",
    "sounding_windows",
    "to_float32",
    "to_mono",
    "trim",
    "vad_floor",
    "walk",
    "window_bounds",
]
