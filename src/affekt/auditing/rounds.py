"""What people call the parts of a split, and which two of them must share nothing."""

from __future__ import annotations

from collections.abc import Iterable

from affekt.auditing.clips import Clip

# Words in the names of parts that are measured: "holdout_test", "Test set".
_TESTED = ("test", "eval", "holdout", "lockbox")
LEARNT, BETWEEN, TESTED = range(3)


def role(part: str) -> int:
    """Return `LEARNT`, `TESTED`, or `BETWEEN` for a part such as "validation"."""
    name = part.casefold()
    if name.startswith("train"):
        return LEARNT
    if any(word in name for word in _TESTED):
        return TESTED
    return LEARNT if "train" in name else BETWEEN


class Rounds:
    """Tells of two parts of a round whether what they share is measured on what was learnt.

    Where no part of a round is named after training, the parts are folds: each is tested, and
    learnt from when another is.
    """

    def __init__(self, clips: Iterable[Clip]) -> None:
        self._taught = {
            number for clip in clips for number, part in clip.places if role(part) == LEARNT
        }

    def folds(self, number: str) -> bool:
        """Whether the parts of a round are folds."""
        return number not in self._taught

    def leak(self, number: str, one: str, other: str) -> bool:
        """Whether a recording in both parts is measured, or chosen by, after it was learnt."""
        if one == other:
            return False
        return self.folds(number) or role(one) != role(other) or role(one) == BETWEEN

    def tested(self, number: str, one: str, other: str) -> bool:
        """Whether what is in both parts is measured in one and known from the other."""
        if one == other:
            return False
        return self.folds(number) or (role(one) == TESTED) != (role(other) == TESTED)

    def apart(self, one: Clip, other: Clip) -> tuple[tuple[str, str] | None, bool]:
        """Return two parts of one round that the recordings stand in, and whether they leak."""
        pairs = [
            (number, part, other_part)
            for number, part in one.places
            for other_number, other_part in other.places
            if number == other_number and part != other_part
        ]
        for pair in pairs:
            if self.leak(*pair):
                return pair[1:], True
        return (pairs[0][1:] if pairs else None), False
