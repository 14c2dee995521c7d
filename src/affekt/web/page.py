"""The page itself: Streamlit runs this file from top to bottom whenever something changes."""

from __future__ import annotations

import streamlit as st

from affekt.recognition.notices import NO_LEGAL_ADVICE, NOTICE_RECOGNISER, NOTICE_WORKPLACE
from affekt.web import about, recognise
from affekt.web.session import choose_model

st.set_page_config(page_title="Affekt: emotions in speech", page_icon=":material/graphic_eq:")
st.title("Emotions in speech")
st.info(NOTICE_RECOGNISER, icon=":material/hearing:")
st.caption(f"{NOTICE_WORKPLACE} {NO_LEGAL_ADVICE}")

recognizer = choose_model()
# Tabs and not pages: what was uploaded stays while somebody reads about the model.
listening, reading = st.tabs(["Recognise", "About the model"])
with listening:
    recognise.show(recognizer)
with reading:
    about.show(recognizer.bundle)
