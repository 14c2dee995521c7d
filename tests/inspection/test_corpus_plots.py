"""The plots of corpora say what the tables say."""

from __future__ import annotations

import pytest

from affekt.inspection.corpus_plots import (
    PLOTS,
    draw_emotions,
    draw_genders,
    draw_lengths,
    draw_levels,
    draw_silence,
)
from affekt.inspection.drawing import to_png
from affekt.inspection.tables import count


def panel(figure, title):
    (axes,) = [axes for axes in figure.axes if axes.get_title(loc="left").startswith(title)]
    return axes


def bar_ends(axes):
    """Where the last bar of each row ends."""
    ends = {}
    for bar in axes.patches:
        row = round(bar.get_y() + bar.get_height() / 2)
        ends[row] = max(ends.get(row, 0.0), bar.get_x() + bar.get_width())
    return [ends[row] for row in sorted(ends)]


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_is_a_png_with_named_axes(inspection, name):
    figure = PLOTS[name](inspection)
    shown = [axes for axes in figure.axes if axes.axison]
    assert shown
    assert all(axes.get_xlabel() for axes in shown)
    assert to_png(figure).startswith(b"\x89PNG")


@pytest.mark.parametrize("name", PLOTS)
def test_every_plot_can_be_drawn_when_nothing_could_be_read(inspection, name):
    nothing = type(inspection)(clips=inspection.unreadable)
    assert to_png(PLOTS[name](nothing)).startswith(b"\x89PNG")


def test_the_bars_of_emotions_are_the_counts(inspection):
    axes = panel(draw_emotions(inspection), "emodb")
    found = count(inspection.of("emodb").clips, "emotion")
    labels = [label.get_text() for label in axes.get_yticklabels()]
    assert dict(zip(labels, bar_ends(axes), strict=True)) == {
        label: found.get(label, 0) for label in labels
    }


def test_genders_add_up_to_the_clips(inspection):
    (axes,) = draw_genders(inspection).axes
    assert bar_ends(axes) == [5.0, 2.0]
    assert {text.get_text() for text in axes.texts} == {
        "2 speakers: 1 female, 1 male",
        "2 speakers: 2 male",
    }


def test_lengths_are_shares_that_add_up(inspection):
    axes = panel(draw_lengths(inspection), "emodb: median 1.04 s")
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(100.0)


def test_levels_leave_silent_clips_out_and_count_clipped_ones(inspection):
    axes = panel(draw_levels(inspection), "emodb: 1 of 5 clips clipped")
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(200.0)  # RMS and peak


def test_silence_has_a_row_a_corpus(inspection):
    left, right = draw_silence(inspection).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["emodb", "savee"]
    assert right.get_xlim()[1] == 100.0
