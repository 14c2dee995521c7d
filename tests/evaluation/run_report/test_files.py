import base64
import csv
import io
import json
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

from affekt.errors import ConfigError
from affekt.evaluation import classify, read_predictions, write_report
from affekt.records import Utterance

LABELS = ("angry", "calm & cool", "sad")
HISTORY = [
    {"epoch": 1.0, "loss": 1.5, "accuracy": 0.4, "seconds": 2.0},
    {"epoch": 2.0, "loss": float("inf"), "accuracy": 0.6, "seconds": 2.0, "validation_loss": 1.0},
]
FILES = {
    *("report.json", "report.md", "report.html", "predictions.csv", "misclassified.csv"),
    *("confusion.csv", "history.csv", "confusion.png", "recalls.png", "curves.png"),
}


def figures_of(clips=30, right=0.5, speakers=3):
    rng = np.random.default_rng(0)
    actual = [LABELS[index % 3] for index in range(clips)]
    said = [
        index % 3 if rng.random() < right else (index + 1 + rng.integers(2)) % 3
        for index in range(clips)
    ]
    people = [
        Utterance(
            path=Path(f"/{index}.wav"),
            corpus="c",
            collection="c",
            speaker=str(index % speakers),
            native_label="x",
            emotion=None,
        )
        for index in range(clips)
    ]
    return classify(
        people,
        actual,
        0.2 + 0.4 * np.eye(3)[said],
        LABELS,
        clip_ids=[f"c/<{index}>" for index in range(clips)],
    )


def written(folder, figures=None, **more):
    figures = figures or figures_of()
    values = {"title": "A <b>run</b>", "history": HISTORY, "facts": {"seed": 1, "protocol": "a|b"}}
    write_report(folder, figures=figures, **(values | more))
    return figures


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A report that several tests read: its folder and what it was made of."""
    folder = tmp_path_factory.mktemp("reports") / "deep" / "run"
    return folder, written(folder, notes=["Inferred."])


def test_a_folder_holds_all_files_and_no_others(run):
    assert {path.name for path in run[0].iterdir()} == FILES


def test_the_json_holds_facts_figures_and_history(run):
    folder, figures = run
    report = json.loads((folder / "report.json").read_text())
    assert report["facts"] == {"seed": 1, "protocol": "a|b"}
    assert report["notes"] == ["Inferred."]
    assert report["figures"] == figures.to_dict()
    assert len(report["misclassified"]) == len(figures.misclassified)
    assert report["history"][1]["loss"] is None


def test_the_markdown_shows_the_figures_in_percent(run):
    folder, figures = run
    lines = (folder / "report.md").read_text().splitlines()
    ends = figures.intervals["ua"]
    assert (
        f"| UA | {100 * figures.ua:.1f} | {100 * ends.low:.1f} to {100 * ends.high:.1f} |" in lines
    )
    assert "| protocol | a\\|b |" in lines
    assert "- Inferred." in lines
    assert "![Loss and accuracy by epoch](curves.png)" in lines
    shares = []
    for name in ("macro_precision", "ua", "macro_f1"):
        ends = figures.intervals[name]
        share = 100 * getattr(figures, name)
        shares.append(f"{share:.1f} ({100 * ends.low:.1f} to {100 * ends.high:.1f})")
    assert f"| macro mean | {' | '.join(shares)} | 30 |" in lines


def test_tables_hold_every_clip_and_those_that_went_wrong(run):
    folder, figures = run
    assert len(read_predictions(folder / "predictions.csv")) == 30
    wrong = read_predictions(folder / "misclassified.csv")
    assert [item.clip for item in wrong] == [item.clip for item in figures.misclassified]
    confusion = list(csv.reader(io.StringIO((folder / "confusion.csv").read_text())))
    assert confusion[0] == ["actual \\ predicted", *LABELS]
    assert [tuple(map(int, row[1:])) for row in confusion[1:]] == list(figures.confusion)
    history = list(csv.DictReader(io.StringIO((folder / "history.csv").read_text())))
    assert [row["validation_loss"] for row in history] == ["", "1"]


def test_the_page_is_well_formed_and_needs_nothing_outside_itself(run, read_page):
    folder, _ = run
    text = (folder / "report.html").read_text()
    page = read_page(text)
    assert "A <b>run</b>" in page.words
    assert all(image["src"].startswith("data:image/") for image in page.all("img"))
    assert not page.all("script")
    assert not page.all("link")
    assert not re.search(r'(?:src|href)="(?!data:)|url\(|@import', text)
    assert "prefers-color-scheme: dark" in text


def test_every_table_has_a_caption_and_every_picture_words(run, read_page):
    folder, _ = run
    page = read_page((folder / "report.html").read_text())
    assert len(page.all("caption")) == len(page.all("table")) >= 6
    assert {cell["scope"] for cell in page.all("th")} == {"row", "col"}
    assert all(image["alt"] for image in page.all("img"))


def test_there_is_no_sound_unless_recordings_are_given(run):
    folder, _ = run
    text = (folder / "report.html").read_text()
    assert "<audio" not in text
    assert "audio/wav" not in text


def test_recordings_are_heard_and_seen_where_a_clip_was_misclassified(tmp_path, read_page):
    figures = figures_of()
    one, damaged, *_ = (item.clip for item in figures.misclassified)
    right = next(item.clip for item in figures.predictions if item.predicted == item.actual)
    paths = {clip: tmp_path / f"{place}.wav" for place, clip in enumerate((one, damaged, right))}
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(12 * 16000) / 16000)
    soundfile.write(paths[one], tone, 16000)
    paths[damaged].write_bytes(b"not audio")
    written(tmp_path / "run", figures, recordings=paths)
    page = read_page((tmp_path / "run" / "report.html").read_text())
    (heard,) = page.all("audio")
    assert heard["aria-label"] == one
    wav = io.BytesIO(base64.b64decode(heard["src"].removeprefix("data:audio/wav;base64,")))
    signal, rate = soundfile.read(wav)
    assert rate == 16000
    assert len(signal) == 10 * 16000
    assert any(image["alt"] == f"Mel spectrogram of {one}" for image in page.all("img"))
    words = "".join(page.words)
    assert "cannot be played" in words
    assert f"{len(figures.misclassified)} of 30 clips misclassified; 2 of them shown" in words


def test_at_most_fifty_clips_are_listed_on_the_page_and_it_says_so(tmp_path):
    figures = written(tmp_path, figures_of(clips=90, right=0.0))
    text = (tmp_path / "report.html").read_text()
    assert "90 of 90 clips misclassified; 50 of them shown" in text
    assert len(figures.misclassified) == 90


def test_a_run_without_mistakes_history_or_second_speaker_says_so(tmp_path):
    written(tmp_path, figures_of(right=1.1, speakers=1), history=[])
    text = (tmp_path / "report.md").read_text()
    assert "No clip was misclassified." in text
    assert "There are no intervals: all clips are of one speaker." in text
    assert {path.name for path in tmp_path.iterdir()} == FILES - {"curves.png"}
    assert "No clip was misclassified." in (tmp_path / "report.html").read_text()


def test_the_same_run_gives_the_same_files(run, tmp_path):
    written(tmp_path, notes=["Inferred."])
    for name in FILES:
        assert (tmp_path / name).read_bytes() == (run[0] / name).read_bytes()


def test_a_place_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"file: cannot be written"):
        written(tmp_path / "file")


def test_without_matplotlib_the_error_names_the_remedy():
    code = """
import sys
sys.modules["matplotlib"] = None
from affekt.errors import MissingExtraError
from affekt.evaluation import write_report
from affekt.evaluation.figures import confusion_plot
try:
    confusion_plot(["happy", "sad"], [[1, 0], [0, 1]])
except MissingExtraError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pip install 'affekt[train]'" in done.stdout
    assert "matplotlib" in done.stdout
