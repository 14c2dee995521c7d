"""The contract of every format: what goes in comes out, mono, at 16 kHz, of the same length."""

import io
import os
import re
import sys
from pathlib import Path

import numpy as np
import pytest

import affekt
from affekt.audio import decode, decode_blocks
from affekt.audio.bandwidth import NARROW_BAND
from affekt.audio.formats import (
    FORMATS,
    SIGNATURE_BYTES,
    SUFFIXES,
    format_of,
    is_recording,
    media_type,
)
from affekt.errors import AudioError, MissingExtraError


def spectral_peak_hz(signal, rate=16000):
    return np.argmax(np.abs(np.fft.rfft(signal))) * rate / signal.size


def test_soundfile_format_keeps_the_sound(soundfile_kind, tone, encode):
    signal = tone(1.5)
    audio = decode(encode(signal, 16000, soundfile_kind))
    assert audio.signal.dtype == np.float32
    assert audio.signal.shape == signal.shape
    assert audio.duration_s == 1.5
    assert (audio.source_rate_hz, audio.source_channels) == (16000, 1)
    assert audio.warnings == ()
    assert np.corrcoef(audio.signal, signal)[0, 1] > 0.99


def test_lossless_formats_are_exact(tone, encode):
    signal = np.round(tone(0.5) * 32768).astype(np.int16)
    for kind in [("WAV", "PCM_16"), ("WAV", "PCM_32"), ("FLAC", "PCM_16"), ("AIFF", "PCM_16")]:
        decoded = decode(encode(signal, 16000, kind)).signal
        np.testing.assert_array_equal(decoded, signal / np.float32(32768), err_msg=str(kind))


def test_every_format_becomes_mono_16_khz(soundfile_kind, tone, encode):
    audio = decode(encode(tone(1.0, 48000, channels=2), 48000, soundfile_kind))
    assert audio.sampling_rate_hz == 16000
    assert (audio.source_rate_hz, audio.source_channels) == (48000, 2)
    assert audio.signal.shape == (16000,)
    assert spectral_peak_hz(audio.signal) == 440


@pytest.mark.parametrize("rate", [1000, 8000, 11025, 22050, 44100, 96000, 384000])
def test_any_rate_becomes_16_khz(rate, tone, encode):
    audio = decode(encode(tone(1.0, rate, hz=200), rate))
    assert audio.signal.size == 16000
    assert spectral_peak_hz(audio.signal) == 200


def test_media_format_keeps_the_sound(media_kind, tone, encode_media):
    audio = decode(encode_media(tone(2.0), media_kind))
    assert audio.signal.dtype == np.float32
    assert audio.source_rate_hz == media_kind[2]
    assert audio.duration_s == pytest.approx(2.0, abs=0.13)  # encoders fill their last packet
    assert audio.warnings == ((NARROW_BAND,) if media_kind[2] == 8000 else ())
    assert spectral_peak_hz(audio.signal[:16000]) == 440
    assert np.abs(audio.signal).max() == pytest.approx(0.55, abs=0.15)


def test_media_blocks_joined_are_the_whole(tone, encode_media):
    data = encode_media(tone(2.0), ("mp4", "aac", 44100))
    with decode_blocks(data, block_s=0.3) as reader:
        joined = np.concatenate(list(reader))
    np.testing.assert_array_equal(joined, decode(data).signal)


def test_media_stretch_is_a_slice_of_the_whole(tone, encode_media):
    data = encode_media(tone(4.0), ("ipod", "aac", 16000))
    stretch = decode(data, start_s=2.5, end_s=3.25)
    np.testing.assert_array_equal(stretch.signal, decode(data).signal[40000:52000])


def test_media_without_pyav_names_the_extra(media_kind, tone, encode_media, monkeypatch):
    data = encode_media(tone(1.0), media_kind)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'affekt\[media\]'"):
        decode(data)


def test_soundfile_formats_need_no_pyav(soundfile_kind, tone, encode, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    assert decode(encode(tone(0.5), 16000, soundfile_kind)).duration_s == 0.5


def test_an_encoding_unknown_to_libsndfile_goes_to_pyav(tone, encode_media):
    data = encode_media(tone(1.0), ("wav", "adpcm_swf", 22050))
    assert data[:4] == b"RIFF"
    assert decode(data).source_rate_hz == 22050


def test_without_pyav_an_unknown_encoding_hints_at_the_extra(tone, encode_media, monkeypatch):
    data = encode_media(tone(1.0), ("wav", "adpcm_swf", 22050))
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(AudioError, match=r"if it plays elsewhere, pip install 'affekt\[media\]'"):
        decode(data)


def test_the_content_decides_not_the_extension(tmp_path, tone, encode, encode_media):
    for name, data in [
        ("speech.mp3", encode(tone(0.5), 16000, ("FLAC", "PCM_16"))),
        ("speech.raw", encode(tone(0.5))),
        ("speech.wav", encode_media(tone(0.5), ("ipod", "aac", 16000))),
        ("speech", encode(tone(0.5), 16000, ("OGG", "OPUS"))),
    ]:
        (tmp_path / name).write_bytes(data)
        assert decode(tmp_path / name).duration_s == pytest.approx(0.5, abs=0.13)


@pytest.mark.parametrize(
    "content",
    [
        b"a text, not a sound\n" * 500,
        bytes(20000),
        np.random.default_rng(0).bytes(20000),
        (np.sin(np.arange(16000) / 5) * 9000).astype("<i2").tobytes(),
        b"#EXTM3U\n#EXT-X-TARGETDURATION:9\n#EXTINF:9,\nhttp://127.0.0.1:9/a.ts\n",
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 1\n",
        b"%PDF-1.7\n" + bytes(5000),
    ],
    ids=["text", "zeros", "random", "headerless", "playlist", "lfs-pointer", "pdf"],
)
def test_what_is_no_recording_is_refused(content):
    with pytest.raises(AudioError, match="is not a recording that can be read: convert it to"):
        decode(content)


def test_a_headerless_file_is_refused_whatever_its_name(tmp_path, tone):
    path = tmp_path / "speech.raw"
    path.write_bytes((tone(1.0) * 32767).astype("<i2").tobytes())
    with pytest.raises(AudioError, match=r"speech\.raw: is not a recording"):
        decode(path)


def test_a_video_without_sound_is_refused():
    av = pytest.importorskip("av", reason="PyAV, the extra media, is not installed")
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=5)
        stream.width = stream.height = 32
        for _ in range(5):
            picture = av.VideoFrame.from_ndarray(np.zeros((32, 32, 3), np.uint8), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with pytest.raises(AudioError, match="holds no sound: name a recording with a sound track"):
        decode(buffer.getvalue())


# Names of the two libraries for what one entry of the list stands for.
NAMES = {"OGG": "Ogg", "ipod": "MP4", "mp4": "MP4", "3gp": "MP4", "adts": "AAC", "amr": "AMR"}
NAMES |= {"webm": "WebM or Matroska", "matroska": "WebM or Matroska", "mov": "MP4"}


def test_the_signature_tells_the_format(soundfile_kind, tone, encode, tmp_path):
    data = encode(tone(0.5), 16000, soundfile_kind)
    assert format_of(data[:SIGNATURE_BYTES]).name == NAMES.get(soundfile_kind[0], soundfile_kind[0])
    (tmp_path / "noext").write_bytes(data)
    assert is_recording(tmp_path / "noext")


def test_the_signature_tells_what_ffmpeg_reads(media_kind, tone, encode_media, tmp_path):
    data = encode_media(tone(0.5), media_kind)
    found = format_of(data[:SIGNATURE_BYTES])
    assert (found.name, found.needs_media) == (NAMES[media_kind[0]], True)
    (tmp_path / "noext").write_bytes(data)
    assert is_recording(tmp_path / "noext")


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\xff",
        b"\xff\xfea\x00 \x00t\x00e\x00x\x00t\x00",
        b"\xff\xd8\xff\xe0\x00\x10JFIF",
        b"RIFF\x00\x00\x00\x00WEBPVP8 ",
        b"FORM\x00\x00\x00\x00ILBM",
        b"path,emotion\na.wav,angry\n",
    ],
    ids=["empty", "one-byte", "utf-16", "jpeg", "webp", "picture", "table"],
)
def test_other_files_have_no_signature_of_a_recording(head, tmp_path):
    assert format_of(head) is None
    (tmp_path / "notes.txt").write_bytes(head)
    assert not is_recording(tmp_path / "notes.txt")


def test_a_name_suffices_and_is_found_in_any_case(tmp_path):
    for suffix in SUFFIXES:
        (tmp_path / f"a{suffix.upper()}").touch()
        assert is_recording(tmp_path / f"a{suffix.upper()}")


def test_no_suffix_stands_for_two_formats():
    assert len(SUFFIXES) == len(set(SUFFIXES)) == sum(len(kind.suffixes) for kind in FORMATS)


def test_what_is_no_regular_file_is_no_recording_and_nothing_waits_for_it(tmp_path):
    os.mkfifo(tmp_path / "pipe.wav")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "loop.wav").symlink_to(tmp_path / "loop.wav")
    for name in ("pipe.wav", "folder.wav", "loop.wav", "gone.wav", "x" * 5000):
        assert not is_recording(tmp_path / name)
    assert not is_recording("/dev/zero")


def test_media_types_follow_the_suffix() -> None:
    assert media_type("A.MP3") == "audio/mpeg"
    assert media_type("a.xyz") == "application/octet-stream"


def test_the_page_that_works_offline_asks_for_files_of_the_table() -> None:
    source = Path(affekt.__file__).parent
    page = (source / "web_bundle" / "page" / "index.html").read_text(encoding="utf-8")
    [accepted] = re.findall(r'accept="audio/\*,([^"]+)"', page)
    assert set(accepted.split(",")) <= set(SUFFIXES)
