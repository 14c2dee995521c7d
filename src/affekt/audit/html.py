"""What an audit found as one page that needs nothing else, for people who split no data."""

from __future__ import annotations

import string
from collections.abc import Sequence
from html import escape
from importlib import resources

from affekt.audit.finding import KINDS, Finding, Place
from affekt.audit.run import Audit
from affekt.audit.words import by_kind, counts, subject

# Beyond that, a list is for programs: --format json has all of it.
_FINDINGS_SHOWN = 200
_FINDINGS_OPEN = 8
_CLIPS_SHOWN = 24
_MEANING = {
    "error": "Figures made with these recordings, or with this split, say little until this is "
    "mended.",
    "warning": "Worth mending; figures may be too good, or a model may learn the wrong thing.",
    "note": "Worth knowing when figures are read.",
}


def to_html(audit: Audit) -> str:
    """Return the page."""
    blocks = [f"<p>{escape(subject(audit))}.</p>", _verdict(audit)]
    severity_before = ""
    for severity, kind, found in by_kind(audit.findings):
        if severity != severity_before:
            heading = f"{severity.capitalize()}s"
            blocks.append(f'<h2 class="{severity}">{heading}</h2><p>{_MEANING[severity]}</p>')
            severity_before = severity
        blocks.append(_group(kind, found, opened=severity == "error"))
    template = resources.files(__package__).joinpath("templates/audit.html")
    page = string.Template(template.read_text(encoding="utf-8"))
    return page.substitute(body="\n".join(blocks))


def _verdict(audit: Audit) -> str:
    if not audit.findings:
        return f'<p class="verdict">{escape(counts(audit))}</p>'
    worst = next(by_kind(audit.findings))
    severity, kind, found = worst
    first = (
        f'<p class="verdict {severity}"><strong>{escape(counts(audit))}.</strong> '
        f"Look at <em>{escape(kind)}</em> first ({len(found)}): {escape(KINDS[kind])}</p>"
    )
    rows = "".join(
        f'<tr><th scope="row"><a href="#{severity}-{kind}">{escape(kind)}</a></th>'
        f'<td class="{severity}">{severity}</td><td class="figure">{len(found)}</td>'
        f"<td>{escape(KINDS[kind])}</td></tr>\n"
        for severity, kind, found in by_kind(audit.findings)
    )
    return (
        f'{first}<div class="wide" tabindex="0" role="region" aria-label="All that was found">'
        '<table><thead><tr><th scope="col">kind</th><th scope="col">severity</th>'
        '<th scope="col">findings</th><th scope="col">what it means</th></tr></thead>'
        f"<tbody>\n{rows}</tbody></table></div>"
    )


def _group(kind: str, found: Sequence[Finding], *, opened: bool) -> str:
    severity = found[0].severity
    first, rest = found[:_FINDINGS_OPEN], found[_FINDINGS_OPEN:_FINDINGS_SHOWN]
    listed = _list(first)
    if rest:
        listed += f"<details><summary>and {len(rest)} more</summary>{_list(rest)}</details>"
    if len(found) > _FINDINGS_SHOWN:
        listed += f"<p>The first {_FINDINGS_SHOWN}; <code>--format json</code> lists all.</p>"
    commands = list(dict.fromkeys(item.mend for item in found if item.mend))
    mend = ""
    if commands:
        shown = "\n".join(escape(command) for command in commands[:3])
        mend = f"<p>What mends it:</p><pre><code>{shown}</code></pre>"
    return (
        f'<details id="{severity}-{kind}"{" open" * opened}><summary><strong>{escape(kind)}'
        f"</strong> ({len(found)}): {escape(KINDS[kind])}</summary>{mend}"
        f"{listed}</details>"
    )


def _list(found: Sequence[Finding]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{_finding(item)}</li>" for item in found) + "\n</ul>"


def _finding(item: Finding) -> str:
    known = ' <span class="known">a known fault of the corpus</span>' if item.known else ""
    clips = "".join(f"<li>{_clip(clip)}</li>" for clip in item.clips[:_CLIPS_SHOWN])
    more = len(item.clips) - _CLIPS_SHOWN
    rest = f"<li>and {more} more</li>" if more > 0 else ""
    corpus = f"{escape(item.corpus)}: " if item.corpus else ""
    listed = f"<ul>{clips}{rest}</ul>"
    if len(item.clips) > 2:
        listed = f"<details><summary>{len(item.clips)} recordings</summary>{listed}</details>"
    return f"{corpus}{escape(item.message)}{known}{listed if item.clips else ''}"


def _clip(clip: Place) -> str:
    said = ", ".join(filter(None, (clip.part, clip.label)))
    return f"<code>{escape(clip.name)}</code>{f' ({escape(said)})' * bool(said)}"
