"""What a run's report says."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from affekt.evaluation.figures import ClassificationFigures, percent
from affekt.report import Block, Bullets, Document, Folded, Plot, Section, Table

Facts = Mapping[str, str | int | float]
History = Sequence[Mapping[str, float]]

PLOTS: dict[str, str] = {
    "confusion": "Confusion matrix: percent of each actual class, and clips",
    "recalls": "Recall of each class",
    "curves": "Loss and accuracy by epoch",
}
_MEASURES = {"wa": "accuracy", "ua": "UA", "macro_f1": "macro F1", "weighted_f1": "weighted F1"}
_PAIRS_SHOWN = 10
CLIPS_SHOWN = 50


def run_document(
    title: str,
    *,
    figures: ClassificationFigures,
    history: History,
    facts: Facts,
    notes: Sequence[str],
    drawings: Mapping[str, str],
    clips_listed: bool = True,
) -> Document:
    """Return the report of a run.

    Args:
        title: its heading.
        figures: measured on the test part.
        history: one mapping an epoch.
        facts: what stands in its head, by name.
        notes: sentences below the head.
        drawings: name of a plot in `PLOTS` to its SVG file.
        clips_listed: with a table of the misclassified clips.
    """
    run = Table(
        caption="The run",
        header=("fact", "value"),
        rows=tuple((name, str(value)) for name, value in facts.items()),
        words=frozenset({0, 1}),
    )
    head = (run, Bullets(tuple(("", note) for note in notes))) if notes else (run,)
    plots = {
        name: Plot(PLOTS[name], drawing, file=f"{name}.png") for name, drawing in drawings.items()
    }
    sections = [
        Section("", head),
        Section(
            "Figures",
            (
                figures_note(figures),
                _summary(figures),
                _classes(figures),
                plots["recalls"],
                plots["confusion"],
                Folded("The confusion matrix as a table", (_confusion(figures),)),
            ),
        ),
    ]
    if history:
        epochs = Folded("The epochs as a table", (_epochs(history),))
        sections.append(Section("Training", (plots["curves"], epochs)))
    wrong: tuple[Block, ...] = ("No clip was misclassified.",)
    if figures.misclassified:
        wrong = (_pairs(figures),)
    if figures.misclassified and clips_listed:
        wrong += (_misclassified(figures), "The file misclassified.csv holds all of them.")
    sections.append(Section("Misclassification", wrong))
    return Document(title, tuple(sections))


def _misclassified(figures: ClassificationFigures) -> Table:
    """The misclassified clips of whose answers the model was surest."""
    return Table(
        caption=f"{shown_of(figures, CLIPS_SHOWN)}, the most confident first (percent)",
        header=("clip", "speaker", "actual", "predicted", "confidence", "given to the actual"),
        rows=tuple(
            (
                item.clip,
                item.speaker,
                item.actual,
                item.predicted,
                percent(item.probability_of_predicted),
                percent(item.probability_of_actual),
            )
            for item in figures.misclassified[:CLIPS_SHOWN]
        ),
        words=frozenset({0, 1, 2, 3}),
    )


def shown_of(figures: ClassificationFigures, limit: int) -> str:
    """Return in words how many misclassified clips there are, and how many are shown."""
    wrong = len(figures.misclassified)
    shown = f"; {limit} of them shown" if wrong > limit else ""
    return f"{wrong} of {figures.clips} clips misclassified{shown}"


def figures_note(figures: ClassificationFigures) -> str:
    """Return what must be known to read the figures."""
    text = f"Measured on {figures.clips} clips of {figures.speakers} speakers, in percent. "
    if figures.constant is not None:
        nearly = "" if figures.constant.share == 1.0 else "nearly "
        text += (
            f"The model is a {nearly}constant predictor: {percent(figures.constant.share)} % of "
            f"its answers are '{figures.constant.label}'. "
        )
    if figures.no_interval_reason:
        return f"{text}There are no intervals: {figures.no_interval_reason}."
    return (
        f"{text}Intervals: 95 %, bootstrap over the speakers of the test part, the model as it "
        "is; none where all draws agree. Means are over the classes that occur."
    )


def _summary(figures: ClassificationFigures) -> Table:
    rows = []
    for key, name in _MEASURES.items():
        ends = figures.intervals.get(key)
        interval = f"{percent(ends.low)} to {percent(ends.high)}" if ends else "-"
        rows.append((name, percent(getattr(figures, key)), interval))
    return Table(
        caption="Figures of the test part (percent)",
        header=("figure", "measured", "95 % interval"),
        rows=tuple(rows),
    )


def _classes(figures: ClassificationFigures) -> Table:
    rows = [
        (item.label, percent(item.precision), percent(item.recall), percent(item.f1))
        for item in figures.classes
    ]
    support = [str(item.support) for item in figures.classes]
    for name, measures in (
        ("macro mean", ("macro_precision", "ua", "macro_f1")),
        ("weighted mean", ("weighted_precision", "wa", "weighted_f1")),
    ):
        precision, recall, f1 = (_with_interval(figures, measure) for measure in measures)
        rows.append((name, precision, recall, f1))
        support.append(str(figures.clips))
    return Table(
        caption="Precision, recall and F1 of each class and their means with 95 % intervals over "
        "speakers (percent), and clips",
        header=("class", "precision", "recall", "F1", "clips"),
        rows=tuple((*row, clips) for row, clips in zip(rows, support, strict=True)),
    )


def _confusion(figures: ClassificationFigures) -> Table:
    return Table(
        caption="Confusion matrix in clips: rows actual, columns predicted",
        header=("actual", *figures.labels),
        rows=tuple(
            (label, *map(str, row))
            for label, row in zip(figures.labels, figures.confusion, strict=True)
        ),
    )


def _epochs(history: History) -> Table:
    columns = list(dict.fromkeys(name for row in history for name in row))
    return Table(
        caption="Training by epoch; accuracies from 0 to 1",
        header=tuple(name.replace("_", " ") for name in columns),
        rows=tuple(
            tuple(f"{row[name]:.4g}" if name in row else "-" for name in columns) for row in history
        ),
    )


def _with_interval(figures: ClassificationFigures, measure: str) -> str:
    interval = figures.intervals.get(measure)
    between = f" ({percent(interval.low)} to {percent(interval.high)})" if interval else ""
    return percent(getattr(figures, measure)) + between


def _pairs(figures: ClassificationFigures) -> Table:
    support = {item.label: item.support for item in figures.classes}
    wrong = [
        (count, actual, predicted)
        for actual, row in zip(figures.labels, figures.confusion, strict=True)
        for predicted, count in zip(figures.labels, row, strict=True)
        if count and actual != predicted
    ]
    wrong.sort(key=lambda pair: -pair[0])
    return Table(
        caption="What is most often taken for what",
        header=("actual", "predicted", "clips", "percent of the actual class"),
        rows=tuple(
            (actual, predicted, str(count), percent(count / support[actual]))
            for count, actual, predicted in wrong[:_PAIRS_SHOWN]
        ),
        words=frozenset({0, 1}),
    )
