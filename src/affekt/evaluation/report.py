"""The report of a model under a protocol: figures, and all that must stand beside them."""

from __future__ import annotations

import dataclasses
import hashlib
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import resources
from typing import Any

from affekt._version import __version__
from affekt.errors import ConfigError
from affekt.evaluation.figures import (
    CalibrationFigures,
    CorpusFigures,
    mean_ua,
    pooled_calibration,
    score_corpus,
)
from affekt.evaluation.overlap import (
    Copy,
    Leaks,
    clips_of_training_speakers,
    find_leaks,
    identity,
    lockbox_tested,
    of_unknown_origin,
    training_speakers_among,
)
from affekt.evaluation.people import ALL_CORPORA, GroupFigures, group_figures
from affekt.evaluation.runs import Answers, Progress, own_classes
from affekt.evaluation.sources import Source, open_source
from affekt.protocols import Protocol, Split, protocol
from affekt.records import Utterance

# Of the JSON of a measurement; files of version 1 do not say theirs.
SCHEMA_VERSION = 2

FIVE = ("cremad", "ravdess_speech", "emodb", "casia", "nemo")
EIGHT = (*FIVE, "savee", "emovo", "tess")


@dataclass(frozen=True, slots=True, kw_only=True)
class Floor:
    """The least UA that was asked for, and the one measured (percent; None without all clips)."""

    name: str
    asked: float
    measured: float | None

    @property
    def verdict(self) -> str:
        """Return "reached", "missed" or "not measured"."""
        if self.measured is None:
            return "not measured"
        return "reached" if self.measured >= self.asked else "missed"


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedClip:
    """A clip of the protocol that was not recognised, and why."""

    corpus: str
    path: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was measured, of which file, on whom.

    Attributes:
        protocol, protocol_version, protocol_description: the rule that chose the clips.
        speakers_apart: the protocol tests no training speaker.
        new_speakers: no training speaker is under test; None where that is unknown.
        kind: of the source that was measured: a bundle, a checkpoint, and so on.
        bundle, bundle_path, bundle_sha256: its title, place and checksum.
        labels: of the model.
        date: ISO 8601, UTC.
        affekt_version: that measured.
        clips, speakers: under test, over all corpora; failed clips included.
        clips_sha256: tells one list of clips under test from another: 12 digits of the SHA-256 over
            their names.
        corpora: the figures, one entry a corpus.
        mean_of_eight, mean_of_five: UA over the corpora of `EIGHT` and `FIVE`, own classes,
            0 to 1; None unless all of them were measured.
        calibration: over the clips of all corpora together.
        missing: `(corpus, speaker)` pairs that the protocol names and that no clip was found of.
        training_speakers_tested: speakers under test who may be training speakers,
            `(corpus, speaker)`: their figures are no measure of new speakers.
        training_speakers: corpus under test, or "all", to how many of its speakers may be
            training speakers; None where that is unknown.
        training_data_known: the source says whom it learnt from; otherwise
            `training_speakers_tested` is empty.
        lockbox: test speakers who belong to the lockbox, `(corpus, speaker)`: a row in the log of
            readings is due.
        unknown_origin: corpora under test, people's own, of which the source's word cannot tell
            whether their speakers are training speakers.
        failures: clips that were not recognised.
        unknown_names: names in a table of predictions that are of no clip at hand.
        groups: the figures (own classes) of people and clips that share something.
        floors: what was asked of this bundle.
        log: what became of that row.
        leaks: what the clips under test share with those that were learnt from.
    """

    protocol: str
    protocol_version: int
    protocol_description: str
    speakers_apart: bool
    new_speakers: bool | None
    kind: str
    bundle: str
    bundle_path: str
    bundle_sha256: str
    labels: tuple[str, ...]
    date: str
    affekt_version: str
    clips: int
    clips_sha256: str
    speakers: int
    corpora: tuple[CorpusFigures, ...]
    mean_of_eight: float | None
    mean_of_five: float | None
    calibration: CalibrationFigures | None
    missing: tuple[tuple[str, str], ...]
    training_speakers_tested: tuple[tuple[str, str], ...]
    training_speakers: Mapping[str, int | None]
    training_data_known: bool
    groups: tuple[GroupFigures, ...]
    failures: tuple[FailedClip, ...]
    floors: tuple[Floor, ...]
    lockbox: tuple[tuple[str, str], ...] = ()
    unknown_origin: tuple[str, ...] = ()
    unknown_names: tuple[str, ...] = ()
    log: str | None = None
    leaks: Leaks | None = None

    @property
    def tests_training_speakers(self) -> bool:
        """By the model's own word, speakers or recordings under test were trained on."""
        leaks = self.leaks
        by_model = leaks is not None and leaks.declared_by == "model" and leaks.found
        return bool(self.training_speakers_tested) or by_model

    @property
    def speakers_unknown(self) -> frozenset[str]:
        """Corpora of which nobody said who speaks; "all" stands for all of them together."""
        silent = {item.corpus for item in self.corpora if not item.speakers_known}
        together = {ALL_CORPORA} if len(silent) == len(self.corpora) else set()
        return frozenset(silent | together)

    @property
    def speakers_known(self) -> bool:
        """Somebody said who speaks, of one corpus at least."""
        return ALL_CORPORA not in self.speakers_unknown

    def card_figures(self) -> dict[str, dict[str, float]]:
        """Return what a model's card shows: UA and WA a corpus, own classes and all labels."""
        figures = {}
        for item in self.corpora:
            own, everything = item.scoring("own"), item.scoring("all")
            if own is not None and everything is not None:
                figures[item.corpus] = {
                    "ua": round(own.ua, 4),
                    "wa": round(own.wa, 4),
                    "ua_all": round(everything.ua, 4),
                    "wa_all": round(everything.wa, 4),
                    "clips": own.clips,
                }
        return figures

    def to_dict(self) -> dict[str, Any]:
        """Return the report as plain JSON types; shares stay between 0 and 1.

        Every figure says whether its speakers are new, and how many may be training speakers.
        """
        values = dataclasses.asdict(self)
        for figures in (*values["corpora"], *values["groups"]):
            figures["new_speakers"] = self.new_speakers
            figures["training_speakers"] = self.training_speakers[figures["corpus"]]
        for floor, values_of_floor in zip(self.floors, values["floors"], strict=True):
            values_of_floor["verdict"] = floor.verdict
        return values


def evaluate(
    source: Source | str,
    utterances: Sequence[Utterance],
    rule: Protocol | str,
    *,
    splits: Sequence[Split] | None = None,
    training_clips: Sequence[Utterance] = (),
    copies: Iterable[Copy] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Measure a model on the test part of a protocol.

    ```python
    report = evaluate("default", load_corpus("cremad"), "select")
    print(report.corpora[0].scoring("own").ua)
    ```

    Args:
        source: the model, or what it answered; a word is opened as `open_source` does.
        utterances: all of the corpora's; the protocol chooses among them.
        rule: the protocol, or its name.
        splits: of the protocol, where they were made before.
        training_clips: more that the model may have learnt from, to compare people's own data with;
            see `affekt.evaluation.training_clips`.
        copies: among all of these, as `affekt.auditing` finds them; None where nobody looked.
        progress: called after each clip with how many are done, and how many there are.

    Raises:
        BundleError: there is no such model.
        ConfigError: there is no such protocol, or it finds nothing to test.
        LeakError: the protocol's parts share a speaker or a file.
    """
    source = open_source(source) if isinstance(source, str) else source
    rule = protocol(rule) if isinstance(rule, str) else rule
    splits = splits or rule.splits(utterances)
    tested = tested_clips(rule, splits)
    answers = source.answer(tested, progress)
    return report_of(
        source,
        answers,
        rule,
        at_hand=utterances,
        leaks=find_leaks(splits, [*utterances, *training_clips], source, copies=copies),
    )


def tested_clips(rule: Protocol, splits: Sequence[Split]) -> tuple[Utterance, ...]:
    """Return what a protocol tests, over all of its splits.

    Raises:
        ConfigError: nothing.
    """
    tested = dict.fromkeys(item for split in splits for item in split.test)
    if not tested:
        raise ConfigError(f"protocol '{rule.name}' tests none of the clips at hand")
    return tuple(tested)


def report_of(
    source: Source,
    answers: Answers,
    rule: Protocol,
    *,
    at_hand: Sequence[Utterance],
    leaks: Leaks | None = None,
) -> Report:
    """Make the report of answers that are at hand.

    Args:
        source: whose answers these are.
        answers: to all that the protocol tests.
        rule: the protocol.
        at_hand: all clips that it chose from.
        leaks: what these clips share with those that were learnt from.
    """
    tested, learnt = answers.tested, source.learnt
    figures = {
        corpus: score_corpus(corpus, answers, classes)
        for corpus, classes in own_classes(tested).items()
    }
    trained_on = clips_of_training_speakers(learnt, tested) if learnt else ()
    training_speakers = training_speakers_among(learnt, tested) if learnt else ()
    unknown_origin = of_unknown_origin(learnt, tested) if learnt else ()
    training_data_known = learnt is not None and bool(learnt.training_data)
    known = training_data_known and not unknown_origin
    shared = bool(training_speakers) or (leaks is not None and leaks.found)
    return Report(
        protocol=rule.name,
        protocol_version=rule.version,
        protocol_description=rule.description,
        speakers_apart=rule.new_speakers,
        new_speakers=False if shared or not rule.new_speakers else True if known else None,
        kind=source.kind,
        bundle=source.title,
        bundle_path=source.location,
        bundle_sha256=source.sha256,
        labels=answers.labels,
        date=datetime.now(UTC).isoformat(timespec="seconds"),
        affekt_version=__version__,
        clips=len(tested),
        clips_sha256=clips_digest(tested),
        speakers=len({item.speaker_key for item in tested}),
        corpora=tuple(figures.values()),
        mean_of_eight=mean_ua(figures, EIGHT),
        mean_of_five=mean_ua(figures, FIVE),
        calibration=pooled_calibration(answers),
        missing=tuple(sorted(rule.tested() - {item.corpus_speaker for item in tested})),
        training_speakers_tested=training_speakers,
        training_speakers={
            corpus: _training_speakers(
                corpus, trained_on, unknown_origin, known=training_data_known
            )
            for corpus in (*figures, ALL_CORPORA)
        },
        training_data_known=training_data_known,
        groups=group_figures(answers),
        failures=_failed_clips(answers),
        unknown_names=source.unknown_names(at_hand),
        floors=_floors(source, figures) if rule.name == "lockbox" else (),
        lockbox=lockbox_tested(tested),
        unknown_origin=unknown_origin,
        leaks=leaks,
    )


def _training_speakers(
    corpus: str, trained_on: Sequence[Utterance], unknown_origin: Sequence[str], *, known: bool
) -> int | None:
    speakers = {identity(item)[:2] for item in trained_on if corpus in (item.corpus, ALL_CORPORA)}
    unknown = unknown_origin if corpus == ALL_CORPORA else {corpus}.intersection(unknown_origin)
    return len(speakers) if speakers or (known and not unknown) else None


def clips_digest(tested: Iterable[Utterance]) -> str:
    """Return what identifies a set of clips, wherever they lie."""
    names = sorted(
        f"{item.corpus}/{item.speaker}/{item.path.name} {item.start_s} {item.end_s}"
        for item in tested
    )
    return hashlib.sha256("\n".join(names).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def _failed_clips(answers: Answers) -> tuple[FailedClip, ...]:
    return tuple(
        FailedClip(corpus=item.utterance.corpus, path=str(item.utterance.path), reason=item.reason)
        for item in answers.failures
    )


def _floors(source: Source, figures: Mapping[str, CorpusFigures]) -> tuple[Floor, ...]:
    text = resources.files(__package__).joinpath("floors.toml").read_text(encoding="utf-8")
    asked = tomllib.loads(text).get(source.name, {}) if source.kind == "bundle" else {}
    floors = []
    for name, least in asked.items():
        ua = mean_ua(figures, EIGHT if name == "mean of eight" else (name,))
        measured = None if ua is None else 100.0 * ua
        floors.append(Floor(name=name, asked=least, measured=measured))
    return tuple(floors)
