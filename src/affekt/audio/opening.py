"""Choosing the decoder of a recording by its content."""

from __future__ import annotations

from affekt.audio.chunks import layout_of
from affekt.audio.formats import READABLE, SIGNATURE_BYTES, format_of, resembles_a_format
from affekt.audio.media import MediaDecoder
from affekt.audio.sndfile import SoundfileDecoder, UnreadableError
from affekt.audio.source import ByteStream
from affekt.errors import AudioError, MissingExtraError

# Those that may hold an encoding which only FFmpeg knows (MP3 within WAV, Speex within Ogg).
_VESSELS = (b"RIFF", b"OggS", b"caff")

Decoder = SoundfileDecoder | MediaDecoder


def open_decoder(
    stream: ByteStream, *, track: int | None = None
) -> tuple[Decoder, ByteStream | None]:
    """Open a recording.

    Args:
        stream: the file.
        track: of several sound tracks, 0-based; None is the default one, if it holds sound.

    Returns:
        Its decoder, and what follows in the file where another recording does.

    Raises:
        AudioError: it is no recording, its header is damaged, or there is no such track.
        MissingExtraError: the format needs PyAV, which is not installed.
    """
    layout = layout_of(stream)
    decoder = _decoder_of(layout.stream, share=layout.share, track=track)
    if track not in (None, 0) and isinstance(decoder, SoundfileDecoder):
        decoder.close()
        raise AudioError(f"{stream.label}: there is no sound track {track}: it has one (0)")
    return decoder, layout.rest


def _decoder_of(stream: ByteStream, *, share: float, track: int | None) -> Decoder:
    """Try libsndfile first (0.2 ms), and FFmpeg (10 ms) if it refuses."""
    head = stream.peek(SIGNATURE_BYTES)
    try:
        return SoundfileDecoder(stream, share=share)
    except UnreadableError as refusal:
        stream.raise_read_error()
        kind = format_of(head)
        if kind is not None and kind.needs_media:
            return MediaDecoder(stream, container=kind.name, track=track)
        if not resembles_a_format(head):
            raise AudioError(
                f"{stream.label}: is not a recording that can be read: "
                f"convert it to one of {READABLE}"
            ) from refusal
        remedy = "get the file again"
        if head.startswith(_VESSELS):
            try:
                return MediaDecoder(stream, container="file", track=track)
            except MissingExtraError:
                remedy += ", or, if it plays elsewhere, pip install 'affekt[media]'"
            except AudioError:
                pass  # FFmpeg finds no sense in it either
        raise AudioError(f"{stream.label}: its header is damaged or cut off: {remedy}") from refusal
