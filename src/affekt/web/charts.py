"""The drawings of the page. Each has a description for screen readers; the page has the numbers."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import altair as alt
import numpy as np
import numpy.typing as npt
from PIL import Image

from affekt.features import FloatArray, mel_frequencies
from affekt.recognition import SPECTRUM, Explanation
from affekt.recognition.annotations import NOT_SPEECH, SILENCE, SPEECH, UNCERTAIN, label_of, looks
from affekt.records import Score, Timeline
from affekt.web.analysis import CELL_S

NOT_ANALYSED = "speech, not analysed"

_GREY = "#8a94a3"  # visible on white and on black
_POINTS = 1500
# Natural logarithm of power: 80 dB below the loudest is black.
_RANGE = 80.0 / 10.0 * np.log(10.0)
# A few colours of matplotlib's "magma" (CC0), dark to bright.
_MAGMA = np.array(
    [[0, 0, 4], [59, 15, 112], [140, 41, 129], [222, 73, 104], [254, 159, 109], [252, 253, 191]]
)


def probability_chart(scores: Sequence[Score], labels: Sequence[str]) -> alt.LayerChart:
    """Draw a bar a label, most probable first."""
    rows = [
        {"emotion": item.label, "probability": item.score, "percent": f"{item.score:.0%}"}
        for item in scores
    ]
    order = [item.label for item in scores]
    base = alt.Chart(_data(rows)).encode(
        y=alt.Y("emotion:N", sort=order, title=None, axis=alt.Axis(labelFontSize=13)),
        x=alt.X(
            "probability:Q",
            scale=alt.Scale(domain=[0, 1]),
            axis=alt.Axis(format="%", tickCount=5),
            title="probability",
        ),
        tooltip=[alt.Tooltip("emotion:N"), alt.Tooltip("probability:Q", format=".1%")],
    )
    bars = base.mark_bar(stroke=_GREY, strokeWidth=0.5).encode(
        color=alt.Color("emotion:N", scale=_colours(labels), legend=None)
    )
    numbers = base.mark_text(align="left", dx=4, color=_GREY).encode(text="percent:N")
    first = ", ".join(f"{item.label} {item.score:.0%}" for item in scores[:3])
    layered: alt.LayerChart = (bars + numbers).properties(
        height=28 * len(rows) + 40, description=f"Probabilities of the emotions: {first}"
    )
    return layered


def timeline_chart(timeline: Timeline) -> alt.Chart:
    """Draw who speaks when and how it sounds, a row a voice; silence stays empty."""
    rows = []
    for track in timeline.tracks:
        for segment in track.segments:
            label = label_of(segment, track)
            if label == SILENCE:
                continue
            rows.append(
                {
                    "voice": track.name or "voice",
                    "start": segment.start_s,
                    "end": segment.end_s,
                    "emotion": NOT_ANALYSED if label == SPEECH else label,
                    "confidence": segment.confidence,
                }
            )
    names = [track.name or "voice" for track in timeline.tracks]
    present = list(dict.fromkeys(row["emotion"] for row in rows))
    shown = [
        label
        for label in (*timeline.labels, UNCERTAIN, NOT_ANALYSED, NOT_SPEECH)
        if label in present
    ]
    # A lone voice needs no name, but its place in time must stand below that of the waveform.
    named = timeline.tracks[0].name is not None
    axis = _left_axis(title="voice" if named else " ", labels=named, ticks=False, domain=False)
    chart: alt.Chart = (
        alt.Chart(_data(rows))
        .mark_rect(stroke=_GREY, strokeWidth=0.7, cornerRadius=2)
        .encode(
            x=alt.X("start:Q", title="seconds", scale=_seconds(0.0, timeline.duration_s)),
            x2="end:Q",
            y=alt.Y("voice:N", sort=names, scale=alt.Scale(domain=names), axis=axis),
            color=alt.Color(
                "emotion:N",
                scale=_colours(timeline.labels, shown),
                legend=alt.Legend(
                    title=None,
                    orient="bottom",
                    symbolType="square",
                    symbolSize=200,
                    symbolStrokeWidth=0.7,
                ),
            ),
            tooltip=[
                alt.Tooltip("emotion:N"),
                alt.Tooltip("start:Q", format=".1f"),
                alt.Tooltip("end:Q", format=".1f"),
                alt.Tooltip("confidence:Q", format=".0%"),
            ],
        )
        .properties(
            height=50 * len(names) + 160,
            description="Timeline of the emotions; the table below it lists every segment",
        )
    )
    return chart


def waveform_chart(envelope: FloatArray, start_s: float = 0.0) -> alt.Chart:
    """Draw the loudness over time, from the smallest to the largest sample of each moment."""
    step = max(1, -(-len(envelope) // _POINTS))
    starts = np.arange(0, len(envelope), step)
    low = np.minimum.reduceat(envelope[:, 0], starts)
    high = np.maximum.reduceat(envelope[:, 1], starts)
    rows = [
        {"time": round(start_s + k * CELL_S, 3), "low": round(a, 4), "high": round(b, 4)}
        for k, a, b in zip(starts.tolist(), low.tolist(), high.tolist(), strict=True)
    ]
    end_s = start_s + len(envelope) * CELL_S
    chart: alt.Chart = (
        alt.Chart(_data(rows))
        .mark_area(color="#4c8dca", line=False)
        .encode(
            x=alt.X("time:Q", title="seconds", scale=_seconds(start_s, end_s)),
            y=alt.Y(
                "low:Q",
                scale=alt.Scale(domain=[-1, 1]),
                axis=_left_axis(title="amplitude", tickCount=3),
            ),
            y2="high:Q",
        )
        .properties(height=190, description=f"Waveform from {start_s:.1f} to {end_s:.1f} seconds")
    )
    return chart


def spectrogram_chart(explanation: Explanation) -> alt.LayerChart:
    """Draw the mel spectrogram, and over it how much each moment weighed in the answer."""
    start_s, end_s = explanation.start_s, explanation.start_s + explanation.duration_s
    bands = explanation.log_mel.shape[1]
    place = {"url": _picture(explanation.log_mel), "a": start_s, "b": end_s, "low": 0, "top": bands}
    scale = _seconds(start_s, end_s)
    picture = (
        alt.Chart(_data([place]))
        .mark_image(aspect=False)
        .encode(
            x=alt.X("a:Q", title="seconds", scale=scale),
            x2="b:Q",
            y=alt.Y("low:Q", scale=alt.Scale(domain=[0, bands]), axis=_mel_axis(bands)),
            y2="top:Q",
            url="url:N",
        )
    )
    line = (
        alt.Chart(_data(_relevance_rows(explanation)))
        .mark_area(color="#ffffff", opacity=0.35, line={"color": "#7df9ff", "strokeWidth": 2})
        .encode(
            x=alt.X("time:Q", title="seconds", scale=scale),
            y=alt.Y("relevance:Q", axis=None),
            tooltip=[alt.Tooltip("time:Q", format=".2f"), alt.Tooltip("share:N")],
        )
    )
    begin, finish = heart(explanation)
    layered: alt.LayerChart = (
        alt.layer(picture, line)
        .resolve_scale(y="independent")
        .properties(
            height=300,
            description=(
                "Mel spectrogram with the relevance of each moment over it; "
                f"half of the relevance lies between {begin:.1f} and {finish:.1f} seconds"
            ),
        )
    )
    return layered


def heart(explanation: Explanation) -> tuple[float, float]:
    """Return the shortest stretch in seconds that holds half of the relevance."""
    total = np.concatenate([[0.0], np.cumsum(explanation.relevance)])
    ends = np.searchsorted(total, total + 0.5 * total[-1] - 1e-9)
    starts = np.flatnonzero(ends < len(total))
    first = int(starts[np.argmin(ends[starts] - starts)])
    last = min(int(ends[first]), len(explanation.times_s) - 1)
    return float(explanation.times_s[first]), float(explanation.times_s[last])


def _data(rows: list[dict[str, Any]]) -> alt.InlineData:
    data: alt.InlineData = alt.InlineData(values=rows)
    return data


def _relevance_rows(explanation: Explanation) -> list[dict[str, Any]]:
    # Frames that would fall on one pixel are joined: the largest is what must be seen.
    step = max(1, -(-len(explanation.relevance) // _POINTS))
    starts = np.arange(0, len(explanation.relevance), step)
    values = np.maximum.reduceat(explanation.relevance, starts)
    return [
        {"time": round(time_s, 3), "relevance": value, "share": f"{value:.1%} of the answer"}
        for time_s, value in zip(explanation.times_s[starts].tolist(), values.tolist(), strict=True)
    ]


def _picture(log_mel: FloatArray) -> str:
    """Return the spectrum as the address of a PNG that holds it."""
    shade = np.clip(1.0 + (log_mel.T[::-1] - log_mel.max()) / _RANGE, 0.0, 1.0)
    steps = np.linspace(0.0, 1.0, len(_MAGMA))
    channels = [np.interp(shade, steps, _MAGMA[:, k]) for k in range(3)]
    pixels: npt.NDArray[np.uint8] = np.stack(channels, axis=-1).round().astype(np.uint8)
    picture = Image.fromarray(pixels)
    if picture.width > 2 * _POINTS:
        picture = picture.resize((2 * _POINTS, picture.height))
    file = io.BytesIO()
    picture.save(file, "PNG")
    return "data:image/png;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def _mel_axis(bands: int) -> alt.Axis:
    centres_hz = mel_frequencies(bands, SPECTRUM.fmin_hz, SPECTRUM.fmax_hz)
    wanted = {250: "250 Hz", 500: "500 Hz", 1000: "1 kHz", 2000: "2 kHz", 4000: "4 kHz"}
    places = {int(np.abs(centres_hz - hz).argmin()): text for hz, text in wanted.items()}
    cases = " : ".join(f"datum.value == {place} ? '{text}'" for place, text in places.items())
    return _left_axis(
        title="frequency", values=list(places), labelExpr=f"{cases} : ''", labelOverlap=False
    )


def _left_axis(**settings: Any) -> alt.Axis:
    """Return an axis as wide as the others, so that drawings of one time scale are aligned."""
    return alt.Axis(**settings, minExtent=60, maxExtent=60, grid=False)


def _seconds(start_s: float, end_s: float) -> alt.Scale:
    return alt.Scale(domain=[start_s, end_s], nice=False, zero=False)


def _colours(labels: Sequence[str], shown: Sequence[str] | None = None) -> alt.Scale:
    fills = {name: look.fill for name, look in looks(labels).items()}
    named = fills | {NOT_ANALYSED: fills[SPEECH]}
    domain = list(labels if shown is None else shown)
    return alt.Scale(domain=domain, range=[named[label] for label in domain])
