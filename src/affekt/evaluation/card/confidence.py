"""The section on confidence of a model card."""

from __future__ import annotations

from collections.abc import Iterator

from affekt.evaluation.answered import unanswered
from affekt.evaluation.card.card import Card
from affekt.evaluation.confidence import (
    Calibration,
    CalibrationMeasures,
    ConfidenceFigures,
    Domain,
    diagrams_of,
    reliability_plot,
    risk_plot,
    roc_plot,
)
from affekt.evaluation.figures import interval_of, percent
from affekt.evaluation.report import Report
from affekt.metrics import Coverage
from affekt.recognition.bundles import SetRule
from affekt.report import Block, Plot, Table, to_svg


def confidence(card: Card) -> Iterator[Block]:
    """Yield calibration, risk, sets of labels, and what is no speech."""
    confidence = card.confidence
    if confidence is None:
        yield "Not measured: see below."
        return
    yield (
        "Of the answers of which a model is 70 % sure, 70 % should be right: in the plot, on the "
        "dashed line. Below it, the model is surer than right. The expected calibration error "
        "(ECE) is the mean distance from that line, over 15 bins of equally many clips, among all "
        "labels; 'by chance' is what it would be if every probability were exactly right."
    )
    if card.report.failures:
        yield f"{unanswered(card.report).capitalize()}. All below is of the others."
    if confidence.given.temperature is not None:
        yield (
            "The model brings no calibration. What one temperature would do, "
            f"{confidence.given.temperature:.2f} by the `calibrate` speakers, is shown beside it; "
            "its sets of labels are fitted on the same speakers."
        )
    yield Plot(
        "How often answers are right by how sure the model is",
        to_svg(reliability_plot(diagrams_of(confidence))),
    )
    yield _calibration_measures(confidence)
    risk = confidence.given.risk
    yield (
        f"Answering only the surer half of the clips, {percent(risk.risk_at(0.5))} % are wrong; "
        f"answering all, {percent(risk.risk_at(1.0))} %."
    )
    yield Plot("Wrong answers by how much is answered, the surest first", to_svg(risk_plot(risk)))
    yield from _sets(confidence, card.report)
    if confidence.domain is not None:
        yield from _domain(confidence.domain)


def _calibration_measures(confidence: ConfidenceFigures) -> Table:
    given = confidence.given.given
    rows = [_calibration_row(name, of) for name, of in given.corpora.items()]
    rows.append(_mean_row("mean over corpora", given))
    if confidence.before is not None:
        rows.append(_mean_row("mean over corpora, network alone", confidence.before.given))
    if confidence.given.rescaled is not None:
        rows.append(_mean_row("mean over corpora, with a temperature", confidence.given.rescaled))
    rows.append(_calibration_row("all clips", given.pooled))
    others = {
        "network alone": confidence.before.given if confidence.before else None,
        "with a temperature": confidence.given.rescaled,
        "over a telephone": confidence.telephone.given if confidence.telephone else None,
        "over a telephone, network alone": (
            confidence.telephone_before.given if confidence.telephone_before else None
        ),
        "over a telephone, with it": confidence.telephone.rescaled
        if confidence.telephone
        else None,
    }
    rows += [
        _calibration_row(f"all clips, {name}", of.pooled)
        for name, of in others.items()
        if of is not None
    ]
    return Table(
        caption="Confidence and what it is worth: percent; Brier score; NLL in nats",
        header=(
            *("corpus", "clips", "sure", "right", "ECE", "by chance", "classwise ECE"),
            *("Brier", "NLL"),
        ),
        rows=tuple(rows),
    )


def _mean_row(name: str, of: Calibration) -> tuple[str, ...]:
    return (name, "", "", "", percent(of.mean_ece), percent(of.mean_ece_floor), "", "", "")


def _calibration_row(name: str, of: CalibrationMeasures) -> tuple[str, ...]:
    shares = (of.confidence, of.accuracy, of.ece, of.ece_floor, of.classwise_ece)
    return (name, str(of.clips), *map(percent, shares), f"{of.brier:.3f}", f"{of.nll:.3f}")


def _sets(confidence: ConfidenceFigures, report: Report) -> Iterator[Block]:
    rows = []
    for where, measured in (("", confidence.given), (", over a telephone", confidence.telephone)):
        if measured is None or measured.sets is None or measured.rule is None:
            continue
        known = report.speakers_known
        rows.append(_sets_row(f"all clips{where}", measured.sets, measured.rule, known=known))
        rows += [
            _sets_row(
                f"{corpus}{where}", of, measured.rule, known=corpus not in report.speakers_unknown
            )
            for corpus, of in measured.corpora_sets.items()
        ]
    if rows:
        yield (
            "Instead of one answer, the model can name a set of labels that holds the right one as "
            "often as promised, to voices like those it was fitted on. To others it may not: each "
            "corpus has a row of its own."
        )
        yield Table(
            caption="Sets of labels (conformal prediction), in percent",
            header=(
                *("clips", "number", "promised", "hold the right label", "95 % interval"),
                *("labels a set", "sets of one label"),
            ),
            rows=tuple(rows),
        )


def _sets_row(name: str, of: Coverage, rule: SetRule, *, known: bool) -> tuple[str, ...]:
    return (
        name,
        str(of.clips),
        percent(rule.coverage),
        percent(of.share),
        interval_of(of.interval, of.speakers, known=known),
        f"{of.mean_size:.2f}",
        percent(of.single),
    )


def _domain(domain: Domain) -> Iterator[Block]:
    yield (
        "Sounds that are no speech, all of them synthetic (music: "
        f"{domain.music}), and whether the model notices: {percent(domain.flagged)} % of the clips "
        "of speech are called out of its domain."
    )
    yield Plot("Sounds found by how much speech is taken for one", to_svg(roc_plot(domain.curve)))
    yield Table(
        caption="Synthetic sounds called out of the domain, in percent; area under the ROC",
        header=("sound", "noticed", "area"),
        rows=(
            *(
                (kind, percent(of), f"{domain.areas[kind]:.3f}")
                for kind, of in domain.found.items()
            ),
            ("all", "", f"{domain.curve.area:.3f}"),
        ),
    )
