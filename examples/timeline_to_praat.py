"""Follow a long recording over time, and write a TextGrid that Praat opens beside the sound.

python examples/timeline_to_praat.py interview.wav interview.TextGrid
"""

import sys
from pathlib import Path

from affekt import Recognizer
from affekt.recognition.annotations import annotate

recording, grid = Path(sys.argv[1]), Path(sys.argv[2])
timeline = Recognizer.load().timeline(recording)
grid.write_text(annotate(timeline, "textgrid"), encoding="utf-8")

for track in timeline.tracks:
    for segment in track.segments:
        said = segment.emotion if segment.speech else "silence"
        if segment.out_of_domain:
            said = "not speech"
        print(f"{segment.start_s:7.1f} to {segment.end_s:7.1f} s  {said}")
print(f"{grid} is ready for Praat")
