"""The page itself: Streamlit runs this file from top to bottom whenever something changes."""

from __future__ import annotations

import streamlit as st

from affekt.recognition import NO_LEGAL_ADVICE, NOTICE_RECOGNISER, NOTICE_WORKPLACE
from affekt.web import about, recognise
from affekt.web.session import choose_model

# Drawn here: Streamlit's own icons for a tab would come from another server.
_ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16">'
    '<path stroke="#4c8dca" stroke-width="2" d="M2 6v4M5 3v10M8 1v14M11 4v8M14 6v4"/></svg>'
)

st.set_page_config(page_title="Affekt: emotions in speech", page_icon=_ICON)
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
