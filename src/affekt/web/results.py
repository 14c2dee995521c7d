"""The answers for one recording."""

from __future__ import annotations

import streamlit as st

from affekt.errors import AudioError, ConfigError
from affekt.recognition import Recognizer
from affekt.recognition.annotations import FORMATS, NOT_SPEECH, UNCERTAIN, label_of
from affekt.records import Prediction, Timeline, Track
from affekt.web import charts
from affekt.web.analysis import CELL_S, Analysis, Sound, Voice
from affekt.web.recordings import Recording, duration_text
from affekt.web.session import plain

# How much of a long recording is looked at closely, at once.
CLOSE_S = 10.0


def facts(recording: Recording, sound: Sound | None) -> None:
    """Show what kind of file it is."""
    rows = {"type": plain(recording.media_type), "size": recording.size}
    if sound is not None:
        rows |= {
            "length": duration_text(sound.duration_s),
            "sampling rate": f"{sound.sampling_rate_hz:,} Hz".replace(",", " "),
            "channels": str(sound.channels),
        }
    heading, values = " | ".join(rows), " | ".join(rows.values())
    st.markdown(f"| {heading} |\n|{'---|' * len(rows)}\n| {values} |")


def player(recording: Recording) -> None:
    """Let a person listen."""
    st.audio(recording.data, format=recording.media_type)


def show(recognizer: Recognizer, recording: Recording, sound: Sound, analysis: Analysis) -> None:
    """Show everything that was worked out, and above it for what purpose."""
    if analysis.wishes.stamp is not None:
        st.markdown(f"Purpose: **{analysis.wishes.stamp}**")
    for voice in analysis.voices:
        _emotion(voice, recognizer.labels())
    if analysis.timeline is not None:
        _timeline(analysis.timeline, recording)
    st.subheader("The sound")
    st.altair_chart(charts.waveform_chart(sound.envelope), key="waveform-all")
    _closely(recognizer, recording, sound, analysis)


def _emotion(voice: Voice, labels: tuple[str, ...]) -> None:
    prediction = voice.prediction
    whose = "" if voice.plan.name is None else f"{plain(voice.plan.name)}: "
    st.subheader(f"{whose}{said(prediction)}")
    if prediction.uncertain and not prediction.out_of_domain:
        st.warning(
            f"Uncertain: no emotion is probable enough to be named with confidence; "
            f"{prediction.emotion} is merely the most probable.",
            icon=":material/question_mark:",
        )
    if prediction.out_of_domain:
        st.warning(
            "Out of domain: unlike the recordings that the model learnt from. If it is speech, "
            f"{prediction.emotion} is merely the most probable.",
            icon=":material/hearing_disabled:",
        )
    if prediction.prediction_set is not None and len(prediction.prediction_set) > 1:
        st.markdown(f"Likely one of: {', '.join(prediction.prediction_set)}")
    for warning in prediction.warnings:
        st.caption(plain(warning))
    st.altair_chart(
        charts.probability_chart(prediction.predictions, labels), key=f"bars-{voice.plan.index}"
    )
    with st.expander("The probabilities as a table"):
        st.markdown(_probability_table(prediction))


def said(prediction: Prediction) -> str:
    """Say the answer in a few words; what is not speech is nobody's emotion."""
    if prediction.out_of_domain:
        return NOT_SPEECH
    return f"{prediction.emotion}, {prediction.confidence:.0%}"


def _probability_table(prediction: Prediction) -> str:
    rows = [f"| {item.label} | {item.score:.1%} |" for item in prediction.predictions]
    return "\n".join(["| emotion | probability |", "|---|---|", *rows])


def _timeline(timeline: Timeline, recording: Recording) -> None:
    st.subheader("Over time")
    st.altair_chart(charts.timeline_chart(timeline), key="timeline")
    for track in timeline.tracks:
        st.markdown(_summary(track))
    with st.expander("Every segment as a table"):
        st.markdown(_segment_table(timeline))
    left, right = st.columns([2, 1], vertical_alignment="bottom")
    name = left.selectbox(
        "Timeline as",
        FORMATS,
        format_func=lambda item: f"{item}: {FORMATS[item].description}",
    )
    form = FORMATS[name]
    right.download_button(
        "Download the timeline",
        form.text(timeline),
        f"{recording.name.rsplit('.', 1)[0]}{form.suffix}",
        form.media_type,
        on_click="ignore",
        icon=":material/download:",
    )


def _summary(track: Track) -> str:
    summary = track.summary
    who = "Somebody" if track.name is None else plain(track.name)
    text = f"- {who} speaks for {duration_text(summary.speech_s)}"
    if not track.analysed:
        return f"{text}; emotions are not inferred."
    shares = sorted(summary.shares.items(), key=lambda item: -item[1])
    text += ": " + ", ".join(f"{label} {share:.0%}" for label, share in shares if share >= 0.005)
    if summary.not_speech_s:
        text += f". Sound that is not speech: {duration_text(summary.not_speech_s)}"
    if summary.longest_negative is not None:
        start_s, end_s = summary.longest_negative
        text += f". Longest negative stretch: {start_s:.1f} to {end_s:.1f} s"
    for point in summary.turning_points[:5]:
        text += f". At {point.time_s:.1f} s from {point.before} to {point.after}"
    return f"{text}."


def _segment_table(timeline: Timeline) -> str:
    lines = ["| voice | from | to | emotion | confidence |", "|---|---|---|---|---|"]
    for track in timeline.tracks:
        for item in track.segments:
            emotion = label_of(item, track)
            if emotion == UNCERTAIN and item.emotion is not None:
                emotion = f"{UNCERTAIN} ({item.emotion})"
            share = "" if item.confidence is None else f"{item.confidence:.0%}"
            place = f"{item.start_s:.1f} s | {item.end_s:.1f} s"
            lines.append(f"| {plain(track.name or 'voice')} | {place} | {emotion} | {share} |")
    return "\n".join(lines)


@st.fragment
def _closely(
    recognizer: Recognizer, recording: Recording, sound: Sound, analysis: Analysis
) -> None:
    """Show what the model attended to, in all of a short recording or a stretch of a long one."""
    if not analysis.voices:
        return
    st.subheader("What the model attended to")
    voice = analysis.voices[0]
    if len(analysis.voices) > 1:
        voice = st.selectbox(
            "Whose voice", analysis.voices, format_func=lambda item: item.plan.name or "voice"
        )
    start_s, end_s = 0.0, None
    if sound.duration_s > CLOSE_S:
        start_s = st.slider(
            f"Look at {CLOSE_S:.0f} seconds from second",
            0.0,
            float(int(sound.duration_s - CLOSE_S) + 1),
            _first_speech_s(analysis, sound),
            step=1.0,
            format="%d",
        )
        end_s = min(start_s + CLOSE_S, sound.duration_s)
    first, last = round(start_s / CELL_S), None if end_s is None else round(end_s / CELL_S)
    if end_s is not None:
        st.altair_chart(
            charts.waveform_chart(sound.envelope[first:last], start_s), key="waveform-close"
        )
    try:
        explanation = recognizer.explain(
            recording.data,
            channel=voice.plan.index,
            mix=voice.plan.index is None,  # what was recognised so is not refused any more
            start_s=None if end_s is None else start_s,
            end_s=end_s,
            purpose=analysis.wishes.purpose,
            consented=analysis.wishes.consented,
        )
    except (AudioError, ConfigError) as error:
        st.info(str(error).removeprefix("<bytes>: "))
        return
    st.altair_chart(charts.spectrogram_chart(explanation), key="spectrogram")
    begin_s, finish_s = charts.heart(explanation)
    st.caption(
        "Mel spectrogram, and over it how much each moment weighed in the answer "
        f"({said(explanation.prediction)}): half of the weight lies between "
        f"{begin_s:.1f} and {finish_s:.1f} s."
    )


def _first_speech_s(analysis: Analysis, sound: Sound) -> float:
    """Return the whole second in which an analysed voice first speaks."""
    tracks = () if analysis.timeline is None else analysis.timeline.tracks
    starts = [track.speech[0][0] for track in tracks if track.analysed and track.speech]
    latest = float(int(sound.duration_s - CLOSE_S) + 1)
    return min(float(int(min(starts, default=0.0))), latest)
