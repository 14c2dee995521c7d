"""`affekt listen`: recognise while the sound comes in."""

from __future__ import annotations

import json
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import click

from affekt.audio import SAMPLE_FORMATS, SAMPLING_RATE_HZ, VADS, Bandwidth, SampleFormat, VadName
from affekt.cli.interrupts import uninterrupted
from affekt.cli.options import declared_option, purpose_options
from affekt.cli.saying import echo, say
from affekt.cli.terms import say_terms_once
from affekt.recognition import plan_tracks, stamp
from affekt.records import HOP_S, WINDOW_S, StreamRequest

if TYPE_CHECKING:
    from affekt.recognition import Tally
    from affekt.records import Moment


@click.command()
@click.option(
    "--stdin", "from_stdin", is_flag=True, help="Raw samples from standard input, no microphone."
)
@click.option("--rate", type=int, default=16_000, show_default=True, help="Of the raw samples, Hz.")
@click.option(
    "--sample-format", type=click.Choice(SAMPLE_FORMATS), default="s16le", show_default=True
)
@click.option("--channels", type=int, default=1, show_default=True, help="Of the raw samples.")
@declared_option(StreamRequest, "channel")
@declared_option(StreamRequest, "mix")
@click.option("--device", help="Microphone: its name, part of it, or its number.")
@declared_option(StreamRequest, "window_s", default=WINDOW_S, show_default=True)
@declared_option(StreamRequest, "hop_s", default=HOP_S, show_default=True)
@declared_option(StreamRequest, "threshold")
@click.option("--vad", type=click.Choice(VADS), default="energy", show_default=True)
@declared_option(StreamRequest, "speaker", metavar="NAME")
@purpose_options
@click.option(
    "--format",
    "format_name",
    type=click.Choice(["text", "jsonl"]),
    default="text",
    show_default=True,
)
@click.option("--model", default="default", show_default=True, metavar="NAME[@VERSION]|PATH")
def listen(
    from_stdin: bool,
    rate: int,
    sample_format: SampleFormat,
    channels: int,
    channel: int | None,
    mix: bool,
    device: str | None,
    window_s: float,
    hop_s: float,
    threshold: float | None,
    vad: VadName,
    speaker: str | None,
    purpose: str | None,
    consented: bool,
    format_name: str,
    model: str,
) -> None:
    """Recognise while somebody speaks: one answer a second, over the window that ends there.

    Listens to the microphone (extra `live`), or with --stdin to raw samples, as another program
    writes them: ffmpeg -i VOICE -f s16le -ar 16000 -ac 1 - | affekt listen --stdin. Channels that
    take turns, as those of a call do, are refused once they have, unless one is chosen.

    Ctrl-C ends it, and a summary follows. Inform the speakers that an emotion recogniser
    is at work. A --speaker at work or in education needs a --purpose.
    """
    from affekt.recognition import Recognizer, StreamRecognizer, Tally, microphone, raw_samples

    if speaker is not None:  # the rule of calls, for a call of one
        plan_tracks(1, names=[speaker], analyse=[speaker], purpose=purpose, consented=consented)
    recognizer = Recognizer.load(model)
    say_terms_once(recognizer.bundle.metadata)
    stream = StreamRecognizer(
        recognizer,
        window_s=window_s,
        hop_s=hop_s,
        threshold=threshold,
        vad=vad,
        purpose=purpose,
        consented=consented,
    )
    if from_stdin:
        chunks = raw_samples(
            sys.stdin.buffer,
            sampling_rate_hz=rate,
            sample_format=sample_format,
            channels=channels,
            channel=channel,
            mix=mix,
        )
    else:
        chunks = microphone(
            int(device) if device and device.isdigit() else device, dropped=_say_dropped
        )
    tally = Tally()
    band = Bandwidth(SAMPLING_RATE_HZ, rate if from_stdin else SAMPLING_RATE_HZ)

    def show(moment: Moment) -> None:
        tally.add(moment)
        echo(_line(moment, format_name))

    try:
        with closing(chunks):
            for chunk in chunks:
                with uninterrupted():
                    band.update(chunk)
                    for moment in stream.push(chunk):
                        show(moment)
    except KeyboardInterrupt:
        pass  # the windows so far are answered, as at the end of the stream
    for moment in stream.finish():
        show(moment)
    for warning in band.warnings():
        click.echo(f"affekt: {warning}", err=True)
    _say_summary(tally, stamp(purpose, consented=consented))


def _line(moment: Moment, format_name: str) -> str:
    if format_name == "jsonl":
        return json.dumps({"purpose": None} | moment.to_dict())
    window = f"{moment.start_s:7.1f} to {moment.end_s:7.1f} s"
    stamp = f"  ({moment.purpose})" if moment.purpose else ""
    if moment.out_of_domain:
        return f"{window}  not speech{stamp}"
    if moment.emotion is None or moment.confidence is None:
        return f"{window}  -{stamp}"
    remark = "  uncertain" if moment.uncertain else ""
    return f"{window}  {moment.emotion:<10}{moment.confidence:6.1%}{remark}{stamp}"


def _say_dropped(seconds: float) -> None:
    say(f"the machine is too slow: {seconds:.1f} s were dropped")


def _say_summary(tally: Tally, purpose: str | None) -> None:
    parts = [f"{name} {seconds:.0f} s" for name, seconds in tally.seconds().items()]
    line = f"affekt: analysed {tally.total_s:.1f} s" + (": " if parts else "") + ", ".join(parts)
    say(line + (f"; purpose: {purpose}" if purpose else ""), prefix="")
