"""What an audit found, as text, JSON and Markdown."""

from __future__ import annotations

import json
from collections.abc import Callable

from affekt.auditing.finding import KINDS, Finding
from affekt.auditing.html import to_html
from affekt.auditing.run import Audit
from affekt.auditing.words import LIMITS, by_kind, commands, counts, limits, subject

_SHOWN = 4
_FEW = 2
_FINDINGS_A_KIND = 12


def to_text(audit: Audit) -> str:
    """Return the report for a terminal."""
    lines = [subject(audit), counts(audit), *filter(None, [limits(audit)])]
    for severity, kind, found in by_kind(audit.findings):
        lines += ["", f"{severity.upper()}  {kind} ({len(found)}): {KINDS[kind]}"]
        for item in found[:_FINDINGS_A_KIND]:
            said, clips = f"{item.message}{_known(item)}", told_clips(item)
            # A few recordings come before what is said of them, many after it.
            head, more = (clips, said) if 1 <= len(item.clips) <= _FEW else (said, clips)
            lines.append(f"  {f'{item.corpus}: ' * bool(item.corpus)}{head}")
            lines += [f"    {more}"] if more else []
        if len(found) > _FINDINGS_A_KIND:
            lines.append(f"  and {len(found) - _FINDINGS_A_KIND} more (--format json lists all)")
        lines += [f"    mend: {command}" for command in commands(found)]
    return "\n".join(lines) + "\n"


def to_markdown(audit: Audit) -> str:
    """Return the report as Markdown."""
    lines = ["# Audit", "", f"{subject(audit)}.", "", f"{counts(audit)}."]
    lines += ["", limits(audit)] if limits(audit) else []
    for severity, kind, found in by_kind(audit.findings):
        lines += ["", f"## {severity.capitalize()}: {kind} ({len(found)})", "", KINDS[kind], ""]
        for item in found[:_FINDINGS_A_KIND]:
            corpus = f"{item.corpus}: " * bool(item.corpus)
            clips = f" ({told_clips(item, mark='`')})" * bool(item.clips)
            lines.append(f"- {corpus}{item.message}{_known(item)}{clips}")
        if len(found) > _FINDINGS_A_KIND:
            lines.append(f"- and {len(found) - _FINDINGS_A_KIND} more")
        if mending := commands(found):
            lines += ["", "```console", *(f"$ {command}" for command in mending), "```"]
    return "\n".join(lines) + "\n"


def to_json(audit: Audit) -> str:
    """Return everything as JSON."""
    document = {
        "corpora": audit.corpora,
        "split": str(audit.split) if audit.split else None,
        "clips": audit.clips,
        "hours": round(audit.hours, 4),
        "newly_heard": audit.newly_heard,
        "seconds": round(audit.seconds, 2),
        "limits": LIMITS,
        "findings": [
            {
                "kind": item.kind,
                "severity": item.severity,
                "known": item.known,
                "corpus": item.corpus,
                "message": item.message,
                "figures": dict(item.figures),
                "clips": [place._asdict() for place in item.clips],
                "mend": item.mend,
            }
            for item in audit.findings
        ],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def told_clips(item: Finding, *, mark: str = "") -> str:
    """Name the recordings of a finding with their parts, the first few of many."""
    few = len(item.clips) <= _FEW
    shown = [
        f"{mark}{clip.name}{mark}{f' [{clip.part}]' * bool(few and clip.part)}"
        for clip in item.clips[:_SHOWN]
    ]
    more = len(item.clips) - len(shown)
    return (" = " if len(item.clips) == 2 else ", ").join(shown) + f" and {more} more" * (more > 0)


def _known(item: Finding) -> str:
    return " (a known fault of the corpus)" if item.known else ""


WRITERS: dict[str, Callable[[Audit], str]] = {
    "text": to_text,
    "json": to_json,
    "md": to_markdown,
    "html": to_html,
}
