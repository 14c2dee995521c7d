"""`affekt listen` as it is typed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import soundfile
from click.testing import CliRunner

from affekt import Recognizer
from affekt.audio.bandwidth import NARROW_BAND
from affekt.cli import main
from affekt.recognition import StreamRecognizer


def speech(duration_s=4.0):
    """Two syllables a second: levels that never change are no speech."""
    times_s = np.arange(round(duration_s * 16_000)) / 16_000
    swell = 0.02 + 0.98 * np.cos(2 * np.pi * times_s) ** 4
    return (0.3 * swell * np.sin(2 * np.pi * 400 * times_s)).astype("<f4")


LISTEN = [sys.executable, "-m", "affekt", "listen", "--stdin", "--sample-format", "f32le"]


def command(*arguments):
    return [*LISTEN, *arguments]


def test_raw_samples_are_answered_once_a_second_and_summed_up(tone_bundle):
    done = subprocess.run(
        command("--model", str(tone_bundle), "--format", "jsonl"),
        input=speech().tobytes(),
        capture_output=True,
        check=True,
    )
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    stream = StreamRecognizer(Recognizer.load(tone_bundle))
    expected = [{"purpose": None} | item.to_dict() for item in stream.push(speech())]
    assert answers == expected
    assert done.stderr.decode().startswith("affekt: analysed 4.0 s: ")


def listen(*arguments, sound, code=0):
    """Call the command in this process, which starts sooner."""
    result = CliRunner().invoke(main, [*LISTEN[3:], *arguments], input=sound)
    assert result.exit_code == code, result.output
    return result


def test_narrow_band_sound_is_reported_at_the_end(tone_bundle):
    done = listen("--model", str(tone_bundle), "--rate", "8000", sound=speech().tobytes())
    said = done.stderr.splitlines()
    assert said[0] == f"affekt: {NARROW_BAND}"
    assert said[1].startswith("affekt: analysed 8.0 s: ")


def test_somebody_at_work_is_analysed_for_a_purpose_only_which_is_stamped(tone_bundle):
    agent = ("--model", str(tone_bundle), "--format", "jsonl", "--speaker", "agent")
    research = (*agent, "--purpose", "research")
    sound = speech().tobytes()
    assert "Article 5(1)(f)" in listen(*agent, sound=sound, code=2).stderr
    assert "research is no such reason" in listen(*research, sound=sound, code=2).stderr
    done = listen(*research, "--consented", sound=sound)
    assert "; purpose: research with consent" in done.stderr
    done = listen(*agent, "--purpose", "safety", sound=sound)
    assert {json.loads(line)["purpose"] for line in done.stdout.splitlines()} == {"safety"}
    assert "; purpose: safety" in done.stderr


def test_every_line_for_people_states_the_purpose(tone_bundle):
    sound = np.concatenate([np.zeros(32_000, dtype="<f4"), speech(2.0)])
    options = ("--model", str(tone_bundle), "--speaker", "patient", "--purpose", "medical")
    silence, *_, spoken = listen(*options, sound=sound.tobytes()).stdout.splitlines()
    assert silence.endswith("-  (medical)")
    assert spoken.endswith("%  (medical)")


def test_a_file_is_not_taken_for_raw_samples(tone_bundle, tmp_path):
    soundfile.write(tmp_path / "call.wav", speech(), 16_000)
    call = (tmp_path / "call.wav").read_bytes()
    done = listen("--model", str(tone_bundle), sound=call, code=2)
    assert done.stdout == ""
    (line,) = done.stderr.splitlines()
    assert line.startswith("affekt: the stream: begins as WAV files do")
    assert "ffmpeg -i FILE" in line
    assert "--sample-format" not in line


def test_sound_that_is_not_speech_is_called_so(tones, tmp_path):
    bundle = tones.write_bundle(tmp_path / "novelty.onnx", novelty=True)
    done = listen("--model", str(bundle), sound=(5 * speech()).tobytes())
    assert [line.split("s  ")[1] for line in done.stdout.splitlines()] == ["not speech"] * 4
    assert "analysed 4.0 s: not speech 4 s" in done.stderr


def test_ctrl_c_ends_it_with_the_summary(tone_bundle):
    process = subprocess.Popen(
        command("--model", str(tone_bundle)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write(speech(2.0).tobytes())
    process.stdin.flush()
    assert b"s" in process.stdout.readline()
    os.kill(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b"affekt: analysed" in errors
    assert b"Traceback" not in errors


def test_an_answer_comes_soon_after_its_last_sample(tone_bundle):
    process = subprocess.Popen(
        command("--model", str(tone_bundle)), stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    assert process.stdin is not None
    assert process.stdout is not None
    waited_s = []
    for _ in range(4):  # the first answer also waits for the program to start
        process.stdin.write(speech(1.0).tobytes())
        process.stdin.flush()
        began_s = time.monotonic()
        process.stdout.readline()
        waited_s.append(time.monotonic() - began_s)
    assert min(waited_s) < 1.0  # the best: what else the machine does is not the program's
    process.communicate(timeout=20)
