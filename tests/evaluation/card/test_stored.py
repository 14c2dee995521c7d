"""A report of trust that was written can be read back, and its page written anew."""

import json
import re

import pytest

from affekt.errors import ConfigError
from affekt.evaluation.card.files import to_html, to_json, write_trust
from affekt.evaluation.card.stored import read_trust


def words(page):
    return re.sub(r'src="data:[^"]*"', "", page)


def test_a_report_that_is_read_back_says_what_it_said(trust, tmp_path):
    page, document = write_trust(tmp_path, trust)
    again = read_trust(document)
    first, second = json.loads(document.read_text()), json.loads(to_json(again))
    assert second.pop("doubts")["given"]["given"] == first.pop("doubts")["given"]["given"]
    assert second == first
    assert words(to_html(again)) == words(page.read_text())


def test_a_report_of_another_schema_is_refused(trust, tmp_path):
    _, document = write_trust(tmp_path, trust)
    document.write_text(json.dumps(json.loads(document.read_text()) | {"schema_version": 2}))
    with pytest.raises(ConfigError, match="no report of schema 3; measure the model again"):
        read_trust(document)


def test_what_is_no_report_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("[1")
    with pytest.raises(ConfigError, match="no report that can be read"):
        read_trust(tmp_path / "x.json")
