"""All that is known of a model on one page: measured, written, and read again."""

from affekt.evaluation.card.card import (
    measure_trust,
)
from affekt.evaluation.card.files import (
    to_html,
    to_json,
    trust_files,
    write_trust,
)
from affekt.evaluation.card.stored import (
    read_trust,
)
from affekt.evaluation.card.warnings import (
    points,
    share,
)

__all__ = [
    "measure_trust",
    "points",
    "read_trust",
    "share",
    "to_html",
    "to_json",
    "trust_files",
    "write_trust",
]
