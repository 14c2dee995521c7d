"""Recognise a folder of recordings, and write one CSV row per recording.

python examples/folder_to_csv.py RECORDINGS emotions.csv
"""

import csv
import sys
from pathlib import Path

from affekt import Recognizer
from affekt.recognition import Failure

folder, table = Path(sys.argv[1]), Path(sys.argv[2])
recordings = sorted(
    path
    for path in folder.rglob("*")
    if path.suffix.lower() in {".wav", ".flac", ".mp3", ".ogg", ".opus"}
)
recognizer = Recognizer.load()

with table.open("w", newline="") as file:
    writer = csv.writer(file)
    writer.writerow(["recording", "length_s", "emotion", "confidence", "uncertain", "error"])
    for path, answer in zip(recordings, recognizer.predict_many(recordings), strict=True):
        if isinstance(answer, Failure):  # one bad recording does not end the run
            writer.writerow([path, "", "", "", "", answer.error])
        else:
            numbers = f"{answer.duration_s:.2f}", answer.emotion, f"{answer.confidence:.3f}"
            writer.writerow([path, *numbers, answer.uncertain, ""])

print(f"{len(recordings)} recordings in {table}")
