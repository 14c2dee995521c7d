"""One clip before and after trimming: its facts, its spectra, and a view for notebooks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from affekt.audio import SAMPLING_RATE_HZ, check_channel, resample, to_mono, trim
from affekt.errors import ConfigError
from affekt.inspection.clip_plot import draw_clip
from affekt.inspection.side import Side
from affekt.inspection.sound import TOP_DB, Sound, measure, read_recording
from affekt.output import check_output, write_output
from affekt.report import data_address, render


@dataclass(frozen=True, eq=False)
class ClipView:
    """A clip, what was measured in it, and its picture; a notebook shows both, and plays it.

    Attributes:
        path: the file.
        sound: its facts, at its own rate.
        before, after: the clip whole, and trimmed at 30 dB.
    """

    path: Path
    sound: Sound
    before: Side
    after: Side

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What was measured, in words."""
        sound = self.sound
        facts = [
            ("file", str(self.path)),
            ("duration", f"{sound.duration_s:.3f} s"),
            ("sampling rate", f"{sound.sampling_rate_hz} Hz"),
            ("channels", str(sound.channels)),
            ("peak", f"{sound.peak_dbfs:.1f} dBFS"),
            ("RMS", f"{sound.rms_dbfs:.1f} dBFS"),
            ("clipped", f"{sound.clipped_samples} samples at full scale"),
        ]
        if sound.silent:
            facts.append(("silence", "all of it: it peaks below -80 dBFS"))
        else:
            facts += [
                ("silence before", f"{sound.leading_s:.3f} s"),
                ("silence after", f"{sound.trailing_s:.3f} s"),
                ("silent frames", f"{sound.silent_share:.1%}"),
            ]
        return [*facts, *(("note", warning) for warning in sound.warnings)]

    def png(self) -> bytes:
        """Return the picture.

        Raises:
            MissingExtraError: matplotlib is not installed.
        """
        from affekt.report import to_png

        return to_png(draw_clip(self))

    def save(self, path: str | Path, *, replace: bool = False) -> Path:
        """Write the picture, and return where it lies.

        Args:
            path: its name ends in .png; an earlier picture of this kind is replaced.
            replace: whatever else lies there is replaced as well.

        Raises:
            ConfigError: the name does not end in .png, another file lies there, or it cannot be
                written.
            MissingExtraError: matplotlib is not installed.
        """
        path = Path(path)
        if path.suffix.lower() != ".png":
            raise ConfigError(f"{path}: a picture's name ends in .png")
        check_output(path, inputs=[self.path], force=replace)
        write_output(path, self.png(), inputs=[self.path], force=replace)
        return path

    def _repr_html_(self) -> str:
        return render(
            __package__, "clip.html", clip=self, png=data_address("image/png", self.png())
        )


def show(clip: str | Path, *, channel: int | None = None, track: int | None = None) -> ClipView:
    """Show a clip in a notebook: facts, a player, and the picture before and after trimming.

    Args:
        clip: a recording.
        channel: the one to draw and play, 0-based; None is the mean of those with sound.
        track: of several sound tracks, 0-based; None is the default one, if it holds sound.

    Returns:
        What a notebook draws by itself; `png()` gives the picture alone.

    Raises:
        AudioError: the clip cannot be read, or lacks the channel.
        MissingExtraError: the format needs PyAV, which is not installed.
    """
    recording = read_recording(clip, track=track)
    check_channel(channel, recording.frames.shape[1], name=str(clip))
    rate_hz = recording.sampling_rate_hz
    signal = resample(to_mono(recording.frames, rate_hz, channel), rate_hz, SAMPLING_RATE_HZ)
    return ClipView(
        path=Path(clip),
        sound=measure(recording, channel=channel),
        before=Side(signal),
        after=Side(trim(signal, SAMPLING_RATE_HZ, top_db=TOP_DB)),
    )
