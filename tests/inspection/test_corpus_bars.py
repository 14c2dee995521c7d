"""The bars of corpora are the counts of the tables, and hold whatever a table of one's own says."""

from __future__ import annotations

from dataclasses import replace

import pytest

from affekt.inspection import Inspection
from affekt.inspection.corpus_bars import (
    draw_clipping,
    draw_emotions,
    draw_genders,
    draw_intensities,
    draw_languages,
    draw_sampling_rates,
)
from affekt.inspection.corpus_statistics import count
from affekt.report.plots import to_png


def title(axes):
    return axes.get_title(loc="left")


def bars(axes):
    """Labels of the rows, and where the last bar of each ends."""
    ends = {}
    for bar in axes.patches:
        row = round(bar.get_y() + bar.get_height() / 2)
        ends[row] = max(ends.get(row, 0.0), bar.get_x() + bar.get_width())
    labels = [label.get_text() for label in axes.get_yticklabels()]
    return dict(zip(labels, (ends[row] for row in sorted(ends)), strict=True))


def notes(axes):
    return [text.get_text() for text in axes.texts]


@pytest.fixture
def changed(inspection):
    """Give the clips other properties, one mapping a clip."""

    def change(*properties):
        clips = [inspection.clips[place % 7] for place in range(len(properties))]
        return Inspection(
            clips=tuple(
                replace(clip, utterance=replace(clip.utterance, **changed))
                for clip, changed in zip(clips, properties, strict=True)
            )
        )

    return change


def test_the_bars_of_emotions_are_the_counts(inspection):
    (axes,) = (axes for axes in draw_emotions(inspection).axes if title(axes) == "emodb")
    found = count(inspection.of("emodb").clips, "emotion")
    assert bars(axes) == {label: found.get(label, 0) for label in bars(axes)}
    assert set(found) < set(bars(axes))  # what nobody says has a row as well


def test_genders_add_up_to_the_clips(inspection):
    (axes,) = draw_genders(inspection).axes
    assert bars(axes) == {"emodb": 5, "savee": 2}
    assert notes(axes) == ["2 speakers: 1 female, 1 male", "2 speakers: 2 male"]


def test_languages_name_the_corpora_that_hold_them(inspection):
    (axes,) = draw_languages(inspection).axes
    assert bars(axes) == {"de": 5, "en": 2}
    assert notes(axes) == ["5 in emodb", "2 in savee"]


def test_a_language_of_many_corpora_says_how_many(changed):
    corpora = changed(*({"corpus": f"own{place}", "language": "cs"} for place in range(6)))
    assert notes(draw_languages(corpora).axes[0]) == ["6 in 6 corpora"]


def test_intensities_stand_in_the_words_of_each_corpus(changed):
    found = changed({"intensity": "strong"}, {"intensity": "weak"}, {"intensity": "weak"}, {})
    (axes,) = draw_intensities(found).axes
    assert bars(axes) == {"emodb: strong": 1, "emodb: weak": 2, "emodb: not stated": 1}


def test_a_corpus_without_intensities_has_one_row(inspection):
    (axes,) = draw_intensities(inspection).axes
    assert bars(axes) == {"emodb: not stated": 5, "savee: not stated": 2}


def test_rare_intensities_are_gathered(changed):
    """A rating in place of a word makes no picture that is too high to be drawn."""
    often = [{"corpus": "own", "intensity": "9.5"}] * 2
    found = changed(*often, *({"corpus": "own", "intensity": f"{x / 999:.3f}"} for x in range(999)))
    figure = draw_intensities(found)
    found_bars = bars(figure.axes[0])
    assert found_bars["own: 9.5"] == 2
    assert found_bars["own: 988 others"] == 988
    assert sum(found_bars.values()) == 1001
    assert figure.get_figheight() < 10.0


def test_sampling_rates_are_those_of_the_files_and_add_up(inspection):
    (axes,) = draw_sampling_rates(inspection).axes
    assert bars(axes) == {
        "emodb: 16000 Hz": 3,
        "emodb: 44100 Hz": 1,
        "emodb: not read": 1,
        "savee: 16000 Hz": 2,
    }


def test_clipping_is_a_share_of_the_clips_that_were_read(inspection):
    (axes,) = draw_clipping(inspection).axes
    assert bars(axes) == {"emodb": 25.0, "savee": 0.0}
    first, second = notes(axes)
    assert first.startswith("1 of 4 clips, ")
    assert second == "0 of 2 clips, 0 samples"


def test_names_are_no_formulas(changed):
    assert to_png(draw_languages(changed({"corpus": "$a$", "language": r"$\frac$"})))
