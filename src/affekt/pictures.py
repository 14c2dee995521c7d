"""Writing pictures, in which names of files, labels and models stand as they are."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def rendered(
    figure: Figure, form: Literal["png", "svg"], *, dpi: int, metadata: dict[str, str | None]
) -> bytes:
    """Return a figure as a file, the same for the same figure.

    Args:
        figure: what is drawn.
        form: of the file.
        dpi: dots an inch.
        metadata: what the file says of itself.
    """
    import matplotlib as mpl
    from matplotlib.text import Text

    for words in figure.findobj(Text):
        words.set_parse_math(False)  # a name is no formula, and may be no correct one
    buffer = io.BytesIO()
    with mpl.rc_context({"svg.hashsalt": "affekt"}), warnings.catch_warnings():
        # A label in a script that the font lacks is drawn as boxes; that is no one's mistake.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(buffer, format=form, dpi=dpi, metadata=metadata)
    return buffer.getvalue()
