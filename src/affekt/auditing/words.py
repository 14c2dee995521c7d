"""What reports of all kinds say alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from affekt.auditing.finding import SEVERITIES, Finding, Severity
from affekt.auditing.run import Audit

NOTHING = "Nothing was found"
# What no audit can say.
LIMITS = (
    "That no copy was found does not mean that there is none: a voice is told by its name, so that "
    "one speaker under two names is not seen, and copies that were changed further than an audit "
    "looks, or changed in several ways, may be missed."
)
_COPIES = ("same-file", "identical-audio", "near-duplicate", "augmented-copy")


def subject(audit: Audit) -> str:
    """Say in one line what was audited."""
    parts = [*audit.corpora, *([str(audit.split)] if audit.split else [])]
    return f"{', '.join(parts)}: {audit.clips} recordings, {audit.hours:.2f} h"


def counts(audit: Audit) -> str:
    """Say in one line how many findings there are, the severe ones first."""
    found = Counter(item.severity for item in audit.findings)
    said = [_count(found[name], name) for name in reversed(SEVERITIES) if found[name]]
    return ", ".join(said) if said else NOTHING


def limits(audit: Audit) -> str:
    """Say what an audit that found no copy cannot know, or "" where it found one."""
    return "" if any(item.kind in _COPIES for item in audit.findings) else LIMITS


def by_kind(findings: Sequence[Finding]) -> Iterator[tuple[Severity, str, list[Finding]]]:
    """Yield severity, kind and findings, in the order of the audit."""
    groups: dict[tuple[Severity, str], list[Finding]] = {}
    for item in findings:
        groups.setdefault((item.severity, item.kind), []).append(item)
    for (severity, kind), found in groups.items():
        yield severity, kind, found


def commands(found: Sequence[Finding]) -> list[str]:
    """Return what mends findings of one kind, the first few of many commands."""
    return list(dict.fromkeys(item.mend for item in found if item.mend))[:3]


def _count(number: int, name: str) -> str:
    return f"{number} {name if number == 1 else plural(name)}"


def plural(severity: str) -> str:
    """Name several findings of a severity."""
    return severity if severity == "suspected" else f"{severity}s"
