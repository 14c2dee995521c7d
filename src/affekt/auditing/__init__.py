"""Auditing: copies, leaks and faults in recordings and in the splits made of them."""

from affekt.auditing.clips import Clip, read_split
from affekt.auditing.finding import KINDS, SEVERITIES, Finding, Place, Severity, at_least
from affekt.auditing.run import Audit, Copied, audit, copies_among

__all__ = [
    "KINDS",
    "SEVERITIES",
    "Audit",
    "Clip",
    "Copied",
    "Finding",
    "Place",
    "Severity",
    "at_least",
    "audit",
    "copies_among",
    "read_split",
]
