"""Figures that pyplot does not know of; importing this needs matplotlib."""

from __future__ import annotations

from io import BytesIO
from typing import Final

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

_WIDTH: Final = 8.0
_LINE_HEIGHT: Final = 0.2
_BAR_GAP: Final = 0.14
_FRAME_HEIGHT: Final = 0.9


class ReportAxes(Axes):
    """Axes that a notebook shows by their picture, as no pyplot is there to do it."""

    def _repr_png_(self) -> bytes:
        picture = BytesIO()
        figure = self.get_figure(root=True)
        assert figure is not None
        figure.savefig(picture, format="png")
        return picture.getvalue()


def new_axes(*, bars: int, label_lines: int) -> Axes:
    """Axes on a figure high enough for so many bars and lines of labels."""
    height = _FRAME_HEIGHT + _LINE_HEIGHT * max(label_lines, 2) + _BAR_GAP * bars
    figure = Figure(figsize=(_WIDTH, height), dpi=110, layout="constrained")
    FigureCanvasAgg(figure)
    return figure.add_subplot(axes_class=ReportAxes)
