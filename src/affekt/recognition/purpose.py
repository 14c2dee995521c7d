"""Whose voice may be analysed: which channels of a call, and for what purpose.

In the European Union, inferring the emotions of people at work and in education is prohibited,
medical and safety reasons excepted (Regulation (EU) 2024/1689, Article 5(1)(f)). So emotion is
inferred for named channels alone, and for a channel of somebody at work or in education only
with a purpose, which is stamped on every output. Research is no exception there: as a purpose it
needs the statement that the speaker has consented, and that is stamped as well.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from affekt.errors import ConfigError, did_you_mean
from affekt.recognition.options import truth
from affekt.records import PURPOSES, Stamp

_CONSENT = "--consented, consented=true"

DEFAULT_ANALYSED = "customer"

# Words in the names of channels that belong to somebody at work or in education. They count
# within a longer word too ("CallAgent"); a purpose asked for in vain does less harm than none.
_PROTECTED = (
    "agent",
    "applicant",
    "apprentice",
    "assistant",
    "candidate",
    "clerk",
    "coach",
    "colleague",
    "employee",
    "interviewee",
    "learner",
    "operator",
    "pupil",
    "representative",
    "salesperson",
    "seller",
    "staff",
    "student",
    "supervisor",
    "teacher",
    "trainee",
    "tutor",
    "worker",
)
# Too short for that: whole words, in the singular or the plural.
_PROTECTED_WORDS = ("rep", "reps", "intern", "interns")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackPlan:
    """What is done with one channel.

    Attributes:
        index: of the channel, counted from 0; None is the mean of all.
        name: whose voice it is, where channels were named.
        analysed: emotion is inferred; otherwise speech activity alone.
    """

    index: int | None
    name: str | None
    analysed: bool


def plan_tracks(
    source_channels: int,
    *,
    names: Sequence[str] | None,
    analyse: Sequence[str] | None,
    purpose: str | None,
    consented: bool | None = False,
) -> tuple[TrackPlan, ...]:
    """Decide which channels are analysed.

    Args:
        source_channels: of the recording.
        names: one a channel; None takes the mean of all channels for one voice.
        analyse: whose emotion is inferred; None means the customer's, none at all nobody's.
        purpose: one of `PURPOSES`, needed for a channel of somebody at work or in education.
        consented: the speaker has consented; research needs it for such a channel.

    Raises:
        ConfigError: names and channels do not match, nobody or an unknown one is to be analysed,
            a purpose is missing or unknown, or a consent is missing.
    """
    check_purpose(purpose, consented=consented)
    if names is None:
        if analyse is not None:
            raise ConfigError("analyse names channels: name all of them with channels as well")
        return (TrackPlan(index=None, name=None, analysed=True),)
    names = [name.strip() for name in names]
    _check_names(names, source_channels)
    chosen = [DEFAULT_ANALYSED] if analyse is None else [name.strip() for name in analyse]
    for name in chosen:
        if name not in names:
            if analyse is None:
                raise ConfigError(
                    f"no channel is called '{DEFAULT_ANALYSED}', whose emotion is inferred by "
                    f"default: say whose it is with analyse; channels: {', '.join(names)}"
                )
            raise ConfigError(f"no channel is called '{name}'{did_you_mean(name, names)}")
        if is_protected(name):
            _check_reason(name, purpose, consented=consented)
    return tuple(
        TrackPlan(index=index, name=name, analysed=name in chosen)
        for index, name in enumerate(names)
    )


def check_purpose(purpose: str | None, *, consented: bool | None = False) -> None:
    """Refuse what is no purpose.

    Raises:
        ConfigError: unknown, and the message names those there are; or a consent to nothing, or
            one that is neither true nor false.
    """
    if truth("consented", consented) and purpose is None:
        raise ConfigError(
            f"consented goes with a purpose: {', '.join(PURPOSES)}; people consent to something"
        )
    if purpose is not None and purpose not in PURPOSES:
        raise ConfigError(
            f"no purpose is called '{purpose}'{did_you_mean(purpose, PURPOSES)}; "
            f"there are: {', '.join(PURPOSES)}"
        )


def stamp(purpose: str | None, *, consented: bool | None = False) -> Stamp | None:
    """Return what every output carries of a purpose and a consent; None where none was stated."""
    agreed = truth("consented", consented)
    stamped = f"{purpose} with consent" if purpose is not None and agreed else purpose
    return cast("Stamp | None", stamped)


def _check_reason(name: str, purpose: str | None, *, consented: bool | None) -> None:
    prohibited = (
        f"'{name}' is somebody at work or in education: inferring that person's emotions "
        "is prohibited in the EU but for medical or safety reasons (AI Act, Article 5(1)(f))"
    )
    if purpose is None:
        raise ConfigError(
            f"{prohibited}; a purpose must be given: {', '.join(PURPOSES)}; research needs the "
            f"person's consent as well ({_CONSENT})"
        )
    if purpose == "research" and not consented:
        raise ConfigError(
            f"{prohibited}; research is no such reason: state that the person has consented as "
            f"well ({_CONSENT}), or leave this channel out"
        )


def is_protected(name: str) -> bool:
    """Say whether a channel's name tells of somebody at work or in education."""
    name = name.casefold()
    words = "".join(letter if letter.isalpha() else " " for letter in name).split()
    return any(part in name for part in _PROTECTED) or any(
        word in _PROTECTED_WORDS for word in words
    )


def _check_names(names: Sequence[str], source_channels: int) -> None:
    if len(names) != source_channels:
        raise ConfigError(
            f"{len(names)} names for {source_channels} channels: "
            "name every channel once, in its order"
        )
    if "" in names or len(set(names)) != len(names):
        raise ConfigError(f"channel names must differ and not be empty: {', '.join(names)}")
