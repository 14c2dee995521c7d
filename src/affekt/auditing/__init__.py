"""Auditing: copies, leaks and faults in recordings and in the splits made of them."""

from affekt.auditing.clips import Clip, read_split
from affekt.auditing.finding import KINDS, SEVERITIES, Finding, Place, Severity, at_least
from affekt.auditing.mend import check_target
from affekt.auditing.report import WRITERS
from affekt.auditing.run import Audit, Copied, audit, copies_among
from affekt.auditing.table import Table

__all__ = [
    "KINDS",
    "SEVERITIES",
    "WRITERS",
    "Audit",
    "Clip",
    "Copied",
    "Finding",
    "Place",
    "Severity",
    "Table",
    "at_least",
    "audit",
    "check_target",
    "copies_among",
    "read_split",
]
