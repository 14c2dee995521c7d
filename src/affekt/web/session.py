"""What lives as long as a session, and how long work is waited for."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import streamlit as st

from affekt.errors import BundleError
from affekt.recognition import Recognizer
from affekt.web.analysis import AbandonedError
from affekt.web.lanes import Progress
from affekt.web.launch import MODEL_VARIABLE, named_models
from affekt.web.retention import drop_uploads

T = TypeVar("T")

_POLL_S = 0.1
_ROUND = "round"


@st.cache_resource(show_spinner=False)
def load(model: str) -> Recognizer:
    """Open a model once for all sessions; it keeps nothing of any recording."""
    return Recognizer.load(model)


def choose_model() -> Recognizer:
    """Let a person choose among the models with a name, and the operator's own."""
    first = os.environ.get(MODEL_VARIABLE, "default")
    chosen = st.selectbox(
        "Model",
        list(dict.fromkeys((first, *named_models()))),
        format_func=_title,
        help="What each was trained on and how well it does stands under “About the model”.",
    )
    try:
        return load(chosen)
    except BundleError as error:
        st.error(f"This model cannot be used: {plain(str(error))}")
        st.stop()


def _title(model: str) -> str:
    try:
        metadata = load(model).bundle.metadata
    except BundleError:  # an installed file that was damaged or removed since
        return f"{model} (cannot be opened)"
    file = "" if model in named_models() else f" ({Path(model).name})"
    return f"{metadata.title}{file}: {len(metadata.labels)} emotions"


def round_key(name: str) -> str:
    """Return the key of a widget that begins anew when everything is forgotten."""
    return f"{name}-{st.session_state.get(_ROUND, 0)}"


def forget_everything() -> None:
    """Drop the recordings of this session and all that was worked out from them."""
    number = st.session_state.get(_ROUND, 0)
    st.session_state.clear()
    st.session_state[_ROUND] = number + 1
    drop_uploads()


def wait_for(work: Callable[[Progress], T], *, title: str) -> T:
    """Do something in a thread, and show how far it is; give it up when the page is left.

    Args:
        work: takes the function that reports its progress.
        title: what it is done to.
    """
    latest: list[tuple[str, float | None]] = [("Waiting", None)]
    abandoned = threading.Event()
    future: Future[T] = Future()

    def report(what: str, share: float | None) -> None:
        if abandoned.is_set():
            raise AbandonedError
        latest[0] = (what, share)

    def run() -> None:
        try:
            future.set_result(work(report))
        except BaseException as error:
            future.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    place = st.empty()
    try:
        while True:
            try:
                return future.result(timeout=_POLL_S)
            except TimeoutError:
                if future.done():
                    raise
                what, share = latest[0]
                place.progress(min(1.0, share or 0.0), text=f"{what}: {plain(title)}")
    finally:
        abandoned.set()
        place.empty()


def plain(text: str) -> str:
    """Return a text that Markdown leaves as it is, such as the name of a file."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$:<>])", r"\\\1", text.replace("\n", " "))
