"""The ground that every picture stands on: matplotlib when it is needed, one style, PNG files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from affekt.errors import ConfigError, MissingExtraError
from affekt.output import check_output, write_output
from affekt.pictures import rendered

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Okabe and Ito's colours, which people who see few colours tell apart too.
BLUE, ORANGE, GREEN, GREY = "#0072B2", "#E69F00", "#009E73", "#9A9A9A"
DARK, DIM = "#22313f", "#6b6b6b"
SOFTWARE = "Affekt inspection"

_DPI = 120
_COLUMNS = 3
_PANEL_IN = 3.6
_HEADER_IN = 0.7
_STYLE: dict[Any, Any] = {
    "font.size": 9.0,
    "axes.titlesize": 10.0,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": GREY,
    "axes.labelcolor": DARK,
    "xtick.color": DARK,
    "ytick.color": DARK,
    "legend.frameon": False,
    "figure.titlesize": 12.0,
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


def legend(figure: Figure, colors: Mapping[str, str]) -> None:
    """Say below the panels what the colours mean; keys are the meanings."""
    from matplotlib.patches import Patch

    handles = [Patch(color=color, label=label) for label, color in colors.items()]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def to_png(figure: Figure) -> bytes:
    """Return a figure as a PNG file that says what made it."""
    import matplotlib as mpl

    with mpl.rc_context(_STYLE):
        return rendered(figure, "png", dpi=_DPI, metadata={"Software": SOFTWARE})


def save_picture(picture: Callable[[], bytes], path: Path, *, clip: Path, replace: bool) -> Path:
    """Draw and write a PNG file.

    Args:
        picture: draws it; called only when the file may be written.
        path: its name ends in .png; an earlier picture of ours is replaced.
        clip: what is drawn, which is never written over.
        replace: whatever else lies there is replaced as well.

    Raises:
        ConfigError: the name does not end in .png, another file lies there, or it cannot be
            written.
    """
    if path.suffix.lower() != ".png":
        raise ConfigError(f"{path}: a picture's name ends in .png")
    check_output(path, inputs=[clip], force=replace)
    write_output(path, picture(), inputs=[clip], force=replace)
    return path
