import io
import xml.etree.ElementTree as ET

import numpy as np
import pytest
from PIL import Image

from affekt.evaluation.figures import plots
from affekt.report.plots import to_png, to_svg

LABELS = ("neutral", "happy", "surprised")
CONFUSION = ((90, 10, 0), (1, 299, 0), (0, 0, 0))
EPOCHS = [(1.0, 2.0, 0.3, 2.1, 0.2), (2.0, 1.0, 0.6, 1.5, 0.5), (3.0, 0.5, 0.9, 1.4, 0.5)]
NAMES = ("epoch", "loss", "accuracy", "validation_loss", "validation_accuracy")
HISTORY = [dict(zip(NAMES, values, strict=True)) for values in EPOCHS]


def confusion():
    return plots.confusion_plot(LABELS, CONFUSION)


def curves():
    return plots.curves_plot(HISTORY)


def recalls():
    return plots.recalls_plot(LABELS, [0.9, 0.997, None], {"neutral": 0.5})


def comparison():
    return plots.comparison_plot(
        ["one", "two"], {"published": [70.0, None], "as published": [71.5, 60.0]}
    )


def spectrogram():
    level_db = np.random.default_rng(0).normal(-40.0, 10.0, (50, 80))
    return plots.spectrogram_plot(level_db, duration_s=1.6)


ALL = [confusion, curves, recalls, comparison, spectrogram]


def words(figure):
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.parametrize("draw", ALL)
def test_every_plot_becomes_a_png_on_white(draw):
    image = Image.open(io.BytesIO(to_png(draw(), dpi=60))).convert("RGB")
    corners = [(0, 0), (image.width - 1, 0), (0, image.height - 1)]
    assert {image.getpixel(corner) for corner in corners} == {(255, 255, 255)}


@pytest.mark.parametrize("draw", ALL)
def test_nothing_is_cut_off_at_the_border(draw):
    pixels = np.asarray(Image.open(io.BytesIO(to_png(draw(), dpi=60))).convert("L"))
    border = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    assert border.min() == 255


@pytest.mark.parametrize("draw", ALL)
def test_every_plot_becomes_the_same_svg_each_time(draw):
    svg = to_svg(draw())
    assert ET.fromstring(svg).tag.endswith("svg")  # noqa: S314 - our own
    assert svg == to_svg(draw())


def test_a_cell_tells_percent_of_its_row_and_count():
    assert words(confusion()) == ["90 %\n90", "10 %\n10", "<1 %\n1", "100 %\n299"]


def test_curves_mark_the_first_epoch_of_the_best_validation_accuracy():
    assert plots.best_epoch(HISTORY) == (2, "validation accuracy")
    lines = curves().axes[1].get_lines()
    assert [line.get_label() for line in lines] == [
        "training",
        "validation",
        "best epoch, 2 (validation accuracy)",
    ]
    assert lines[1].get_ydata().tolist() == pytest.approx([20.0, 50.0, 50.0])


def test_without_validation_accuracy_the_lowest_loss_is_best_and_without_either_none():
    losses = [{"epoch": 1.0, "validation_loss": 1.0}, {"epoch": 2.0, "validation_loss": 0.9}]
    assert plots.best_epoch(losses) == (2, "validation loss")
    assert plots.best_epoch([{"epoch": 1.0, "loss": 1.0}]) is None


def test_a_history_of_losses_alone_is_one_plot():
    figure = plots.curves_plot([{"epoch": 1.0, "loss": 1.9, "seconds": 2.0}])
    assert [axes.get_ylabel() for axes in figure.axes] == ["loss"]


def test_recalls_stand_above_their_bars_and_the_published_beside():
    assert words(recalls()) == ["50", "", "", "90", "100", ""]


def test_a_system_without_a_published_figure_has_no_mark_for_it():
    published, measured = comparison().axes[0].collections
    assert published.get_offsets().tolist() == [[70.0, 0.0]]
    assert measured.get_offsets().tolist() == [[71.5, 0.0], [60.0, 1.0]]


def test_drawing_leaves_the_settings_of_others_alone():
    import matplotlib as mpl

    before = dict(mpl.rcParams)
    to_svg(confusion())
    assert dict(mpl.rcParams) == before


def test_a_label_is_no_formula():
    drawing = plots.recalls_plot([r"a$\frac$", "happy"], [0.9, 0.5], {r"a$\frac$": 0.5})
    assert to_png(drawing, dpi=60).startswith(b"\x89PNG")
