"""The tab where recordings come in and emotions come out."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import streamlit as st

from affekt.audio import IS_A_CALL, READABLE
from affekt.errors import AffektError
from affekt.recognition import CONSENTED_HELP, DEFAULT_ANALYSED, PURPOSE_HELP, Recognizer
from affekt.recognition.annotations import NOT_SPEECH, UNCERTAIN
from affekt.records import PURPOSES, Prediction
from affekt.web import results
from affekt.web.analysis import Analysis, Sound, Wishes, analyse, read_sound
from affekt.web.downloads import to_csv, to_json
from affekt.web.launch import MAX_UPLOAD_TEXT
from affekt.web.recordings import Recording, collect, duration_text
from affekt.web.session import forget_everything, plain, round_key, wait_for

_ONE_VOICE = "one voice in stereo"
_ONE_EACH = "a person a channel, as in recorded calls"
_ONE_SCENE = "a scene in stereo, whose voices are not separated"

# A failure is kept in place of an answer, so that it is neither tried again nor lost.
Heard = Sound | str
Answered = Analysis | str


def show(recognizer: Recognizer) -> None:
    """Take recordings, recognise them, and show the answers."""
    recordings = _take()
    if not recordings:
        st.write("Upload recordings or speak: the answers appear here.")
        return
    sounds = _listen(recordings)
    wishes = _wishes([item for item in sounds.values() if isinstance(item, Sound)])
    answers = _analyse(recognizer, recordings, sounds, wishes)
    done = [item for item in answers.values() if isinstance(item, Analysis)]
    st.divider()
    if len(recordings) > 1:
        _overview(recordings, sounds, answers)
        # By key: what a widget offers is copied, and recordings are large.
        by_key = {item.key: item for item in recordings}
        key = st.selectbox("Show the details of", by_key, format_func=lambda key: by_key[key].name)
        chosen = by_key[key]
    else:
        chosen = recordings[0]
    _details(recognizer, chosen, sounds[chosen.key], answers[chosen.key])
    if done:
        _downloads(recognizer, done)
    st.button(
        "Forget everything",
        on_click=forget_everything,
        icon=":material/delete:",
        help="Drops the recordings and all answers now; otherwise they go with the session.",
    )


def _take() -> list[Recording]:
    uploads = st.file_uploader(
        f"Recordings (up to {MAX_UPLOAD_TEXT} each)",
        accept_multiple_files=True,
        key=round_key("uploads"),
        help=f"{READABLE}. They stay in the memory of this session.",
    )
    spoken = st.audio_input("Or record from the microphone", key=round_key("spoken"))
    return collect(uploads, spoken)


def _listen(recordings: Sequence[Recording]) -> dict[str, Heard]:
    """Read what is new, and forget what was taken away."""
    known: dict[str, Heard] = st.session_state.get("sounds", {})
    sounds: dict[str, Heard] = {}
    for item in recordings:
        if item.key not in known:
            known[item.key] = _heard(item)
        sounds[item.key] = known[item.key]
    st.session_state["sounds"] = sounds
    return sounds


def _heard(recording: Recording) -> Heard:
    if recording.too_large:
        return (
            f"is larger than {MAX_UPLOAD_TEXT}: cut it, or use the command line, which takes "
            "files of any size"
        )
    try:
        return wait_for(lambda progress: read_sound(recording, progress), title=recording.name)
    except AffektError as error:
        return _said(error)


def _analyse(
    recognizer: Recognizer,
    recordings: Sequence[Recording],
    sounds: dict[str, Heard],
    wishes: Wishes,
) -> dict[str, Answered]:
    known: dict[Any, Answered] = st.session_state.get("answers", {})
    answers: dict[str, Answered] = {}
    kept: dict[Any, Answered] = {}
    for item in recordings:
        sound = sounds[item.key]
        if isinstance(sound, str):
            answers[item.key] = sound
            continue
        # Names of channels are for recordings that have several.
        stated = Wishes(purpose=wishes.purpose, consented=wishes.consented)
        own = wishes if sound.channels > 1 else stated
        place = (item.key, str(recognizer.bundle.path), own)
        if place not in known:
            known[place] = _answered(recognizer, item, sound, own)
        answers[item.key] = kept[place] = known[place]
    st.session_state["answers"] = kept
    return answers


def _answered(
    recognizer: Recognizer, recording: Recording, sound: Sound, wishes: Wishes
) -> Answered:
    try:
        return wait_for(
            lambda progress: analyse(recognizer, recording, sound, wishes, progress),
            title=recording.name,
        )
    except AffektError as error:
        return _said(error)


def _wishes(sounds: Sequence[Sound]) -> Wishes:
    """Ask for the purpose and, where there are several channels, whose voices they hold."""
    most = max((sound.channels for sound in sounds), default=1)
    with st.container(border=True):
        channels = _channels(most) if most > 1 else Wishes()
        purpose = st.selectbox(
            "Purpose",
            PURPOSES,
            index=None,
            placeholder="none stated",
            key=round_key("purpose"),
            help=PURPOSE_HELP,
        )
        consented = purpose is not None and st.checkbox(
            "The speaker has consented to it", key=round_key("consented"), help=CONSENTED_HELP
        )
    return dataclasses.replace(channels, purpose=purpose, consented=consented)


def _channels(most: int) -> Wishes:
    kind = st.radio(
        "Recordings with several channels hold",
        [_ONE_VOICE, _ONE_EACH, _ONE_SCENE],
        key=round_key("kind"),
    )
    if kind != _ONE_EACH:
        return Wishes(mix=kind == _ONE_SCENE)
    usual = f"agent, {DEFAULT_ANALYSED}" if most == 2 else ""
    named = st.text_input(
        "Names of the channels, in their order",
        usual,
        key=round_key("names"),
        help="Separated by commas, such as: agent, customer",
    )
    names = tuple(name.strip() for name in named.split(",") if name.strip())
    analysed = st.multiselect(
        "Whose emotions are inferred",
        names,
        default=[name for name in names if name == DEFAULT_ANALYSED],
        key=round_key(f"analyse-{names}"),
        help="Of the others, only speech activity is worked out.",
    )
    return Wishes(channels=names, analyse=tuple(analysed))


def _overview(
    recordings: Sequence[Recording], sounds: dict[str, Heard], answers: dict[str, Answered]
) -> None:
    lines = ["| recording | length | emotion | confidence |", "|---|---|---|---|"]
    for item in recordings:
        sound, answer = sounds[item.key], answers[item.key]
        length = duration_text(sound.duration_s) if isinstance(sound, Sound) else ""
        if isinstance(answer, str):
            lines.append(f"| {plain(item.name)} | {length} | could not be recognised | |")
            continue
        for voice in answer.voices:
            name = item.name if voice.plan.name is None else f"{item.name} ({voice.plan.name})"
            lines.append(f"| {plain(name)} | {length} | {_cells(voice.prediction)} |")
    st.header("All recordings")
    st.markdown("\n".join(lines))
    stated = {item.wishes.stamp for item in answers.values() if isinstance(item, Analysis)}
    for purpose in stated - {None}:
        st.caption(f"Purpose: {purpose}")


def _cells(prediction: Prediction) -> str:
    """Return emotion and confidence as two cells of a table."""
    if prediction.out_of_domain:
        return f"{NOT_SPEECH} | "
    emotion = prediction.emotion
    answer = f"{UNCERTAIN} ({emotion})" if prediction.uncertain else emotion
    return f"{answer} | {prediction.confidence:.0%}"


def _details(recognizer: Recognizer, recording: Recording, sound: Heard, answer: Answered) -> None:
    st.header(plain(recording.name))
    results.facts(recording, sound if isinstance(sound, Sound) else None)
    if isinstance(sound, Sound):
        results.player(recording)
        for warning in sound.warnings:
            st.warning(warning)
    if isinstance(answer, str):
        st.error(f"{plain(recording.name)}: {answer}", icon=":material/error:")
    elif isinstance(sound, Sound):
        results.show(recognizer, recording, sound, answer)


def _downloads(recognizer: Recognizer, done: Sequence[Analysis]) -> None:
    st.header("Take the results with you")
    left, right = st.columns(2)
    left.download_button(
        "All results as JSON",
        to_json(done),
        "affekt.json",
        "application/json",
        on_click="ignore",
        icon=":material/download:",
    )
    right.download_button(
        "All results as CSV",
        to_csv(done, recognizer.labels()),
        "affekt.csv",
        "text/csv",
        on_click="ignore",
        icon=":material/download:",
    )


def _said(error: AffektError) -> str:
    """Return a message without the name of the source, which is "bytes" for everything here."""
    said = str(error).removeprefix("<bytes>: ")
    if said.startswith(IS_A_CALL):  # the remedy is a choice on this page
        return f"{IS_A_CALL}: say above what the channels of your recordings hold"
    return said
