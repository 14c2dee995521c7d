"""The sections of a model card: what was measured, in plain words, tables and plots."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from affekt._version import __version__
from affekt.evaluation.answered import answered_cells
from affekt.evaluation.card import plots
from affekt.evaluation.card.card import Card
from affekt.evaluation.card.confidence import confidence
from affekt.evaluation.card.warnings import share, warnings_of
from affekt.evaluation.figures import (
    CorpusFigures,
    confusion_plot,
    ends,
    interval_of,
    percent,
    speaker_count,
    spoken,
)
from affekt.evaluation.people import AGREED, MARGIN, MIN_SPEAKERS, GroupDifference, ListenerFigures
from affekt.evaluation.writers import (
    CLASS_HEADS,
    MARKED,
    class_cells,
    group_sections,
    leak_facts,
    mark_of,
    protocol_facts,
    scoring_summary,
)
from affekt.report import Block, Bullets, Folded, Plot, Section, Table, marked, to_svg

_NOTHING = "Nothing crossed a line that this report draws. Faults outside those lines may remain."


def sections(card: Card) -> tuple[Section, ...]:
    """Return the whole report."""
    mark = mark_of(card.report)
    return tuple(
        Section(title, _marked(make(card), mark if make in _WITH_FIGURES else ""))
        for title, make in _SECTIONS.items()
    )


def _marked(blocks: Iterator[Block], mark: str) -> tuple[Block, ...]:
    """Mark all figures of a section, where there is a mark, and say what that means."""
    if not mark:
        return tuple(blocks)
    return (f"{MARKED[:1].upper()}{MARKED[1:]}.", *(marked(block, mark) for block in blocks))


def _warnings(card: Card) -> Iterator[Block]:
    found = warnings_of(card)
    yield Bullets(tuple((item.about, item.text) for item in found)) if found else _NOTHING
    if card.not_for:
        yield f"By its makers' own word it is not for: {'; '.join(card.not_for)}."


def _figures(card: Card) -> Iterator[Block]:
    report = card.report
    measured = ". ".join(f"{name.capitalize()}: {value}" for name, value in protocol_facts(report))
    tested = spoken(report.clips, report.speakers, known=report.speakers_known)
    if report.leaks is not None:
        shared = [value for name, value in leak_facts(report.leaks) if name == "leaks"]
        yield " ".join(f"{value[:1].upper()}{value[1:]}." for value in shared)
    yield (
        f"{measured}. {tested}. 'Recognised' is the share of "
        "right answers to the clips of each emotion, averaged over the emotions (unweighted "
        "average recall, UA), so that frequent emotions count no more than rare ones; 'accuracy' "
        "(WA) is the share of right answers to all clips."
    )
    yield (
        "'Own' is answered among the emotions that the corpus has, the setting in which systems "
        f"are compared; 'all' among all {len(report.labels)} labels, which is what a user gets. "
        "The intervals (95 %, bootstrap) say how much a figure would move with other speakers "
        "like these."
    )
    scored = [item for item in report.corpora if item.scorings]
    if scored:
        yield Plot("What is recognised of each corpus", to_svg(plots.corpora_plot(scored)))
    yield _own(card)
    yield _all(card)
    for item in scored:
        yield Folded(f"{item.corpus}: every emotion, and what is taken for what", _corpus(item))


def _own(card: Card) -> Table:
    rows = []
    beside = ("answered", "recognised of these") if card.report.failures else ()
    for item in card.report.corpora:
        own = item.scoring("own")
        speakers = speaker_count(len(item.speakers), known=item.speakers_known)
        head = (item.corpus, str(own.clips if own else 0), speakers)
        if own is None:
            rows.append((*head, *["-"] * (6 + len(beside))))
            continue
        rows.append(
            (
                *head,
                percent(1.0 / len(own.classes)),
                percent(own.ua),
                interval_of(own.ua_interval, own.speakers, known=item.speakers_known),
                percent(own.wa),
                percent(own.macro_f1),
                percent(own.weighted_f1),
                *(answered_cells(own) if beside else ()),
            )
        )
    for name, value in (
        ("mean of eight", card.report.mean_of_eight),
        ("mean of five", card.report.mean_of_five),
    ):
        if value is not None:
            rows.append((name, "", "", "", percent(value), *[""] * (4 + len(beside))))
    return Table(
        caption="Answered among the corpus' own emotions, in percent",
        header=(
            *("corpus", "clips", "speakers", "guessing", "recognised (UA)", "95 % interval"),
            *("accuracy (WA)", "macro F1", "weighted F1"),
            *beside,
        ),
        rows=tuple(rows),
    )


def _all(card: Card) -> Table:
    return Table(
        caption=f"Answered among all {len(card.report.labels)} labels, in percent",
        header=(
            *("corpus", "recognised (UA)", "95 % interval", "accuracy (WA)", "macro F1"),
            "weighted F1",
        ),
        rows=tuple(
            (
                item.corpus,
                percent(of.ua),
                interval_of(of.ua_interval, of.speakers, known=item.speakers_known),
                percent(of.wa),
                percent(of.macro_f1),
                percent(of.weighted_f1),
            )
            for item in card.report.corpora
            if (of := item.scoring("all")) is not None
        ),
    )


def _corpus(figures: CorpusFigures) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if figures.not_scored:
        named = ", ".join(f"{label} {count}" for label, count in figures.not_scored.items())
        blocks.append(f"Not scored, for the model has no such label: {named}.")
    for item in figures.scorings:
        rows = tuple(
            (
                of.label,
                *cells,
                *map(str, item.confusion[item.labels.index(of.label)]),
            )
            for of, cells in zip(item.classes, class_cells(item), strict=True)
        )
        blocks.append(f"{scoring_summary(item, known=figures.speakers_known)}.")
        blocks.append(
            Table(
                caption=f"Scoring '{item.name}': percent, and clips by what was answered",
                header=("emotion", *CLASS_HEADS, *item.labels),
                rows=rows,
            )
        )
    own = figures.scorings[0]
    drawn = to_svg(confusion_plot(own.labels, own.confusion))
    return (*blocks, Plot(f"{figures.corpus}: rows are true, columns answered", drawn))


def _people(card: Card) -> Iterator[Block]:
    yield (
        "Are people served alike? Of each corpus' speakers, the group that is recognised best is "
        "compared with the worst. The interval (95 %) says how far apart they may be with other "
        f"speakers like these: 'within {100 * MARGIN:.0f} points' if all of it lies inside that, "
        "'differs' if it leaves out zero, and otherwise 'cannot tell', which is no pass. So it is, "
        f"too, of fewer than two groups of {MIN_SPEAKERS} speakers. Languages are not judged at "
        "all: each corpus has one, and a way of recording of its own, so that language is "
        "confounded with corpus here."
    )
    judged = [item for item in card.differences if item.verdict != "not testable"]
    others = [item for item in card.differences if item.verdict == "not testable"]
    if judged:
        yield _differences(judged)
    if others:
        summary = f"{len(others)} of {len(card.differences)} differences are not testable"
        yield Folded(summary, (_differences(others),))
    if card.prediction_stability is not None:
        yield (
            "Do answers stay where they should? A level says nothing of a feeling; a semitone lies "
            "within the voices of two people. 'Moved' is how much probability goes to other "
            f"labels. Measured on {_sample(card)}."
        )
        yield Table(
            caption="Answers that stay, and how far predictions move, in percent",
            header=(
                *("change", "stay (all labels)", "passes from", "stay (own emotions)"),
                *("moved", "passes up to", "verdict"),
            ),
            rows=tuple(
                (
                    item.change,
                    *map(percent, (item.unchanged, item.limit, item.unchanged_own)),
                    *map(percent, (item.moved, item.moved_limit)),
                    item.verdict,
                )
                for item in card.prediction_stability
            ),
            words=frozenset({0, 6}),
        )


def _differences(found: Sequence[GroupDifference]) -> Table:
    return Table(
        caption="Differences between groups of speakers, in percent",
        header=(
            *("corpus", "by", "scoring", "recognised (speakers)", "difference", "95 % interval"),
            "verdict",
        ),
        rows=tuple(
            (
                item.corpus,
                item.attribute,
                item.scoring,
                ", ".join(
                    f"{group} {percent(item.ua.get(group))} ({count})"
                    for group, count in item.speakers.items()
                )
                or "unknown",
                percent(item.difference),
                _difference_interval(item),
                item.verdict,
            )
            for item in found
        ),
        words=frozenset({0, 1, 2, 3, 6}),
    )


def _difference_interval(item: GroupDifference) -> str:
    if item.difference is None:
        return "-"
    if item.interval is None:
        return "all draws agree"
    return ends(item.interval, item.interval.speakers)


def _groups(card: Card) -> Iterator[Block]:
    yield (
        "Among the corpus' own emotions, and at the end of each row among all labels. Over all "
        "corpora together, groups differ in corpus, language and recording as well."
    )
    for part in group_sections(card.report):
        blocks = tuple(f"{block}." if isinstance(block, str) else block for block in part.blocks)
        tables = [block for block in blocks if isinstance(block, Table)]
        if tables:
            yield Folded(f"By {tables[0].header[0]}", blocks)
        else:
            yield from blocks


def _robustness(card: Card) -> Iterator[Block]:
    measured = card.robustness
    if measured is None:
        yield "Not measured."
        return
    yield (
        f"The same clips as they come and as life may bring them: {_sample(card)}. 'Loss' is "
        "against clean sound, in points; 'same answer' is the share of clips whose answer among "
        "all labels stays; 'moved' is how much probability goes to other labels."
    )
    yield Plot("Figure under each condition against clean", to_svg(plots.robustness_plot(measured)))
    yield Table(
        caption="Recognised under each condition (UA; a corpus: its own emotions), in percent",
        header=(
            *("condition", "own", "loss", "all labels", "loss", "same answer", "moved", "refused"),
            *measured.clean.own.ua,
        ),
        rows=tuple(
            (
                f"{item.group}, {item.name}" if item.name else item.group,
                *map(percent, (item.own.mean_ua, item.own.drop, item.all.mean_ua, item.all.drop)),
                *map(percent, (item.all.unchanged, item.moved, item.refused)),
                *map(percent, item.own.ua.values()),
            )
            for item in (measured.clean, *measured.conditions)
        ),
    )


def _listeners(card: Card) -> Iterator[Block]:
    beside = card.listeners
    if beside is None:
        yield "Not measured: see below."
        return
    yield (
        "About ten people listened to each clip of CREMA-D, sound alone, and chose one of six "
        f"emotions. Where at least {share(AGREED)} of them chose the same, they agreed. A feeling "
        "is no fact that a recording gives away: where people do not hear what the actor meant, a "
        "model that does goes by something else than they."
    )
    if beside.left_out:
        yield (
            f"{beside.left_out} clips are left out, for the model did not answer, or gives none "
            "of the six emotions a chance there."
        )
    parts = (
        ("all clips", beside.everything),
        ("people agreed", beside.agreed),
        ("people did not", beside.disputed),
    )
    yield Table(
        caption="The model beside people: percent; cross-entropy in nats",
        header=(
            "clips", "number", "model right", "majority right", "one listener right",
            "model says what the majority says", "cross-entropy with the votes",
            "least possible", "correlation with the votes",
        ),
        rows=tuple(_listener_row(name, of) for name, of in parts if of is not None),
    )  # fmt: skip


def _listener_row(name: str, of: ListenerFigures) -> tuple[str, ...]:
    return (
        name,
        str(of.clips),
        percent(of.model_right),
        percent(of.crowd_right),
        percent(of.listener_right),
        percent(of.model_with_crowd),
        "-" if of.cross_entropy is None else f"{of.cross_entropy:.3f}",
        f"{of.cross_entropy_of_votes:.3f}",
        "-" if of.correlation is None else f"{of.correlation:.2f}",
    )


def _not_measured(card: Card) -> Iterator[Block]:
    if card.not_measured:
        yield Bullets(tuple((item.what, f"{item.why}.") for item in card.not_measured))
    failures = card.to_dict()["figures"]["failures"]
    if failures:
        yield Table(
            caption="Clips that were not answered",
            header=("corpus", "clip", "reason"),
            rows=tuple((item["corpus"], item["path"], item["reason"]) for item in failures),
            words=frozenset({0, 1, 2}),
        )
    yield (
        "Nothing here was measured on speech that nobody acted, unless a corpus above holds such "
        "speech, and nothing on your recordings."
    )


def _provenance(card: Card) -> Iterator[Block]:
    report = card.report
    yield Table(
        caption="Where these figures come from",
        header=("what", "value"),
        rows=(
            ("model", f"{report.bundle} ({report.kind})"),
            ("SHA-256", report.bundle_sha256),
            ("labels", ", ".join(report.labels)),
            ("protocol", f"{report.protocol}, version {report.protocol_version}"),
            ("seed", str(card.seed)),
            (
                "clips a corpus, at most, for robustness and prediction stability",
                str(card.per_corpus),
            ),
            ("date", report.date),
            (
                "measured with",
                ", ".join(f"{name} {value}" for name, value in card.versions.items()),
            ),
            ("page written by", f"Affekt {__version__}"),
            ("command", card.command),
        ),
        words=frozenset({0, 1}),
    )


def _sample(card: Card) -> str:
    clips = card.robustness.clips if card.robustness else 0
    return (
        f"{clips} clips, drawn with seed {card.seed}, at most {card.per_corpus} of each corpus, "
        "emotions in equal numbers as far as they go"
    )


_SECTIONS: dict[str, Callable[[Card], Iterator[Block]]] = {
    "Warnings": _warnings,
    "Figures under the protocol": _figures,
    "People, not averages": _people,
    "Groups of people and clips": _groups,
    "Confidence": confidence,
    "When sound comes as it does in life": _robustness,
    "Beside people who listened": _listeners,
    "What was not measured, and why": _not_measured,
    "Where these figures come from": _provenance,
}
_WITH_FIGURES = (_figures, _people, _groups, confidence, _robustness, _listeners)
