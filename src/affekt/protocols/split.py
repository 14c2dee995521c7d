"""A split into train, validation and test, checked when it is made."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from affekt.errors import AffektError
from affekt.records import Utterance, normal_id

Utterances = tuple[Utterance, ...]
Apart = Literal["speaker", "sentence"]


class LeakError(AffektError):
    """What a split keeps apart stands in two of its parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Three parts that share no file and nothing else that they promise to keep apart.

    Attributes:
        protocol: name and version of the rule that made it; stamped on every figure.
        name: which of the rule's splits this is, "" where it makes one alone.
        train: what a model may learn from.
        validation: what decides when to stop and which settings to keep.
        test: what is measured.
        apart: what no two parts share beside files; a speaker is `(collection, id)`, a sentence
            likewise.

    Raises:
        LeakError: something stands in two parts.
    """

    protocol: str
    train: Utterances
    validation: Utterances
    test: Utterances
    name: str = ""
    apart: tuple[Apart, ...] = ("speaker",)

    def __post_init__(self) -> None:
        parts = {"train": self.train, "validation": self.validation, "test": self.test}
        where = f"protocol '{self.protocol}'" + (f", {self.name}" if self.name else "")
        check_disjoint(parts, where=where, apart=self.apart)


def check_disjoint(
    parts: Mapping[str, Sequence[Utterance]],
    *,
    where: str,
    apart: Sequence[Apart] = ("speaker",),
) -> None:
    """Refuse parts that share a file, or what else they keep apart.

    Two stretches of one file count as sharing it. A part may be empty.

    Args:
        parts: utterances by the name of their part.
        where: what to call this split in an error.
        apart: what they keep apart.

    Raises:
        LeakError: something stands in two parts; the message names it, the parts, and how many
            more there are.
    """
    for kind in (*apart, "file"):
        shared = _shared(parts, _KEYS[kind])
        if shared:
            first, (one, other) = next(iter(shared.items()))
            more = f" (and {len(shared) - 1} more)" if len(shared) > 1 else ""
            raise LeakError(
                f"{where}: {kind} {first} stands in both {one} and {other}{more}; "
                f"leave it in one part (recordings whose {kind} nobody named share one)"
            )


def sentence_key(item: Utterance) -> tuple[str, str | None]:
    """Return what is said: `(collection, sentence)`."""
    return item.collection, item.sentence and normal_id(item.sentence)


_KEYS: dict[str, Callable[[Utterance], Hashable]] = {
    "speaker": lambda item: item.speaker_key,
    "sentence": sentence_key,
    "file": lambda item: str(item.path.absolute()),
}


def _shared(
    parts: Mapping[str, Sequence[Utterance]], key: Callable[[Utterance], Hashable]
) -> dict[Hashable, tuple[str, str]]:
    homes: dict[Hashable, str] = {}
    shared: dict[Hashable, tuple[str, str]] = {}
    for name, items in parts.items():
        for value in dict.fromkeys(key(item) for item in items):
            if homes.setdefault(value, name) != name:
                shared[value] = (homes[value], name)
    return shared
