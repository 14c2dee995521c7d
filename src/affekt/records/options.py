"""The options of recognising, each declared once.

The library, its client, the service and the command line read types, ranges and help from here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypedDict, get_args, get_type_hints

Purpose = Literal["medical", "safety", "research"]
PURPOSES: tuple[Purpose, ...] = get_args(Purpose)
Stamp = Literal[
    "medical",
    "safety",
    "research",
    "medical with consent",
    "safety with consent",
    "research with consent",
]
"""A purpose as every output carries it."""

WINDOW_S = 3.0
HOP_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """What belongs to an option beside its name and its type.

    Attributes:
        help: what it does, in a sentence or two.
        least, most: of a number.
        longest: of a text in a request, in characters.
        choices: all values that there are.
        default: of the service; None leaves the choice to the model.
    """

    help: str
    least: float | None = None
    most: float | None = None
    longest: int | None = None
    choices: tuple[str | int, ...] | None = None
    default: str | float | None = None


class CommonOptions(TypedDict, total=False):
    """Options of every answer; every key may be left out or None."""

    mix: Annotated[
        bool | None,
        Option(
            help="Take all channels for one voice. Without it, channels that take turns, as "
            "those of a call do, are refused, unless one is chosen or all are named.",
            default=False,
        ),
    ]
    threshold: Annotated[
        float | None,
        Option(
            help="A confidence below it is uncertain; without it, the model's own.",
            least=0.0,
            most=1.0,
        ),
    ]
    purpose: Annotated[
        str | None,
        Option(
            help="Why emotions are inferred: medical, safety or research. Needed to analyse an "
            "agent's, an employee's or a student's channel, and written into every output. "
            "Stating a purpose does not make a use lawful.",
            choices=PURPOSES,
        ),
    ]
    consented: Annotated[
        bool | None,
        Option(
            help="The speaker has consented to that purpose; written into every output. Research "
            "needs it for an agent's, an employee's or a student's channel: by itself it is no "
            "exception to the law.",
            default=False,
        ),
    ]


class ClipOptions(CommonOptions, total=False):
    """Options of one answer to a whole recording."""

    channel: Annotated[
        int | None,
        Option(help="Counted from 0, instead of the mean of all.", least=0, most=1023),
    ]
    emotions: Annotated[
        int | None,
        Option(
            help="A smaller vocabulary: 7 joins calm to neutral, 6 and 4 leave labels out. The "
            "probability that it leaves out is said. Without it, the model's own labels.",
            choices=(8, 7, 6, 4),
        ),
    ]
    top_k: Annotated[
        int | None, Option(help="Only so many labels, the most probable.", least=1, most=100)
    ]


class WindowOptions(CommonOptions, total=False):
    """Options of answers window by window."""

    window_s: Annotated[
        float | None,
        Option(help="Length of a window, in seconds.", least=0.1, most=30.0, default=WINDOW_S),
    ]
    hop_s: Annotated[
        float | None,
        Option(
            help="From one window to the next, in seconds: a multiple of 0.02, at most a window.",
            least=0.1,
            most=30.0,
            default=HOP_S,
        ),
    ]


class TrackOptions(WindowOptions, total=False):
    """Options of a recording over time."""

    channels: Annotated[
        Sequence[str] | None,
        Option(help="Whose voice each channel holds, in their order: agent,customer.", longest=500),
    ]
    analyse: Annotated[
        Sequence[str] | None,
        Option(
            help="Whose emotions are inferred; of named channels, the customer's alone if not "
            "said. Of others, speech activity alone.",
            longest=500,
        ),
    ]


_ModelName = Annotated[
    str | None, Option(help="A name of `GET /v1/models`; without it, the one in use.")
]


class RecogniseRequest(ClipOptions, total=False):
    """Options of `POST /v1/recognize`."""

    model: _ModelName


class TimelineRequest(TrackOptions, total=False):
    """Options of `POST /v1/timeline`."""

    model: _ModelName


class StreamRequest(WindowOptions, total=False):
    """Options of `WebSocket /v1/stream`: what the stream is, and how to answer."""

    encoding: Annotated[
        str | None,
        Option(
            help="What the messages hold.",
            choices=("s16le", "f32le", "container"),
            default="s16le",
        ),
    ]
    sampling_rate_hz: Annotated[
        int | None, Option(help="Of raw samples.", least=1_000, most=384_000, default=16_000)
    ]
    channels: Annotated[int | None, Option(help="Of raw samples.", least=1, most=64, default=1)]
    channel: Annotated[
        int | None, Option(help="Counted from 0, instead of the mean of all.", least=0, most=63)
    ]
    speaker: Annotated[
        str | None, Option(help="Whose voice it is: patient, agent, student, ...", longest=100)
    ]
    model: _ModelName


def declarations(options: type) -> dict[str, tuple[Any, Option]]:
    """Return the type and the declaration of each option; any may be None besides.

    Args:
        options: one of the classes of this module.
    """
    hints = get_type_hints(options, include_extras=True)
    found = {name: get_args(hint) for name, hint in hints.items()}
    return {name: (get_args(kind)[0], option) for name, (kind, option) in found.items()}
