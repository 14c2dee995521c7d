"""Looking at corpora and clips: what is in them, how long, how loud, how silent, as pictures."""

from affekt.inspection.clip import ClipView, show
from affekt.inspection.corpus import Clip, Inspection, inspect_utterances
from affekt.inspection.corpus_writers import WRITERS, prepare_folder, write_report
from affekt.inspection.sound import Sound, measure, read_recording

__all__ = [
    "WRITERS",
    "Clip",
    "ClipView",
    "Inspection",
    "Sound",
    "inspect_utterances",
    "measure",
    "prepare_folder",
    "read_recording",
    "show",
    "write_report",
]
