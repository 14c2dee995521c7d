"""How much a model loses when sound comes as it does in life.

Every clip is predicted clean and under every condition, by the same model in the same way; what is
reported is the figure under each condition and how far it lies below the clean one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from affekt import metrics
from affekt.audio import SAMPLING_RATE_HZ, Signal, decode, from_array
from affekt.errors import AffektError, ConfigError
from affekt.evaluation.figures import Scored, scored_answers
from affekt.evaluation.robustness.conditions import Condition
from affekt.evaluation.runs import Answers, Probabilities, own_classes
from affekt.evaluation.sources import SignalSource
from affekt.parallel import Workers
from affekt.recognition import predict_blocks
from affekt.records import Utterance

_VOICES = 48  # clips that babble is mixed from


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What is left of a model under a condition by one scoring, as shares from 0 to 1.

    Attributes:
        ua: corpus to UA.
        mean_ua: over the corpora.
        drop: of that mean against the clean one; negative where it is better.
        unchanged: share of all clips whose answer is the clean one.
    """

    ua: dict[str, float]
    mean_ua: float
    drop: float
    unchanged: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ConditionFigures:
    """A condition, as shares from 0 to 1.

    Attributes:
        group, name: of the condition.
        own: of answers among the corpus' own classes.
        all: of answers among all labels.
        moved: how much probability goes to other labels than with clean sound (total variation),
            mean over the clips that were recognised; None where none was.
        refused: share of all clips that were not recognised at all.
    """

    group: str
    name: str
    own: Kept
    all: Kept
    moved: float | None
    refused: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Robustness:
    """What was measured.

    Attributes:
        clips: predicted under every condition.
        seed: of the draws.
        clean: without any condition.
        conditions: in the order given.
    """

    clips: int
    seed: int
    clean: ConditionFigures
    conditions: tuple[ConditionFigures, ...]


def sample(utterances: Sequence[Utterance], per_corpus: int, *, seed: int) -> tuple[Utterance, ...]:
    """Draw clips of every corpus, emotions in equal numbers as far as they go.

    Args:
        utterances: what to draw from; clips without a canonical emotion are passed over.
        per_corpus: clips to draw of each corpus at most.
        seed: of the draw.
    """
    rng = np.random.default_rng(seed)
    drawn: list[Utterance] = []
    for corpus in dict.fromkeys(item.corpus for item in utterances):
        own = [item for item in utterances if item.corpus == corpus and item.emotion]
        own = [own[index] for index in rng.permutation(len(own))]
        # The n-th clips of all emotions come before the n+1-th of any.
        turns: dict[str | None, int] = {}
        ranked: list[tuple[int, int, Utterance]] = []
        for item in own:
            turns[item.emotion] = turns.get(item.emotion, 0) + 1
            ranked.append((turns[item.emotion], len(ranked), item))
        drawn += [item for _, _, item in sorted(ranked, key=lambda entry: entry[:2])[:per_corpus]]
    return tuple(drawn)


def measure_robustness(
    model: SignalSource,
    utterances: Sequence[Utterance],
    conditions: Sequence[Condition],
    *,
    seed: int = 0,
    workers: int = 2,
    progress: Callable[[int, int], None] | None = None,
) -> Robustness:
    """Recognise every clip clean and under every condition.

    Clips that cannot be decoded are left out; one that a condition makes impossible to recognise
    counts as answered wrongly under it.

    Args:
        model: called from several threads.
        utterances: the clips; see `sample`.
        conditions: see `affekt.evaluation.robustness.conditions`.
        seed: of all draws; a clip's draws do not depend on the others.
        workers: clips that are predicted at once.
        progress: called after each clip with how many are done, and how many there are.

    Raises:
        ConfigError: no clip can be decoded and scored.
    """
    voices = _voices(utterances, seed)

    def answer(place: int) -> tuple[Utterance, list[Probabilities | None]] | None:
        item = utterances[place]
        try:
            signal = decode(item.path, start_s=item.start_s, end_s=item.end_s).signal
        except AffektError:
            return None
        others = [voice for speaker, voice in voices if speaker != item.speaker_key]
        rows = [_answer(model, signal)]
        for number, condition in enumerate(conditions):
            rng = np.random.default_rng([seed, place, number])
            rows.append(_answer(model, condition.apply(signal, rng, others)))
        return item, rows

    predicted: list[tuple[Utterance, list[Probabilities | None]]] = []
    with Workers(workers) as pool:
        for done, result in enumerate(pool.map(answer, range(len(utterances))), start=1):
            if result is not None and result[1][0] is not None:
                predicted.append(result)
            if progress is not None:
                progress(done, len(utterances))
    if not predicted:
        raise ConfigError("none of the clips can be decoded: nothing to measure robustness on")
    classes = own_classes(utterances)
    said = [_answers(model.labels, predicted, column) for column in range(len(conditions) + 1)]
    clips = len(scored_answers(said[0], classes).utterances)
    if not clips:
        raise ConfigError("the model knows the emotion of none of the clips")
    clean, *figures = (
        _figures(group, name, said[0], answers, classes)
        for (group, name), answers in zip(
            [("clean", ""), *((item.group, item.name) for item in conditions)], said, strict=True
        )
    )
    return Robustness(clips=clips, seed=seed, clean=clean, conditions=tuple(figures))


def _voices(utterances: Sequence[Utterance], seed: int) -> list[tuple[tuple[str, str], Signal]]:
    # One clip of everybody before a second one of anybody: two people are two voices.
    turns: Counter[tuple[str, str]] = Counter()
    ranked: list[tuple[int, Utterance]] = []
    for index in np.random.default_rng(seed).permutation(len(utterances)):
        item = utterances[index]
        turns[item.speaker_key] += 1
        ranked.append((turns[item.speaker_key], item))
    voices = []
    for _, item in sorted(ranked, key=lambda entry: entry[0])[:_VOICES]:
        try:
            signal = decode(item.path, start_s=item.start_s, end_s=item.end_s).signal
        except AffektError:
            continue
        voices.append((item.speaker_key, signal))
    return voices


def _answer(model: SignalSource, signal: Signal) -> Probabilities | None:
    try:
        blocks = iter([from_array(signal, SAMPLING_RATE_HZ).signal])
        outputs, _ = predict_blocks(blocks, model.predict, name="<array>")
    except AffektError:
        return None
    probabilities: Probabilities = outputs.probabilities[0]
    return probabilities


def _answers(
    labels: tuple[str, ...],
    predicted: Sequence[tuple[Utterance, list[Probabilities | None]]],
    column: int,
) -> Answers:
    # Zeros say nothing at all, which scoring takes for a wrong answer.
    nothing = np.zeros(len(labels))
    rows = [nothing if rows[column] is None else rows[column] for _, rows in predicted]
    return Answers(
        labels=labels,
        utterances=tuple(item for item, _ in predicted),
        probabilities=np.array(rows, dtype=np.float64),
        failures=(),
    )


def _figures(
    group: str, name: str, clean: Answers, answers: Answers, classes: Mapping[str, Sequence[str]]
) -> ConditionFigures:
    known = np.array([item.emotion in answers.labels for item in answers.utterances])
    answered = answers.probabilities.any(axis=1) & known
    moved = 0.5 * np.abs(answers.probabilities - clean.probabilities).sum(axis=1)[answered]
    everything = scored_answers(answers, classes, "all")
    return ConditionFigures(
        group=group,
        name=name,
        own=_kept(scored_answers(clean, classes), scored_answers(answers, classes)),
        all=_kept(scored_answers(clean, classes, "all"), everything),
        moved=float(moved.mean()) if moved.size else None,
        refused=float(np.mean(everything.answered == len(everything.labels) - 1)),
    )


def _kept(clean: Scored, scored: Scored) -> Kept:
    before, now = _uas(clean), _uas(scored)
    mean = float(np.mean(list(now.values())))
    return Kept(
        ua=now,
        mean_ua=mean,
        drop=float(np.mean(list(before.values()))) - mean,
        unchanged=float(np.mean(scored.answered == clean.answered)),
    )


def _uas(scored: Scored) -> dict[str, float]:
    corpora = np.array([item.corpus for item in scored.utterances])
    return {
        name: metrics.unweighted_average_recall(
            metrics.confusion_matrix(
                scored.truth[corpora == name], scored.answered[corpora == name], len(scored.labels)
            )
        )
        for name in dict.fromkeys(corpora.tolist())
    }
