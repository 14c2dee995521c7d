"""Read a bundle with ONNX Runtime alone: a waveform goes in, probabilities come out.

This is all that a program in another language needs. The front end and the calibration are
inside the file, and so are the labels.

python examples/plain_onnx.py default.onnx speech.wav
"""

import json
import sys

import numpy as np
import onnxruntime
import soundfile

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
metadata = json.loads(session.get_modelmeta().custom_metadata_map["affekt"])

signal, rate_hz = soundfile.read(sys.argv[2], dtype="float32")
if rate_hz != 16_000 or signal.ndim != 1:
    sys.exit(f"{sys.argv[2]}: the model wants one channel of 16,000 Hz")

(probabilities,) = session.run(["probabilities"], {"waveform": signal[np.newaxis]})[0]
order = np.argsort(-probabilities)
print(f"{metadata['name']} {metadata['version']}; licence: {metadata['licence'].splitlines()[0]}")
for place in order:
    print(f"  {metadata['labels'][place]:10} {probabilities[place]:6.1%}")
