"""The plots of corpora say what the tables say."""

from __future__ import annotations

import pytest

from affekt.inspection.corpus_plots import PLOTS, draw_lengths, draw_levels, draw_silence
from affekt.report.plots import to_png


def panel(figure, title):
    (axes,) = [axes for axes in figure.axes if axes.get_title(loc="left").startswith(title)]
    return axes


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


def test_lengths_are_shares_that_add_up(inspection):
    axes = panel(draw_lengths(inspection), "emodb: median 1.04 s")
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(100.0)


def test_levels_leave_silent_clips_out(inspection):
    axes = panel(draw_levels(inspection), "emodb")
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(200.0)  # RMS and peak


def test_silence_has_a_row_a_corpus(inspection):
    left, right = draw_silence(inspection).axes
    assert [label.get_text() for label in left.get_yticklabels()] == ["emodb", "savee"]
    assert right.get_xlim()[1] == 100.0
