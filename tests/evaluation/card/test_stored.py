"""A model card that was written can be read back, and its page written anew."""

import json
import re

import pytest

from affekt.errors import ConfigError
from affekt.evaluation.card.files import to_html, to_json, write_card
from affekt.evaluation.card.stored import read_card


def words(page):
    return re.sub(r'src="data:[^"]*"', "", page)


def with_old_figures(figures):
    """Give figures the names that schemas 3 and 4 had."""
    figures["heard"] = figures.pop("training_speakers_tested")
    figures["training_told"] = figures.pop("training_data_known")


def test_a_report_that_is_read_back_says_what_it_said(card, tmp_path):
    page, document = write_card(tmp_path, card)
    again = read_card(document)
    first, second = json.loads(document.read_text()), json.loads(to_json(again))
    assert second.pop("confidence")["given"]["given"] == first.pop("confidence")["given"]["given"]
    assert second == first
    assert words(to_html(again)) == words(page.read_text())


def test_a_report_of_another_schema_is_refused(card, tmp_path):
    _, document = write_card(tmp_path, card)
    document.write_text(json.dumps(json.loads(document.read_text()) | {"schema_version": 2}))
    with pytest.raises(ConfigError, match="no report of schema 5; measure the model again"):
        read_card(document)


def test_a_report_of_the_schema_before_is_read_by_its_names(card, tmp_path):
    _, document = write_card(tmp_path, card)
    values = json.loads(document.read_text()) | {"schema_version": 3}
    for before, now in {"doubts": "confidence", "steadiness": "prediction_stability"}.items():
        values[before] = values.pop(now)
    with_old_figures(values["figures"])
    document.write_text(json.dumps(values))
    again = read_card(document)
    assert again.prediction_stability == card.prediction_stability
    assert again.confidence.given.given.pooled == card.confidence.given.given.pooled


def test_figures_of_schema_4_are_read_by_their_names(card, tmp_path):
    _, document = write_card(tmp_path, card)
    values = json.loads(document.read_text()) | {"schema_version": 4}
    leaks = {"told_by": "model", "learnt": 2, "tested": 3, "files": 1, "voices": 2}
    values["figures"]["leaks"] = leaks | {"sentences": 0, "copies": None, "examples": []}
    values["figures"]["groups"][0]["group"] = "not told"
    with_old_figures(values["figures"])
    values["figures"]["heard"] = [["emodb", "14"]]
    document.write_text(json.dumps(values))
    report = read_card(document).report
    assert report.training_speakers_tested == (("emodb", "14"),)
    assert report.training_data_known is card.report.training_data_known
    assert (report.leaks.declared_by, report.leaks.speakers) == ("model", 2)
    assert report.groups[0].group == "unknown"


def test_what_is_no_report_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("[1")
    with pytest.raises(ConfigError, match="no report that can be read"):
        read_card(tmp_path / "x.json")
