"""Models side by side on the same clips, and beside published figures."""

from affekt.evaluation.compare.comparison import (
    compare,
)
from affekt.evaluation.compare.references import (
    references,
)
from affekt.evaluation.compare.writers import (
    WRITERS,
)

__all__ = [
    "WRITERS",
    "compare",
    "references",
]
