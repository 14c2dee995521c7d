"""Videos and their like: when the sound is to be played, which track, and where it ends."""

import io
import struct
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from affekt.audio import decode, decode_blocks
from affekt.audio.ffmpeg import limit_allocations
from affekt.errors import AudioError

av = pytest.importorskip("av", reason="PyAV, the extra media, is not installed")

RATE = 16000
MP4, MKV = ("mp4", "aac"), ("matroska", "aac")


def film(
    *tracks,
    kind=MKV,
    late_s=0.0,
    hole=(0.0, 0.0),
    apart_s=0.0,
    picture_s=0.0,
    default=None,
    **options,
):
    """Write sound tracks of 16 kHz and a picture into a container.

    Args:
        tracks: signals, `[samples]` each.
        late_s: when the sound begins.
        hole: from which second of the sound on it comes later, and by how much.
        apart_s: how much later each packet comes besides.
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
            packets += encoded(stream, signal, late_s=late_s, hole=hole, apart_s=apart_s)
        if picture_s:
            for number in range(round(picture_s * 5)):
                image = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
                image.pts, image.time_base = number, Fraction(1, 5)
                packets += video.encode(image)
            packets += video.encode(None)
        for packet in sorted(packets, key=lambda item: item.dts * item.time_base):
            container.mux(packet)
    return buffer.getvalue()


def encoded(stream, signal, *, late_s, hole, apart_s):
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
    for number, packet in enumerate(packets):
        later_s = late_s + number * apart_s
        later_s += hole[1] if packet.pts * packet.time_base >= hole[0] else 0.0
        later = round(later_s / packet.time_base)
        packet.pts += later
        packet.dts += later
    return packets


def starts_s(signal):
    """Return where a signal that was silent begins to sound."""
    return int(np.flatnonzero(np.abs(signal) > 0.05)[0]) / RATE


@pytest.mark.parametrize("picture_s", [12.0, 0.0])
@pytest.mark.parametrize("kind", [MP4, MKV])
def test_sound_that_starts_late_is_where_a_player_has_it(kind, picture_s, tone):
    audio = decode(film(tone(3.0), kind=kind, late_s=7.0, picture_s=picture_s))
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
    fragments = {
        "movflags": "frag_keyframe+empty_moov+default_base_moof",
        "frag_duration": "1000000",
    }
    for data in (
        film(tone(3.0), late_s=5000.0, live="1"),
        without_first_fragments(film(tone(6.0), kind=MP4, **fragments), 3),
    ):
        audio = decode(data)
        assert starts_s(audio.signal) < 0.1
        assert audio.duration_s == pytest.approx(3.0, abs=0.4)
        assert audio.warnings == ()


def without_first_fragments(data, count):
    """Drop the first fragments of an MP4, as one gets it who joins late."""
    parts = data.split(b"moof")
    return parts[0][:-4] + parts[count][-4:] + b"moof" + b"moof".join(parts[count + 1 :])


def test_time_stamps_that_claim_days_of_silence_are_not_followed(tone):
    data = film(tone(4.0), hole=(2.0, 400_000.0), live="1")
    audio = decode(data)
    assert audio.duration_s == pytest.approx(4.0, abs=0.15)
    assert audio.warnings[0].startswith("The time stamps are damaged")


def test_a_small_file_is_silent_for_ten_minutes_at_most(tone):
    audio = decode(film(tone(4.0), apart_s=150.0, live="1"))
    assert 500.0 < audio.duration_s < 700.0
    assert audio.warnings[0].startswith("The time stamps are damaged")


@pytest.mark.parametrize("kind", [MP4, MKV, ("avi", "aac"), ("asf", "libmp3lame")])
def test_nothing_is_missing_where_the_picture_is_longer_than_the_sound(kind, tone):
    audio = decode(film(tone(2.0), kind=kind, picture_s=8.0))
    assert audio.duration_s == pytest.approx(2.0, abs=0.15)
    assert audio.warnings == ()


def test_the_default_track_is_read_and_a_choice_is_reported(tone):
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
def test_a_file_that_was_cut_off_is_reported(kind, live, tone, encode_media):
    options = {"live": "1"} if live and kind[0] in ("webm", "matroska") else {}
    whole = encode_media(tone(5.0), kind, **options)
    assert not any("missing" in said for said in decode(whole).warnings)
    audio = decode(whole[: len(whole) * 7 // 10 - 5])
    assert 2.5 < audio.duration_s < 4.2
    assert any("end is missing" in said for said in audio.warnings)


def test_a_cut_video_is_reported_by_its_own_sound(tone):
    whole = film(tone(5.0), picture_s=5.0)
    audio = decode(whole[: len(whole) * 7 // 10])
    assert "The end is missing: the header announces 5." in audio.warnings[0]


def test_a_cut_windows_media_file_is_reported(tone, encode_media):
    whole = encode_media(tone(5.0), ("asf", "libmp3lame", 16000))
    assert decode(whole).warnings == ()
    assert decode(whole + whole).warnings == (
        "Another recording follows in the file: it was not read; split the file.",
    )
    assert decode(whole[: len(whole) * 6 // 10]).warnings == (
        "The file was cut off: its end is missing.",
    )


def test_a_second_mp4_in_the_file_is_reported(tone, encode_media):
    data = encode_media(tone(2.0), ("ipod", "aac", 16000))
    audio = decode(data + data)
    assert audio.warnings == (
        "Another recording follows in the file: it was not read; split the file.",
    )


def surround(signal, codec, layout, tracks=1):
    """Encode a signal in the first channel of a layout."""
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        streams = [container.add_stream(codec, rate=RATE) for _ in range(tracks)]
        for stream in streams:
            stream.layout = layout
            stream.codec_context.format = "s16"
            stream.codec_context.open()
        frames = np.zeros((signal.size, streams[0].layout.nb_channels), np.int16)
        frames[:, 0] = signal * 32767
        size = streams[0].codec_context.frame_size or 1024
        for start in range(0, signal.size - size, size):
            part = frames[start : start + size].reshape(1, -1)
            for stream in streams:
                frame = av.AudioFrame.from_ndarray(part, format="s16", layout=layout)
                frame.sample_rate, frame.pts = RATE, start
                container.mux(stream.encode(frame))
        for stream in streams:
            container.mux(stream.encode(None))
    return buffer.getvalue()


# Opus is decoded into channels that lie apart, the others into samples that do.
@pytest.mark.parametrize(
    ("codec", "layout", "channels"),
    [("libopus", "7.1", 8), ("flac", "7.1", 8), ("pcm_s16le", "hexadecagonal", 16)],
)
def test_sound_of_many_channels_is_read(codec, layout, channels, tone):
    for tracks in (1, 2):
        audio = decode(surround(tone(1.0), codec, layout, tracks))
        assert audio.source_channels == channels
        assert spectral_peak_hz(audio.signal) == pytest.approx(440, abs=2)


def with_fields(data, name, **fields):
    """Set 32-bit fields of a box, by their places behind its name."""
    for place, value in fields.items():
        start = data.index(name) + 4 + int(place.removeprefix("at_"))
        data = data[:start] + struct.pack(">I", value) + data[start + 4 :]
    return data


def with_tracks(data, count):
    """Repeat the track of an MP4."""
    place = data.index(b"moov") - 4
    (size,) = struct.unpack(">I", data[place : place + 4])
    start = data.index(b"trak") - 4
    (track_size,) = struct.unpack(">I", data[start : start + 4])
    tracks = data[start : start + track_size] * count
    head = struct.pack(">I", size + (count - 1) * track_size)
    return data[:place] + head + data[place + 4 : start] + tracks + data[start + track_size :]


def indexed_by_samples(encode_media, signal, count, tracks):
    """Announce so many samples of one byte each, which takes 12 bytes to say."""
    data = encode_media(signal, ("ipod", "aac", 16000))
    data = with_fields(data, b"stsz", at_4=1, at_8=count)
    return with_tracks(with_fields(data, b"stsc", at_12=count), tracks)


def indexed_by_chunks(encode_media, signal, count, tracks):
    data = encode_media(signal, ("mov", "pcm_s16le", 16000))
    return with_tracks(with_fields(data, b"stsc", at_12=count), tracks)


def indexed_by_fragments(encode_media, signal, count, tracks):
    options = {"movflags": "frag_keyframe+empty_moov", "frag_duration": "100000"}
    data = encode_media(signal, ("ipod", "aac", 16000), **options)
    parts = data.split(b"trun")
    return parts[0] + b"".join(
        b"trun" + struct.pack(">II", 1, count) + part[8:] for part in parts[1:]
    )


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no peak of memory is kept")
@pytest.mark.parametrize(("count", "tracks"), [(85_000_000, 1), (2**31 - 1, 1), (10_000_000, 8)])
@pytest.mark.parametrize("index", [indexed_by_samples, indexed_by_chunks, indexed_by_fragments])
def test_a_small_file_takes_neither_gigabytes_nor_time(
    index, count, tracks, tone, encode_media, tmp_path
):
    path = tmp_path / "bomb.m4a"
    path.write_bytes(index(encode_media, tone(1.0), count, tracks))
    script = (
        "import sys, time\n"
        "from affekt.audio import decode\n"
        "from affekt.errors import AudioError\n"
        "try:\n"
        "    decode(sys.argv[1])\n"
        "except AudioError:\n"
        "    pass\n"
        "print(time.process_time(), open('/proc/self/status').read())\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    # Not `ru_maxrss`, in which the process counts that this one was forked from.
    assert int(done.stdout.split("VmHWM:")[1].split()[0]) < 256 * 1024
    assert float(done.stdout.split()[0]) < 5.0


def test_pcm_of_many_samples_of_a_byte_is_no_damage(tone, encode_media):
    audio = decode(encode_media(tone(70.0), ("mov", "pcm_mulaw", 16000)))
    assert audio.duration_s == pytest.approx(70.0, abs=0.01)


def test_the_ffmpeg_of_pyav_can_be_limited():
    assert limit_allocations(av)
