"""The recordings of a session: bytes in memory, never a file."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from affekt.web.launch import MAX_UPLOAD_BYTES

MICROPHONE = "microphone.wav"


class Upload(Protocol):
    """What Streamlit hands over."""

    file_id: str
    name: str
    type: str

    def getvalue(self) -> bytes:
        """Return the whole file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """A file that somebody uploaded, or spoke.

    Attributes:
        key: tells it from the others of the session.
        name: of the file.
        media_type: as the browser has it; it may be wrong.
        data: the whole file.
    """

    key: str
    name: str
    media_type: str
    data: bytes = field(repr=False)

    @property
    def size(self) -> str:
        """Size of the file, for people."""
        return size_text(len(self.data))

    @property
    def too_large(self) -> bool:
        """The file is larger than the limit."""
        return len(self.data) > MAX_UPLOAD_BYTES


def collect(uploads: Iterable[Upload], spoken: Upload | None) -> list[Recording]:
    """Return the recordings at hand, what was spoken last."""
    found = [
        Recording(
            key=item.file_id,
            name=item.name,
            media_type=item.type or "unknown",
            data=item.getvalue(),
        )
        for item in uploads
    ]
    if spoken is not None:
        found.append(
            Recording(
                key=spoken.file_id,
                name=MICROPHONE,
                media_type=spoken.type or "audio/wav",
                data=spoken.getvalue(),
            )
        )
    return found


def size_text(size_bytes: int) -> str:
    """Return a size for people, in decimal units as browsers do."""
    if size_bytes < 1e6:
        return f"{size_bytes / 1e3:.1f} KB"
    return f"{size_bytes / 1e6:.1f} MB"


def duration_text(duration_s: float) -> str:
    """Return a length for people."""
    if duration_s < 60.0:
        return f"{duration_s:.1f} s"
    minutes, seconds = divmod(round(duration_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {seconds:02d} s"
