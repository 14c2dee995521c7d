"""Answer once a second while the sound comes in, as from a microphone.

python examples/live_stream.py             # the microphone; needs the extra `live`
python examples/live_stream.py speech.wav  # a recording that stands for the microphone
"""

import sys
from collections.abc import Iterator

import soundfile

from affekt.recognition import Recognizer, StreamRecognizer, microphone

RATE_HZ = 16_000


def chunks() -> Iterator:
    """Yield samples as they come: `[samples]`, full scale at 1.0."""
    if len(sys.argv) == 1:
        yield from microphone()
        return
    signal, rate_hz = soundfile.read(sys.argv[1], dtype="float32")
    if rate_hz != RATE_HZ or signal.ndim != 1:
        sys.exit(f"{sys.argv[1]}: this example wants one channel of {RATE_HZ} Hz")
    yield from (signal[start : start + 1024] for start in range(0, len(signal), 1024))


stream = StreamRecognizer(Recognizer.load(), window_s=3.0, hop_s=1.0)
for chunk in chunks():
    for moment in stream.push(chunk):
        print(f"{moment.end_s:6.1f} s  {moment.emotion or 'nobody speaks'}")
for moment in stream.finish():
    print(f"{moment.end_s:6.1f} s  {moment.emotion or 'nobody speaks'}")
