"""Cards of shipped models, filled from the report of the very file that ships."""

import json
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from affekt.cli import main

sys.path.append(str(Path(__file__).parents[3] / "scripts"))

import report_card


@pytest.fixture
def report(tone_bundle, toy_corpora, tmp_path):
    arguments = ["report", tone_bundle, "--protocol", "select", "--corpora", toy_corpora]
    arguments += ["--corpus", "emodb", "--per-corpus", "1", "--out", tmp_path]
    result = CliRunner().invoke(main, list(map(str, arguments)))
    assert result.exit_code == 0, result.output
    return json.loads((tmp_path / "tones.json").read_text(encoding="utf-8"))


def test_a_card_tells_worries_figures_doubt_and_conditions(report, tmp_path):
    sha256 = report["figures"]["bundle_sha256"]
    card = "\n\n".join(report_card.sections(report_card.read_report("tones", sha256, tmp_path)))
    assert report["warnings"][0]["text"] in card
    own = report["figures"]["corpora"][0]["scorings"][0]
    classes = len(own["classes"])
    among = f"{classes} | {100 / classes:.1f}"
    assert f"| emodb | 12 | 1 | {among} | {100 * own['ua']:.1f} | 1 speaker |" in card
    assert "| expected calibration error, over a telephone |" in card
    worst = max(report["robustness"]["conditions"], key=lambda item: item["own"]["drop"])
    assert f"| {worst['group']} | " in card
    assert "(../reports/tones.html)" in card


def test_without_a_report_a_card_stays_as_it_is(tmp_path):
    assert report_card.read_report("tones", "0" * 64, tmp_path) is None


def test_a_report_of_another_file_is_refused(report, tmp_path):
    with pytest.raises(SystemExit, match="make it again: affekt report"):
        report_card.read_report("tones", "0" * 64, tmp_path)
