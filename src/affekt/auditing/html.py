"""What an audit found as one page that needs nothing else, for people who split no data."""

from __future__ import annotations

from affekt.auditing.finding import KINDS
from affekt.auditing.run import Audit
from affekt.auditing.words import by_kind, commands, counts, limits, plural, subject
from affekt.report import render

# Beyond that, a list is for programs: --format json has all of it.
_SHOWN = {"findings": 200, "open": 8, "clips": 24}
_MEANING = {
    "error": "Figures made with these recordings, or with this split, say little until this is "
    "mended.",
    "suspected": "Alike as copies are, and not confirmed: listen to both. Nothing is mended on "
    "suspicion.",
    "warning": "Worth mending; figures may be too good, or a model may learn the wrong thing.",
    "note": "Worth knowing when figures are read.",
}


def to_html(audit: Audit) -> str:
    """Return the page."""
    return render(
        __package__,
        "audit.html",
        subject=subject(audit),
        counts=counts(audit),
        limits=limits(audit),
        plural=plural,
        groups=list(by_kind(audit.findings)),
        kinds=KINDS,
        meaning=_MEANING,
        shown=_SHOWN,
        commands=commands,
    )
