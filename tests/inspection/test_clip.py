"""One clip before and after trimming: facts, picture, notebook."""

from __future__ import annotations

import base64
import io
import re
import sys

import numpy as np
import pytest
import soundfile
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook
from PIL import Image

from affekt.audio.preprocess import trim
from affekt.errors import AudioError, ConfigError, MissingExtraError
from affekt.features.cepstra import mfcc
from affekt.inspection import show
from affekt.inspection.clip_plot import draw_clip
from affekt.inspection.side import N_MFCC

RATE_HZ = 16_000


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    """A second of silence, a second of tone, two seconds of silence."""
    times_s = np.arange(RATE_HZ) / RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * 1000.0 * times_s)
    path = tmp_path_factory.mktemp("clip") / "tone <1>.wav"
    signal = np.concatenate([np.zeros(RATE_HZ), tone, np.zeros(2 * RATE_HZ)])
    soundfile.write(path, signal, RATE_HZ, subtype="FLOAT")
    return path


@pytest.fixture(scope="module")
def view(clip):
    return show(clip)


@pytest.fixture(scope="module")
def axes(view):
    """The panels by their titles; where a title stands twice, before and after trimming."""
    found = {}
    for item in draw_clip(view).axes:
        found.setdefault(item.get_title(loc="left").split(":")[0].split(" (")[0], []).append(item)
    return found


def test_both_sides_are_the_clip_and_the_trimmed_clip(view, clip):
    signal, _ = soundfile.read(clip, dtype="float32")
    np.testing.assert_array_equal(view.before.signal, signal)
    np.testing.assert_array_equal(view.after.signal, trim(signal, RATE_HZ, top_db=30.0))


def test_the_facts_are_those_of_the_file(view):
    facts = dict(view.facts)
    assert facts["duration"] == "4.000 s"
    assert facts["peak"] == "-6.0 dBFS"
    assert float(facts["silence before"].split()[0]) == pytest.approx(1.0, abs=0.1)
    assert float(facts["silence after"].split()[0]) == pytest.approx(2.0, abs=0.1)


def test_another_rate_is_drawn_at_16_khz_and_named_as_it_is(tmp_path, write_tone):
    soundfile.write(tmp_path / "a.wav", 0.1 * np.ones((44_100, 2)), 44_100)
    view = show(tmp_path / "a.wav")
    assert view.before.signal.size == RATE_HZ
    assert (dict(view.facts)["sampling rate"], dict(view.facts)["channels"]) == ("44100 Hz", "2")


def test_a_channel_can_be_chosen(tmp_path):
    left, right = np.full(RATE_HZ, 0.1), np.full(RATE_HZ, 0.3)
    soundfile.write(tmp_path / "a.wav", np.stack([left, right], axis=1), RATE_HZ, subtype="FLOAT")
    assert show(tmp_path / "a.wav", channel=1).before.signal[0] == np.float32(0.3)
    assert show(tmp_path / "a.wav").before.signal[0] == pytest.approx(0.2)
    with pytest.raises(AudioError, match="there is no channel 2"):
        show(tmp_path / "a.wav", channel=2)


def test_the_picture_has_five_kinds_of_panels(axes):
    kinds = {title: len(panels) for title, panels in axes.items() if title}
    assert kinds == {
        "before trimming": 1,
        "after trimming at 30 dB": 1,
        "spectrogram": 2,
        "mel filterbank output, 128 filters": 2,
        "mel spectrogram, 128 bands": 2,
        f"MFCC 1 to {N_MFCC - 1}": 2,
    }


def test_every_panel_names_both_of_its_axes(axes):
    panels = [panel for title, found in axes.items() if title for panel in found]
    assert all(panel.get_xlabel() and panel.get_ylabel() for panel in panels)


def test_the_spectrogram_is_loudest_where_the_tone_is(axes):
    whole = axes["spectrogram"][0].images[0]
    decibels = whole.get_array()
    left, right, low, high = whole.get_extent()
    row, column = np.unravel_index(decibels.argmax(), decibels.shape)
    assert low + (row + 0.5) / len(decibels) * (high - low) == pytest.approx(1.0, abs=0.02)
    assert 1.0 < left + (column + 0.5) / decibels.shape[1] * (right - left) < 2.0
    assert (decibels.min(), decibels.max()) == pytest.approx((-80.0, 0.0), abs=1e-3)


def test_the_mel_axis_puts_a_tone_at_its_frequency(axes):
    panel = axes["mel spectrogram, 128 bands"][0]
    band = int(panel.images[0].get_array().max(axis=1).argmax())
    names = [label.get_text() for label in panel.get_yticklabels()]
    ticks = dict(zip(names, panel.get_yticks(), strict=True))
    assert band + 0.5 == pytest.approx(ticks["1"], abs=1.0)


def test_the_filterbank_is_drawn_as_power_on_a_linear_scale(axes, view):
    """As in the set planes-512x90: the logarithm is the mel spectrogram's."""
    panels = axes["mel filterbank output, 128 filters"]
    for panel, side in zip(panels, (view.before, view.after), strict=True):
        (image,) = panel.images
        assert type(image.norm).__name__ == "Normalize"
        np.testing.assert_array_equal(image.get_array(), side.stft.mel(128).T)
    assert panels[0].images[0].get_clim() == panels[1].images[0].get_clim()


def test_the_colours_of_the_filterbank_are_kept_for_what_speech_has_most_of(tmp_path):
    """A click takes a few values of the picture, and not all of the scale."""
    noise = 0.01 * np.random.default_rng(0).standard_normal(2 * RATE_HZ)
    noise[RATE_HZ] = 1.0
    soundfile.write(tmp_path / "a.wav", noise, RATE_HZ, subtype="FLOAT")
    figure = draw_clip(show(tmp_path / "a.wav"))
    (panel, _) = [x for x in figure.axes if "filterbank" in x.get_title(loc="left")]
    low, high = panel.images[0].get_clim()
    power = panel.images[0].get_array().data
    assert low == 0.0
    assert np.median(power) > 0.1 * high
    assert power.max() > high


def test_the_cepstra_are_those_of_the_features(axes, view):
    drawn = axes[f"MFCC 1 to {N_MFCC - 1}"][1].images[0].get_array()
    np.testing.assert_array_equal(drawn, mfcc(view.after.stft, N_MFCC)[:, 1:].T)


def test_what_trimming_cuts_off_is_shaded(axes):
    spans = sorted((bar.get_x(), bar.get_width()) for bar in axes["before trimming"][0].patches)
    (start_s, before_s), (_, after_s) = spans
    assert start_s == 0.0
    assert (before_s, after_s) == pytest.approx((1.0, 2.0), abs=0.1)


@pytest.mark.parametrize("signal", [np.zeros(RATE_HZ), np.full(1, 0.5), np.zeros(20)])
def test_silence_and_a_single_sample_can_be_drawn(tmp_path, signal):
    soundfile.write(tmp_path / "a.wav", signal, RATE_HZ)
    assert show(tmp_path / "a.wav").png().startswith(b"\x89PNG")


def test_a_name_in_another_script_is_no_trouble(tmp_path, write_tone, recwarn):
    write_tone(tmp_path / "情感\x1b.wav")
    assert show(tmp_path / "情感\x1b.wav").png().startswith(b"\x89PNG")
    assert not [str(item.message) for item in recwarn]


def test_a_name_is_no_formula(tmp_path, write_tone):
    write_tone(tmp_path / r"a$\frac$.wav")
    assert show(tmp_path / r"a$\frac$.wav").png().startswith(b"\x89PNG")


def test_silence_stays_dark(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(RATE_HZ), RATE_HZ)
    figure = draw_clip(show(tmp_path / "a.wav"))
    images = [axes.images[0] for axes in figure.axes if "spectrogram" in axes.get_title(loc="left")]
    assert [image.get_array().max() for image in images] == pytest.approx([-80.0] * 4)
    assert figure.get_suptitle() == "a.wav, mono at 16 kHz, silent"


def test_a_long_clip_has_no_more_frames_than_a_picture_can_show(tmp_path):
    soundfile.write(tmp_path / "a.wav", 0.1 * np.ones(RATE_HZ * 90), RATE_HZ)
    assert show(tmp_path / "a.wav").before.stft.n_frames <= 4001


def test_a_notebook_gets_facts_players_and_picture(view, clip):
    page = view._repr_html_()
    assert "tone &lt;1&gt;.wav" in page
    assert "4.000 s" in page
    sounds = re.findall(r'<audio controls src="data:audio/wav;base64,([^"]+)"', page)
    for side, sound in zip((view.before, view.after), sounds, strict=True):
        played, rate_hz = soundfile.read(io.BytesIO(base64.b64decode(sound)), dtype="float32")
        assert rate_hz == RATE_HZ
        np.testing.assert_allclose(played, side.signal, atol=2.0**-15)
    (picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', page)
    with Image.open(io.BytesIO(base64.b64decode(picture))) as image:
        assert image.width > 1000


def test_a_cell_that_ends_in_show_shows_it(clip):
    notebook = new_notebook(
        cells=[new_code_cell(f"from affekt.inspection import show\nshow({str(clip)!r})")]
    )
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    (output,) = notebook.cells[0].outputs
    assert "<audio controls" in output["data"]["text/html"]


def test_a_picture_is_saved_and_saved_again(view, tmp_path):
    path = view.save(tmp_path / "a.png")
    with Image.open(path) as image:
        assert image.info["Software"] == "Affekt"
    assert view.save(path) == path


def test_a_file_of_somebody_else_is_kept_without_force(view, tmp_path):
    path = tmp_path / "a.png"
    Image.new("RGB", (2, 2)).save(path)
    before = path.read_bytes()
    with pytest.raises(ConfigError, match="Affekt did not write it"):
        view.save(path)
    assert path.read_bytes() == before
    view.save(path, replace=True)
    assert path.read_bytes() != before


def test_a_picture_has_the_name_of_a_picture(view, tmp_path):
    with pytest.raises(ConfigError, match=r"ends in \.png"):
        view.save(tmp_path / "a.wav")


def test_without_matplotlib_the_extra_is_named(view, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'affekt\[train\]'"):
        view.png()
