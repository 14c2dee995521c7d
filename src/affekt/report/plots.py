"""What every plot stands on: matplotlib when it is needed, one style, PNG and SVG files."""

from __future__ import annotations

import io
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from affekt.errors import MissingExtraError

if TYPE_CHECKING:
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# The colours of Okabe and Ito (2008), which people of all kinds of colour vision tell apart. Shapes
# should differ as well, so that a print in grey says the same.
BLUE, VERMILION, GREEN, ORANGE, GREY = "#0072b2", "#d55e00", "#009e73", "#e69f00", "#8a8a8a"
DARK, DIM, FAINT = "#22313f", "#6b6b6b", "#dddddd"
SOFTWARE = "Affekt"

_DPI = 120
_COLUMNS = 3
_PANEL_IN = 3.6
_HEADER_IN = 0.7
_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    # Names of files and corpora are no formulas.
    "text.parse_math": False,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": DARK,
    "xtick.color": DARK,
    "ytick.color": DARK,
    "legend.frameon": False,
    "figure.titlesize": 12.0,
    "figure.facecolor": "white",
    # The same figure gives the same file.
    "svg.hashsalt": "affekt",
}


def require_matplotlib() -> None:
    """Make sure that pictures can be drawn.

    Raises:
        MissingExtraError: matplotlib is not installed.
    """
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        raise MissingExtraError(
            what="drawing pictures", package="matplotlib", extra="train"
        ) from None


@contextmanager
def new_figure(width_in: float, height_in: float) -> Iterator[Figure]:
    """Give an empty figure to draw on, in our style; the user's own settings stay as they are."""
    require_matplotlib()
    import matplotlib as mpl
    from matplotlib.figure import Figure

    # Not by pyplot: that would keep every figure, and choose a window system.
    with mpl.rc_context(_STYLE):
        yield Figure(figsize=(width_in, height_in), layout="constrained")


@contextmanager
def new_panels(
    title: str, names: Sequence[str], *, row_in: float = 2.5
) -> Iterator[tuple[Figure, list[tuple[Axes, str]]]]:
    """Give a figure with a titled panel for each name, three a row, and panels and names."""
    columns = min(_COLUMNS, len(names))
    rows = -(-len(names) // columns)
    # One panel needs room for the title of the whole.
    with new_figure(max(6.0, _PANEL_IN * columns), _HEADER_IN + row_in * rows) as figure:
        figure.suptitle(title)
        grid = [*figure.subplots(rows, columns, squeeze=False).flat]
        for axes in grid[len(names) :]:
            axes.set_axis_off()
        for axes, name in zip(grid, names, strict=False):
            axes.set_title(name)
        yield figure, [*zip(grid, names, strict=False)]


def legend_below(figure: Figure, colors: Mapping[str, str]) -> None:
    """Say below the panels what the colours mean; keys are the meanings."""
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=label) for label, color in colors.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def legend_above(
    figure: Figure, handles: Sequence[Artist], words: Sequence[str], *, columns: int
) -> None:
    """Put a legend above a figure."""
    figure.legend(handles, words, loc="outside upper center", ncols=columns, frameon=False)


def plain_axes(axes: Axes, *, grid: Literal["x", "y"]) -> None:
    """Leave of a frame what a reader needs, and a faint grid."""
    axes.grid(axis=grid, color=FAINT, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(color=GREY)


def to_png(figure: Figure, *, dpi: int = _DPI, source: str | None = None) -> bytes:
    """Return a figure as a PNG file that says what made it, and perhaps of what."""
    metadata = {"Software": SOFTWARE} | ({"Source": source} if source else {})
    return _saved(figure, "png", dpi=dpi, metadata={**metadata})


def to_svg(figure: Figure) -> str:
    """Return a figure as an SVG file, the same for the same figure."""
    return _saved(figure, "svg", dpi=100, metadata={"Date": None}).decode("utf-8")


def _saved(
    figure: Figure, form: Literal["png", "svg"], *, dpi: int, metadata: dict[str, str | None]
) -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A label in a script that the font lacks is drawn as boxes; that is no one's mistake.
        warnings.filterwarnings("ignore", message="Glyph", category=UserWarning)
        figure.savefig(buffer, format=form, dpi=dpi, metadata=metadata)
    return buffer.getvalue()
