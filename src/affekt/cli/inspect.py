"""`affekt inspect`: the picture and the facts of one clip."""

from __future__ import annotations

from pathlib import Path

import click

from affekt.cli.options import force_option, track_option
from affekt.cli.saying import echo


@click.command()
@click.argument("clip", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="PICTURE",
    help="Where the picture goes; the name ends in .png.  [default: the clip's name with .png, in "
    "the current folder]",
)
@click.option(
    "--channel",
    type=click.IntRange(min=0),
    help="Draw this channel, counted from 0, instead of the mean of all.",
)
@track_option
@force_option
def inspect(
    clip: Path, out: Path | None, channel: int | None, track: int | None, force: bool
) -> None:
    """Say what a clip is like, and draw it before and after trimming.

    The picture shows waveform, spectrogram, mel filterbank output, mel spectrogram and MFCC. One
    drawn before is replaced; any other file of that name is kept, unless with --force.
    """
    from affekt.inspection import show

    view = show(clip, channel=channel, track=track)
    width = max(len(name) for name, _ in view.facts)
    for name, value in view.facts:
        echo(f"{name:<{width}}  {value}")
    picture = view.save(out or Path(f"{clip.stem}.png"), replace=force)
    echo(f"{'picture':<{width}}  {picture}")
