"""What a model did with the clips that it was asked: some left unanswered, all answered alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from affekt.evaluation.figures import CorpusFigures, Scoring, percent
from affekt.evaluation.report import Report
from affekt.metrics import ConstantAnswer

Facts = list[tuple[str, str]]
_MOST_REASONS = 10
_MOST_NAMES = 3


def unanswered_facts(report: Report) -> Facts:
    """Return how many clips were not answered, the first reasons, and answers to other clips."""
    facts = [("WARNING", unknown_names(report))] if report.unknown_names else []
    if not report.failures:
        return facts
    facts.append(("WARNING", f"{unanswered(report)}; they count as wrong"))
    facts += [
        ("unanswered", f"{item.corpus}: {item.reason}") for item in report.failures[:_MOST_REASONS]
    ]
    if len(report.failures) > _MOST_REASONS:
        more = len(report.failures) - _MOST_REASONS
        facts.append(("unanswered", f"and {more} more; JSON names them all"))
    return facts


def unanswered(report: Report) -> str:
    """Return in words how many clips were not answered."""
    return f"not answered: {len(report.failures)} of {report.clips} clips"


def unknown_names(report: Report) -> str:
    """Return in words which names in a table of predictions are of no clip at hand."""
    names = report.unknown_names
    more = ", ..." if len(names) > _MOST_NAMES else ""
    named = ", ".join(f"'{name}'" for name in names[:_MOST_NAMES])
    return f"{report.bundle} names clips that are not at hand, {len(names)} in all: {named}{more}"


def answered_cells(scoring: Scoring) -> list[str]:
    """Return how many clips were answered, and the UA on these alone."""
    alone = scoring if scoring.answered == scoring.clips else scoring.answered_alone
    return [str(scoring.answered), percent(alone.ua if alone else None)]


def constant_facts(corpora: Sequence[CorpusFigures]) -> Facts:
    """Return where a model does not tell clips apart: its UA is then that of guessing."""
    return [("WARNING", sentence) for item in corpora for sentence in constant_answers(item)]


def constant_answers(figures: CorpusFigures) -> Iterator[str]:
    """Yield what a constant or nearly constant predictor answers to the clips of a corpus."""
    among: dict[ConstantAnswer, list[str]] = {}
    for item in figures.scorings:
        if item.constant is not None:
            among.setdefault(item.constant, []).append(item.name)
    for constant, names in among.items():
        nearly = "" if constant.share == 1.0 else "nearly "
        yield (
            f"{figures.corpus}: a {nearly}constant predictor: {percent(constant.share)} % of its "
            f"answers are '{constant.label}' ({', '.join(names)})"
        )
