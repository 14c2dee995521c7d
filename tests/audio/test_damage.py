"""Damaged recordings: read as far as they go, with a sentence that says so."""

import contextlib
import io
import struct
import subprocess
import sys
import tracemalloc
import zlib
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import soundfile

from affekt.audio import decode, decode_blocks
from affekt.errors import AudioError


def cut(data, share=0.7):
    return data[: int(len(data) * share)]


@pytest.mark.parametrize(
    ("kind", "sentence"),
    [
        (("WAV", "PCM_16"), "The end is missing: the header announces 5.00 s, 3.50 s could"),
        (("WAV", "FLOAT"), "The end is missing: the header announces 5.00 s, 3.50 s could"),
        (("WAV", "ULAW"), "The end is missing: the header announces 5.00 s, 3.50 s could"),
        (("W64", "PCM_16"), "The end is missing: the header announces 5.00 s, 3.50 s could"),
        (("RF64", "PCM_16"), "The end is missing: the header announces 5.00 s, 3.50 s could"),
        (("AIFF", "PCM_16"), "The end is missing: the header announces 5.00 s, 3.50 s could"),
        (("FLAC", "PCM_16"), "(flac decoder lost sync); what follows was not read."),
        (("MP3", "MPEG_LAYER_III"), "The end is missing: the header announces 5.00 s"),
        (("OGG", "VORBIS"), "The stream has no end mark: its end may be missing."),
        (("OGG", "OPUS"), "The stream has no end mark: its end may be missing."),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, tuple) else "",
)
def test_a_cut_tail_is_read_as_far_as_it_goes(kind, sentence, tone, encode):
    signal = tone(5.0)
    audio = decode(cut(encode(signal, 16000, kind)))
    assert 2.5 < audio.duration_s < 4.0
    assert sentence in audio.warnings[0]
    assert len(audio.warnings) == 1
    assert np.corrcoef(audio.signal, signal[: audio.signal.size])[0, 1] > 0.99


@pytest.mark.parametrize("kind", [("adts", "aac", 16000), ("webm", "libopus", 48000)])
def test_a_cut_media_file_is_read_as_far_as_it_goes(kind, tone, encode_media):
    audio = decode(cut(encode_media(tone(5.0), kind)))
    assert 3.0 < audio.duration_s < 4.0
    assert len(audio.warnings) == 1


def test_block_reader_collects_the_same_warnings(tone, encode):
    data = cut(encode(tone(5.0)))
    with decode_blocks(data, block_s=1.0) as reader:
        assert reader.warnings == []
        assert len(list(reader)) == 4
    assert tuple(reader.warnings) == decode(data).warnings != ()


def test_damage_within_a_flac_file_keeps_what_came_before(tone, encode):
    signal = np.round(tone(5.0) * 32768).astype(np.int16)
    data = bytearray(encode(signal, 16000, ("FLAC", "PCM_16")))
    data[len(data) // 2 : len(data) // 2 + 400] = bytes(400)
    audio = decode(bytes(data))
    assert 1.5 < audio.duration_s < 3.0
    np.testing.assert_array_equal(audio.signal, signal[: audio.signal.size] / np.float32(32768))
    assert "The recording is damaged after" in audio.warnings[0]


@pytest.mark.parametrize(
    ("kind", "length"),
    [
        (("WAV", "PCM_16"), 20),
        (("FLAC", "PCM_16"), 20),
        (("FLAC", "PCM_16"), 60),
        (("MP3", "MPEG_LAYER_III"), 60),
        (("OGG", "VORBIS"), 60),
        (("OGG", "OPUS"), 60),
        (("AIFF", "PCM_16"), 20),
    ],
)
def test_a_cut_header_is_refused(kind, length, tone, encode):
    with pytest.raises(AudioError, match="its header is damaged or cut off: get the file again"):
        decode(encode(tone(1.0), 16000, kind)[:length])


def test_a_cut_mp4_without_its_index_is_refused(tone, encode_media):
    with pytest.raises(AudioError, match="its MP4 header is damaged or cut off"):
        decode(cut(encode_media(tone(2.0), ("ipod", "aac", 16000))))


def test_a_flac_file_cut_within_its_first_frame_is_refused(tone, encode):
    with pytest.raises(AudioError, match="nothing of it can be decoded"):
        decode(encode(tone(1.0), 16000, ("FLAC", "PCM_16"))[:300])


def with_wav_data_size(data, size):
    place = data.index(b"data") + 4
    return data[:place] + struct.pack("<I", size) + data[place + 4 :]


def with_flac_total(data, total):
    """Overwrite the 36-bit sample count of STREAMINFO (RFC 9639, 8.2)."""
    place = 8 + 13
    first = bytes([(data[place] & 0xF0) | (total >> 32)])
    return data[:place] + first + struct.pack(">I", total & 0xFFFFFFFF) + data[place + 5 :]


def with_xing_count(data, count):
    place = data.index(b"Xing") + 8
    return data[:place] + struct.pack(">I", count) + data[place + 4 :]


def with_last_granule(data, granule):
    """Overwrite the position in the last Ogg page, and its checksum (RFC 3533)."""
    place = data.rfind(b"OggS")
    page = bytearray(data[place:])
    page[6:14] = struct.pack("<q", granule)
    page[22:26] = bytes(4)
    page[22:26] = struct.pack("<I", _ogg_crc(bytes(page)))
    return data[:place] + bytes(page)


def _ogg_crc(page):
    """CRC-32 as Ogg has it, by way of zlib's: mirrored bits, and no inversion at either end."""
    mirrored = bytes(int(f"{byte:08b}"[::-1], 2) for byte in page)
    crc = zlib.crc32(mirrored, 0xFFFFFFFF) ^ 0xFFFFFFFF
    return int(f"{crc:032b}"[::-1], 2)


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF, 0x7FFFF000])
def test_a_wav_file_from_a_pipe_has_no_length_and_needs_no_warning(size, tone, encode):
    audio = decode(with_wav_data_size(encode(tone(1.0)), size))
    assert (audio.duration_s, audio.warnings) == (1.0, ())


def test_flac_without_a_total_is_read_whole(tone, encode):
    audio = decode(with_flac_total(encode(tone(5.1), 16000, ("FLAC", "PCM_16")), 0))
    assert (audio.duration_s, audio.warnings) == (5.1, ())


@pytest.mark.parametrize(
    ("kind", "lie", "announced"),
    [
        (("FLAC", "PCM_16"), lambda data: with_flac_total(data, 120000), "7.50"),
        (("MP3", "MPEG_LAYER_III"), lambda data: with_xing_count(data, 282), "10.08"),
        (("OGG", "VORBIS"), lambda data: with_last_granule(data, 1000000), "62.50"),
        (("OGG", "OPUS"), lambda data: with_last_granule(data, 1000312), "20.83"),
    ],
    ids=["flac", "mp3", "vorbis", "opus"],
)
def test_a_header_that_announces_too_much_is_not_believed(kind, lie, announced, tone, encode):
    audio = decode(lie(encode(tone(5.0), 16000, kind)))
    assert audio.duration_s == pytest.approx(5.0, abs=0.05)
    assert audio.warnings[0].startswith(f"The end is missing: the header announces {announced} s")


LIES_LOW = pytest.mark.parametrize(
    ("kind", "lie"),
    [
        (("FLAC", "PCM_16"), lambda data: with_flac_total(data, 40000)),
        (("MP3", "MPEG_LAYER_III"), lambda data: with_xing_count(data, 70)),
        (("MP3", "MPEG_LAYER_III"), lambda data: data.replace(b"Xing", bytes(4))),
        (("OGG", "VORBIS"), lambda data: with_last_granule(data, 56000)),
    ],
    ids=["flac", "mp3", "mp3-no-count", "vorbis"],
)


@LIES_LOW
def test_a_header_that_announces_too_little_is_not_believed(kind, lie, tone, encode):
    pytest.importorskip("av", reason="PyAV, the extra media, is not installed")
    signal = tone(5.0)
    audio = decode(lie(encode(signal, 16000, kind)))
    assert audio.duration_s == pytest.approx(5.0, abs=0.15)
    assert audio.warnings[0].endswith("s were found and read.")


@LIES_LOW
def test_without_pyav_the_rest_is_announced(kind, lie, tone, encode, monkeypatch):
    monkeypatch.setitem(sys.modules, "av", None)
    audio = decode(lie(encode(tone(5.0), 16000, kind)))
    assert 0.5 < audio.duration_s < 4.0
    assert audio.warnings[0].endswith("was not read; pip install 'affekt[media]' reads it.")


def test_flac_read_on_past_its_header_has_no_seam(tone, encode):
    pytest.importorskip("av", reason="PyAV, the extra media, is not installed")
    signal = np.round(tone(5.0) * 32768).astype(np.int16)
    data = with_flac_total(encode(signal, 16000, ("FLAC", "PCM_16")), 40000)
    np.testing.assert_array_equal(decode(data).signal, signal / np.float32(32768))


def test_a_recorder_that_died_left_a_length_of_zero(tone, encode):
    audio = decode(with_wav_data_size(encode(tone(2.0)), 0))
    assert audio.duration_s == 2.0
    assert audio.warnings == ("The header announces 0.00 s, but 2.00 s were found and read.",)


def with_size(data, place, size, form):
    return data[:place] + struct.pack(form, size) + data[place + struct.calcsize(form) :]


@pytest.mark.parametrize(
    ("kind", "lie"),
    [
        (("WAV", "PCM_16"), lambda data: with_wav_data_size(data, 32000)),
        (("WAV", "ULAW"), lambda data: with_wav_data_size(data, 16000)),
        (("AU", "PCM_16"), lambda data: with_size(data, 8, 32000, ">I")),
        (("CAF", "PCM_16"), lambda data: with_size(data, data.index(b"data") + 4, 32004, ">q")),
    ],
    ids=["wav", "wav-ulaw", "au", "caf"],
)
def test_a_recorder_that_died_left_a_length_too_small(kind, lie, tone, encode):
    signal = tone(5.0)
    audio = decode(lie(encode(signal, 16000, kind)))
    assert audio.duration_s == 5.0
    assert audio.warnings == ("The header announces 1.00 s, but 5.00 s were found and read.",)
    assert np.corrcoef(audio.signal, signal)[0, 1] > 0.99


@pytest.mark.parametrize("kind", [("AU", "PCM_16"), ("CAF", "PCM_16")])
def test_a_cut_au_or_caf_is_read_as_far_as_it_goes(kind, tone, encode):
    data = encode(tone(5.0), 16000, kind)
    audio = decode(data[:-51200])
    assert audio.duration_s == pytest.approx(3.4, abs=0.01)
    assert audio.warnings == (
        "The end is missing: the header announces 5.00 s, 3.40 s could be read.",
    )


@pytest.mark.parametrize("kind", ["WAV", "AU", "CAF", "RF64", "AIFF", "FLAC"])
@pytest.mark.parametrize("count", [2, 3])
def test_joined_files_are_read_one_after_the_other(kind, count, tone, encode):
    signal = np.round(tone(1.5) * 32768).astype(np.int16)
    data = encode(signal, 16000, (kind, "PCM_16"))
    audio = decode(data * count)
    np.testing.assert_array_equal(audio.signal, np.tile(signal, count) / np.float32(32768))
    assert audio.warnings == (
        f"The file holds {count} recordings one behind the other: all were read.",
    )


@pytest.mark.parametrize("kind", ["WAV", "AIFF", "FLAC"])
def test_a_joined_file_of_another_kind_is_reported_and_not_read(kind, tone, encode):
    parts = ((tone(1.5), 16000), (tone(1.0, 44100, channels=2), 44100))
    audio = decode(b"".join(encode(*part, (kind, "PCM_16")) for part in parts))
    assert audio.duration_s == 1.5
    assert audio.warnings == (
        "After 1.50 s another recording follows, of 44100 Hz with 2 channels: what follows was not "
        "read; split the file there.",
    )


def test_chunks_and_zeros_behind_the_sound_are_no_sound(tone, encode):
    data = encode(tone(1.0))
    note = b"LIST" + struct.pack("<I", 5000) + bytes(range(33, 83)) * 100
    for behind in (note, note + note, bytes(9000), b"odd"):
        audio = decode(data + behind)
        assert (audio.duration_s, audio.warnings) == (1.0, ())
    assert decode((data + note) * 2).duration_s == 2.0


@pytest.mark.parametrize("kind", [("WAV", "IMA_ADPCM"), ("WAV", "MS_ADPCM"), ("WAV", "GSM610")])
def test_nothing_is_missing_from_a_compressed_wav(kind, tone, encode):
    data = encode(tone(3.0, 16000), 16000, kind)
    place = data.index(b"fmt ") + 16  # bytes a second, which few encoders compute
    assert decode(with_size(data, place, 16000, "<I")).warnings == ()


@pytest.mark.parametrize(
    ("place", "value"), [(28, 64000), (4, 96000)], ids=["byte-rate", "riff-size"]
)
def test_nothing_is_missing_where_other_fields_are_wrong(place, value, tone, encode):
    audio = decode(with_size(encode(tone(3.0)), place, value, "<I"))
    assert (audio.duration_s, audio.warnings) == (3.0, ())


@pytest.mark.parametrize(
    ("rate", "channels", "kind"),
    [(44100, 1, "VORBIS"), (16000, 2, "VORBIS"), (48000, 1, "OPUS")],
    ids=["rate", "channels", "codec"],
)
def test_a_chained_ogg_of_another_kind_is_reported_with_and_without_pyav(
    rate, channels, kind, tone, encode, monkeypatch
):
    first = encode(tone(2.0), 16000, ("OGG", "VORBIS"))
    data = first + encode(tone(1.5, rate, channels=channels), rate, ("OGG", kind))
    found = decode(data)
    assert found.duration_s == pytest.approx(2.0, abs=0.1)
    assert "another stream follows, of another kind: what follows was not read" in found.warnings[0]
    monkeypatch.setitem(sys.modules, "av", None)
    assert "what follows was not read" in decode(data).warnings[0]


@pytest.mark.parametrize("media", [True, False])
@pytest.mark.parametrize("kind", ["VORBIS", "OPUS"])
def test_a_cut_ogg_is_reported_with_and_without_pyav(kind, media, tone, encode, monkeypatch):
    if not media:
        monkeypatch.setitem(sys.modules, "av", None)
    data = encode(tone(5.3), 16000, ("OGG", kind))
    for share in (0.5, 0.6, 0.7, 0.8):
        audio = decode(data[: round(len(data) * share)])
        assert audio.warnings == ("The stream has no end mark: its end may be missing.",)


def test_a_file_of_many_channels_is_read_in_small_blocks():
    """Of 1,024 channels a second is 64 MB as floats; a block used to hold four of them."""
    frames = np.zeros((16000, 1024), dtype=np.int16)
    frames[:, 7] = (np.sin(np.arange(16000) / 5) * 9000).astype(np.int16)
    file = io.BytesIO()
    soundfile.write(file, frames, 16000, format="WAV", subtype="PCM_16")
    del frames
    data = file.getvalue()
    tracemalloc.start()
    try:
        with decode_blocks(data, block_s=1.0) as reader:
            loudest = max(np.abs(block).max() for block in reader)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert loudest == pytest.approx(9000 / 32768, abs=0.01)
    assert peak_bytes < 32e6


@pytest.mark.parametrize("kind", ["W64", "CAF", "WAV"])
@pytest.mark.parametrize("size", [0, 24, 2**62, 2**63 - 1])
def test_absurd_sizes_of_chunks_end_the_search_for_sound(kind, size, tone, encode):
    data = encode(tone(0.5), 16000, (kind, "PCM_16"))
    place = {"W64": 56, "CAF": 12, "WAV": 16}[kind]  # of the size of the first chunk
    form = {"W64": "<Q", "CAF": ">Q", "WAV": "<I"}[kind]
    damaged = with_size(data, place, size % 256 ** struct.calcsize(form), form)
    with contextlib.suppress(AudioError):
        assert decode(damaged).duration_s <= 0.6


def test_trailing_tags_are_no_sound(tone, encode):
    data = encode(tone(2.0), 16000, ("MP3", "MPEG_LAYER_III"))
    audio = decode(data + b"TAG" + bytes(125))
    assert (audio.duration_s, audio.warnings) == (2.0, ())


class FailingFile(io.BytesIO):
    """A file on a disk that gives an error halfway."""

    def read(self, size=-1):
        if self.tell() > 40000:
            raise OSError(5, "Input/output error")
        return super().read(size)


def test_a_failing_disk_is_an_error_and_no_short_recording(tone, encode):
    with pytest.raises(AudioError, match=r"reading failed .*Input/output error.*check the disk"):
        decode(FailingFile(encode(tone(5.0))))


def test_broken_mp3_prints_nothing_but_keeps_the_rest_of_stderr(tmp_path, tone, encode):
    path = tmp_path / "broken.mp3"
    data = bytearray(cut(encode(tone(5.0), 16000, ("MP3", "MPEG_LAYER_III"))))
    data[5000:5400] = bytes(400)
    path.write_bytes(bytes(data))
    script = (
        "import os, sys\n"
        "from affekt.audio import decode_blocks\n"
        "from affekt.audio.stderr import mpg123_silenced\n"
        "with mpg123_silenced():\n"
        "    os.write(2, b'[src/libmpg123/x.c:f():1] error: broken\\nmine\\n')\n"
        "    with decode_blocks(sys.argv[1]) as reader:\n"
        "        print(sum(block.size for block in reader))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, path], capture_output=True, text=True, check=True
    )
    assert int(done.stdout) > 30000
    assert done.stderr == "mine\n"


def test_broken_mp3_decodes_where_no_temporary_file_can_be_made(tone, encode, monkeypatch):
    def no_room():
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr("tempfile.TemporaryFile", no_room)
    assert decode(encode(tone(1.0), 16000, ("MP3", "MPEG_LAYER_III"))).duration_s == 1.0


def test_mp3_files_decode_in_several_threads_at_once(tone, encode):
    data = encode(tone(2.0), 16000, ("MP3", "MPEG_LAYER_III"))
    with ThreadPoolExecutor(4) as pool:
        durations = [audio.duration_s for audio in pool.map(decode, [data] * 40)]
    assert durations == [2.0] * 40
