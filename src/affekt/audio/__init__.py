"""Audio in: any recording to mono float32, through one gate; windows and activity for long ones."""

from affekt.audio.activity import activity
from affekt.audio.blocks import SAMPLING_RATE_HZ, BlockReader, decode_blocks
from affekt.audio.decode import Audio, decode, from_array
from affekt.audio.downmix import to_mono
from affekt.audio.preprocess import fix_length, pre_emphasis, trim
from affekt.audio.signal import Signal, check_signal, resample
from affekt.audio.source import AudioSource
from affekt.audio.windows import Window, sounding_windows, window_bounds

__all__ = [
    "SAMPLING_RATE_HZ",
    "Audio",
    "AudioSource",
    "BlockReader",
    "Signal",
    "Window",
    "activity",
    "check_signal",
    "decode",
    "decode_blocks",
    "fix_length",
    "from_array",
    "pre_emphasis",
    "resample",
    "sounding_windows",
    "to_mono",
    "trim",
    "window_bounds",
]
