"""All that is known of a model on one page: measured, written, and read again."""

from affekt.evaluation.card.card import (
    measure_card,
)
from affekt.evaluation.card.files import (
    card_files,
    to_html,
    to_json,
    write_card,
)
from affekt.evaluation.card.stored import (
    read_card,
)
from affekt.evaluation.card.warnings import (
    points,
    share,
)

__all__ = [
    "card_files",
    "measure_card",
    "points",
    "read_card",
    "share",
    "to_html",
    "to_json",
    "write_card",
]
