"""Videos and their like: when the sound is to be heard, which track, and where it ends."""

import io
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from affekt.audio import decode, decode_blocks
from affekt.errors import AudioError

av = pytest.importorskip("av", reason="PyAV, the extra media, is not installed")

RATE = 16000
MP4, MKV = ("mp4", "aac"), ("matroska", "aac")


def film(*tracks, kind=MKV, late_s=0.0, hole=(0.0, 0.0), picture_s=0.0, default=None, **options):
    """Write sound tracks of 16 kHz and a picture into a container.

    Args:
        tracks: signals, `[samples]` each.
        late_s: when the sound begins.
        hole: from which second of the sound on it comes later, and by how much.
        picture_s: how long the picture is; 0 for none.
        default: the track that is flagged as the default one.
    """
    buffer = io.BytesIO()
    with av.open(buffer, "w", format=kind[0], options=options) as container:
        if picture_s:
            video = container.add_stream("mpeg4", rate=5)
            video.width = video.height = 32
        streams = []
        for number in range(len(tracks)):
            stream = container.add_stream(kind[1], rate=RATE)
            stream.layout = "mono"
            if default is not None:
                stream.disposition = int(number == default)
            streams.append(stream)
        packets = []
        for stream, signal in zip(streams, tracks, strict=True):
            packets += encoded(stream, signal, late_s=late_s, hole=hole)
        if picture_s:
            for number in range(round(picture_s * 5)):
                image = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                image.pts, image.time_base = number, Fraction(1, 5)
                packets += video.encode(image)
            packets += video.encode(None)
        for packet in sorted(packets, key=lambda item: item.dts * item.time_base):
            container.mux(packet)
    return buffer.getvalue()


def encoded(stream, signal, *, late_s, hole):
    stream.codec_context.open()
    size = stream.codec_context.frame_size or 1024
    packets = []
    for start in range(0, signal.size, size):
        part = (signal[start : start + size] * 32767).astype(np.int16)[np.newaxis]
        frame = av.AudioFrame.from_ndarray(part, format="s16", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = RATE, start, Fraction(1, RATE)
        converter = av.AudioResampler(stream.codec_context.format, "mono", RATE)
        for ready in converter.resample(frame):
            ready.pts = start
            packets += stream.encode(ready)
    packets += stream.encode(None)
    for packet in packets:
        later_s = late_s + (hole[1] if packet.pts * packet.time_base >= hole[0] else 0.0)
        later = round(later_s / packet.time_base)
        packet.pts += later
        packet.dts += later
    return packets


def starts_s(signal):
    """Return where a signal that was silent begins to sound."""
    return int(np.flatnonzero(np.abs(signal) > 0.05)[0]) / RATE


@pytest.mark.parametrize("kind", [MP4, MKV])
def test_sound_that_starts_late_is_where_a_player_has_it(kind, tone):
    audio = decode(film(tone(3.0), kind=kind, late_s=7.0, picture_s=12.0))
    assert starts_s(audio.signal) == pytest.approx(7.0, abs=0.1)
    assert audio.duration_s == pytest.approx(10.0, abs=0.15)
    assert audio.warnings == ()


@pytest.mark.parametrize("kind", [MP4, MKV])
def test_a_hole_in_the_time_stamps_is_silence(kind, tone):
    audio = decode(film(tone(4.0), kind=kind, hole=(2.0, 5.0)))
    assert audio.duration_s == pytest.approx(9.0, abs=0.15)
    assert np.abs(audio.signal[round(2.2 * RATE) : round(6.8 * RATE)]).max() < 0.01
    assert starts_s(audio.signal[3 * RATE :]) == pytest.approx(4.0, abs=0.15)
    assert audio.warnings == ()


def test_blocks_and_stretches_keep_holes_where_they_are(tone):
    data = film(tone(4.0), hole=(2.0, 5.0))
    whole = decode(data).signal
    with decode_blocks(data, block_s=0.7) as reader:
        np.testing.assert_array_equal(np.concatenate(list(reader)), whole)
    stretch = decode(data, start_s=6.5, end_s=8.0).signal
    np.testing.assert_array_equal(stretch, whole[104000:128000])


def test_a_piece_of_a_longer_stream_begins_at_its_own_beginning(tone):
    """A live recording that was joined late announces no length, and starts at any time."""
    data = film(tone(3.0), late_s=5000.0, live="1")
    audio = decode(data)
    assert starts_s(audio.signal) < 0.1
    assert audio.duration_s == pytest.approx(3.0, abs=0.15)


def test_time_stamps_that_claim_days_of_silence_are_not_followed(tone):
    data = film(tone(4.0), hole=(2.0, 400_000.0), live="1")
    audio = decode(data)
    assert audio.duration_s == pytest.approx(4.0, abs=0.15)
    assert audio.warnings[0].startswith("The time stamps are damaged")


@pytest.mark.parametrize("kind", [MP4, MKV])
def test_nothing_is_missing_where_the_picture_is_longer_than_the_sound(kind, tone):
    audio = decode(film(tone(2.0), kind=kind, picture_s=8.0))
    assert audio.duration_s == pytest.approx(2.0, abs=0.15)
    assert audio.warnings == ()


def test_the_default_track_is_read_and_a_choice_is_told(tone):
    low, high = tone(2.0, hz=300), tone(2.0, hz=1200)
    first = decode(film(low, high, default=0))
    second = decode(film(low, high, default=1))
    assert spectral_peak_hz(first.signal) == pytest.approx(300, abs=2)
    assert spectral_peak_hz(second.signal) == pytest.approx(1200, abs=2)
    assert second.warnings == (
        "The recording has 2 sound tracks: track 1, the default one, was read (choose another with "
        "track, counted from 0).",
    )


@pytest.mark.parametrize("kind", [MP4, MKV])
def test_a_silent_track_is_passed_over(kind, tone):
    audio = decode(film(np.zeros(2 * RATE), tone(2.0), kind=kind, picture_s=2.0))
    assert spectral_peak_hz(audio.signal) == pytest.approx(440, abs=2)
    assert "track 1, the first one with sound, was read" in audio.warnings[0]


def test_a_track_can_be_chosen(tone):
    data = film(tone(2.0, hz=300), tone(2.0, hz=1200))
    for track, hz in ((0, 300), (1, 1200)):
        audio = decode(data, track=track)
        assert spectral_peak_hz(audio.signal) == pytest.approx(hz, abs=2)
        assert audio.warnings == ()


@pytest.mark.parametrize("track", [2, -1])
def test_a_track_that_is_not_there_is_refused(track, tone, encode):
    with pytest.raises(AudioError, match=r"no sound track -?\d: it has 2 \(0 to 1\)"):
        decode(film(tone(1.0), tone(1.0)), track=track)
    with pytest.raises(AudioError, match=r"no sound track -?\d: it has one \(0\)"):
        decode(encode(tone(1.0)), track=track)
    assert decode(encode(tone(1.0)), track=0).duration_s == 1.0


def spectral_peak_hz(signal):
    return np.argmax(np.abs(np.fft.rfft(signal))) * RATE / signal.size


@pytest.mark.parametrize(
    "kind",
    [
        ("adts", "aac", 16000),
        ("amr", "amr_nb", 8000),
        ("webm", "libopus", 48000),
        ("matroska", "aac", 16000),
        ("avi", "aac", 16000),
    ],
    ids=lambda kind: kind[0],
)
@pytest.mark.parametrize("live", [False, True])
def test_a_file_that_was_cut_off_is_told(kind, live, tone, encode_media):
    options = {"live": "1"} if live and kind[0] in ("webm", "matroska") else {}
    whole = encode_media(tone(5.0), kind, **options)
    assert not any("missing" in said for said in decode(whole).warnings)
    audio = decode(whole[: len(whole) * 7 // 10 - 5])
    assert 2.5 < audio.duration_s < 4.2
    assert any("end is missing" in said for said in audio.warnings)


def test_a_cut_video_is_told_by_its_own_sound(tone):
    whole = film(tone(5.0), picture_s=5.0)
    audio = decode(whole[: len(whole) * 7 // 10])
    assert "The end is missing: the header announces 5." in audio.warnings[0]


def test_a_second_mp4_in_the_file_is_told(tone, encode_media):
    data = encode_media(tone(2.0), ("ipod", "aac", 16000))
    audio = decode(data + data)
    assert audio.warnings == (
        "Another recording follows in the file: it was not read; split the file.",
    )


def with_uniform_samples(data, count):
    """Have an MP4 announce so many samples of one byte each, which takes 12 bytes to say."""
    place = data.index(b"stsz") + 4
    return data[: place + 4] + struct.pack(">II", 1, count) + data[place + 12 :]


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="FFmpeg is found through /proc")
def test_a_small_file_cannot_ask_for_gigabytes(tone, encode_media, tmp_path):
    path = tmp_path / "bomb.m4a"
    path.write_bytes(
        with_uniform_samples(encode_media(tone(1.0), ("ipod", "aac", 16000)), 85 * 10**6)
    )
    script = (
        "import resource, sys\n"
        "from affekt.audio import decode\n"
        "from affekt.errors import AudioError\n"
        "try:\n"
        "    decode(sys.argv[1])\n"
        "except AudioError:\n"
        "    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) < 512 * 1024
