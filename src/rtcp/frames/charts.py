"""Reports of the preview sample as bar charts."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from textwrap import wrap
from typing import TYPE_CHECKING, Any, Final

from rtcp._optional import require
from rtcp.errors import InvalidArgumentError
from rtcp.models.preview import DatasetReport, DatasetStats, NamespaceReport, OverlapReport, Report, UnstitchedReport

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LABEL_WIDTH: Final = 36
_LABEL_LINES: Final = 3
_PEOPLE: Final = "#2f6690"
_EVENTS: Final = "#d98e04"
_GREY: Final = "#5f6b76"
_LINE: Final = 1.0
_GAP: Final = 0.7


@dataclass(frozen=True, slots=True)
class _Bar:
    label: str
    count: int | None
    note: str = ""
    kind: str = ""

    @property
    def value(self) -> str:
        return "unknown" if self.count is None else f"{self.count:,}{self.note}"


@dataclass(frozen=True, slots=True)
class _Chart:
    title: str
    bars: list[_Bar]


def plot(report: Report, *, ax: Axes | None = None, top: int = 20) -> Axes:
    """Draw a report of `client.preview` as horizontal bars and return the matplotlib axes.

    Without `ax` it draws on a figure of its own, which a notebook shows and pyplot knows nothing of; save it with
    `rtcp.plot(report).figure.savefig("report.png")`.

    Args:
        ax: axes to draw on.
        top: the number of bars at most; how many are left out is said below them.

    Raises:
        MissingExtraError: matplotlib is not installed.
        InvalidArgumentError: this is no report, or `top` is less than 1.
    """
    if top < 1:
        raise InvalidArgumentError(f"top must be 1 or more, not {top}")
    chart = _chart_of(report)
    shown = chart.bars[:top]
    labels = ["\n".join(_fold(bar.label)) for bar in shown]
    lines = [label.count("\n") + 1 for label in labels]
    require("matplotlib", extra="plot")
    if ax is None:
        # Only now: the module needs matplotlib at its first line.
        from rtcp.frames._figure import new_axes

        ax = new_axes(bars=len(shown), label_lines=sum(lines))
    _draw_bars(ax, shown, labels, lines)
    _draw_legend(ax, shown)
    left_out = len(chart.bars) - len(shown)
    _draw_words(ax, chart.title, _describe_time(report), f"{left_out:,} more not shown" if left_out else "")
    return ax


def _chart_of(report: Report) -> _Chart:
    if isinstance(report, DatasetReport):
        return _Chart("People by dataset", _by_count(map(_share_of_people, report.data)))
    if isinstance(report, NamespaceReport):
        return _Chart("People by identity namespace", _by_count(map(_share_of_people, report.data)))
    if isinstance(report, DatasetStats):
        bars = (_Bar(row.dataset_id or "", row.records, kind=row.kind or "") for row in report.data)
        return _Chart("Records and events by dataset", _by_count(bars))
    if isinstance(report, OverlapReport):
        bars = (_Bar(_combination(row.members), row.profile_count) for row in report.data)
        return _Chart("People by exact combination", _by_count(bars))
    if isinstance(report, UnstitchedReport):
        return _unstitched_chart(report)
    raise InvalidArgumentError(f"only the reports of client.preview can be drawn, not a {type(report).__name__}")


def _share_of_people(row: Any) -> _Bar:
    label = getattr(row, "name", None) or getattr(row, "dataset_id", None) or getattr(row, "namespace", None) or ""
    share = "" if row.profile_percentage is None else f"  ({row.profile_percentage:.0%})"
    return _Bar(label, row.profile_count, share)


def _combination(members: list[str]) -> str:
    text = " + ".join(members)
    for shown in range(len(members) - 1, 0, -1):
        if len(wrap(text, _LABEL_WIDTH, break_on_hyphens=False)) <= _LABEL_LINES:
            break
        text = " + ".join([*members[:shown], f"{len(members) - shown} more"])
    return text


def _unstitched_chart(report: UnstitchedReport) -> _Chart:
    of_all = "" if report.profile_count is None else f", of {report.profile_count:,}"
    bars = [
        _Bar(
            f"{row.window_days} days",
            row.profile_count,
            "" if row.event_count is None else f"  ({row.event_count:,} events)",
        )
        for row in report.data
        if row.namespace is None
    ]
    return _Chart(f"People of one fragment without new events{of_all}", bars)


def _by_count(bars: Any) -> list[_Bar]:
    return sorted(bars, key=lambda bar: -1 if bar.count is None else bar.count, reverse=True)


def _draw_bars(ax: Axes, bars: list[_Bar], labels: list[str], lines: list[int]) -> None:
    # A label of three lines takes the room of three, so that neighbours never touch.
    ends = list(accumulate(_LINE * max(count, 1) + _GAP for count in lines))
    places = [end - (_LINE * count + _GAP) / 2 for end, count in zip(ends, lines, strict=True)]
    colors = [_EVENTS if bar.kind == "ExperienceEvents" else _PEOPLE for bar in bars]
    drawn = ax.barh(places, [bar.count or 0 for bar in bars], height=_LINE, color=colors)
    # Names hold dollar signs, which would switch on formulas.
    ax.bar_label(drawn, [bar.value for bar in bars], padding=4, fontsize=9, color=_GREY, parse_math=False)
    ax.set_yticks(places, labels, fontsize=9, parse_math=False)
    # Upside down, so that the first bar, which is the longest, is on top.
    ax.set_ylim(ends[-1] if ends else 1, 0)
    # Room for the number that stands behind the longest bar.
    ax.set_xlim(0, max([bar.count or 0 for bar in bars], default=0) * 1.18 or 1)
    ax.tick_params(axis="both", length=0)
    ax.set_xticks([])
    for side in ("top", "right", "bottom"):
        ax.spines[side].set_visible(False)
    ax.spines["left"].set_color(_GREY)
    if not bars:
        ax.text(0.02, 0.5, "the report has no rows", transform=ax.transAxes, va="center", color=_GREY)


def _draw_legend(ax: Axes, bars: list[_Bar]) -> None:
    kinds = sorted({bar.kind for bar in bars if bar.kind})
    if len(kinds) < 2:
        return
    patches = require("matplotlib.patches", extra="plot")
    keys = [patches.Patch(color=_EVENTS if kind == "ExperienceEvents" else _PEOPLE, label=kind) for kind in kinds]
    ax.legend(handles=keys, loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, fontsize=9)


def _draw_words(ax: Axes, title: str, counted: str, left_out: str) -> None:
    ax.set_title(title, loc="left", fontsize=12, fontweight="bold", pad=24 if counted else 10)
    ax.annotate(
        counted, (0, 1), xytext=(0, 8), xycoords="axes fraction", textcoords="offset points", fontsize=9, color=_GREY
    )
    if left_out:
        ax.set_xlabel(left_out, loc="left", fontsize=9, color=_GREY)


def _describe_time(report: Report) -> str:
    return "" if report.reported_at is None else f"counted {report.reported_at:%Y-%m-%d %H:%M} UTC"


def _fold(label: str) -> list[str]:
    return wrap(label, _LABEL_WIDTH, max_lines=_LABEL_LINES, placeholder=" …", break_on_hyphens=False) or ["(no name)"]
