"""A card as HTML. Every text of others is escaped; colors are tints, so that it reads on light and dark pages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from rtcp._notebook.cards import Card, Cell, Moment, Part, Private, Table, Timeline
from rtcp._notebook.words import text_of
from rtcp._terminal import visible_line

SWITCH: Final = "RTCP_NOTEBOOK_PEOPLE"
_SHOWN: Final = f"Shows people's data, which is saved with the notebook; {SWITCH}=hide leaves it out."
_LEFT_OUT: Final = f"People's data is left out; {SWITCH}=show shows it."
_ODD: Final = f"{SWITCH} is neither show nor hide, and is taken for hide."
_STYLE: Final = """
.rtcp{font:13px/1.5 var(--jp-ui-font-family,system-ui,sans-serif);color:inherit;max-width:100%;overflow-x:auto}
.rtcp .t{font-weight:600;font-size:14px}.rtcp b{font-weight:600}
.rtcp .s{display:inline-block;margin-left:.6em;padding:0 .6em;border-radius:9px;border:1px solid;font-size:12px}
.rtcp .s.good{background:rgba(20,150,80,.18)}.rtcp .s.bad{background:rgba(215,50,40,.2)}
.rtcp .s.moving{background:rgba(220,150,0,.2)}
.rtcp table{border-collapse:collapse;margin:.5em 0;font-size:13px;color:inherit;background:none;
border:0;table-layout:auto}
.rtcp caption{text-align:left;caption-side:top;font-weight:600;padding:.2em 0;color:inherit}
.rtcp th,.rtcp td{text-align:left;vertical-align:top;padding:.22em .9em .22em .5em;border:0;background:none;
border-bottom:1px solid rgba(128,128,128,.28);white-space:normal;max-width:44em;overflow-wrap:break-word}
.rtcp thead th{border-bottom:2px solid rgba(128,128,128,.5);overflow-wrap:normal}
.rtcp tbody th{font-weight:500;overflow-wrap:normal}
.rtcp tr:nth-child(even){background:rgba(128,128,128,.07)}
.rtcp .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
.rtcp .b{display:block;height:5px;border-radius:2px;background:rgba(47,120,180,.75)}
.rtcp .m{display:inline-block;padding:0 .45em;border-radius:3px;border-left:4px solid;font-size:12px}
.rtcp .p{opacity:.85;font-style:italic}
.rtcp ol{list-style:none;margin:.4em 0;padding:0;border-left:2px solid rgba(47,120,180,.75)}
.rtcp li{margin:0;padding:.15em 0 .5em 1em;position:relative}
.rtcp li::before{content:"";position:absolute;left:-5px;top:.6em;width:8px;height:8px;border-radius:4px;
background:#2f78b4}
"""
# Tints, with the edge that names them: a color is never alone in telling something.
_MARKS: Final = ("47,120,180", "217,142,4", "20,150,80", "170,80,180", "215,80,60", "0,150,160", "130,120,40")


def draw(card: Card, *, now: datetime | None = None) -> str:
    """The card as HTML that a notebook shows.

    Args:
        now: what ages are counted from; None is the time of this machine.
    """
    setting = os.environ.get(SWITCH, "")
    shows = setting == "show" or (not setting and card.is_asked_for)
    pen = _Pen(shows, now or datetime.now(UTC))
    body = "".join(pen.card(card))
    notes = [*card.notes, *pen.remarks(setting)]
    said = "".join(f'<div class="p">{_escaped(note)}</div>' for note in notes)
    return f'<div class="rtcp"><style>{_STYLE}</style>{body}{said}</div>'


class _Pen:
    def __init__(self, shows: bool, now: datetime) -> None:
        self._shows = shows
        self._now = now
        self._met_people = False

    def remarks(self, setting: str) -> list[str]:
        """What to know of people's data, where there is some."""
        if not self._met_people:
            return []
        odd = [_ODD] if setting not in ("", "show", "hide") else []
        return [*odd, _SHOWN if self._shows else _LEFT_OUT]

    def card(self, card: Card) -> Iterator[str]:
        state = f'<span class="s {card.state[1]}">{_escaped(card.state[0])}</span>' if card.state else ""
        yield f'<div><span class="t">{_escaped(card.title)}</span>{state}</div>'
        if card.facts:
            rows = "".join(
                f'<tr><th scope="row">{_escaped(name.replace("_", " "))}</th><td>{self._value(value, name)}</td></tr>'
                for name, value in card.facts
            )
            yield f"<table class=rtcp-t><tbody>{rows}</tbody></table>"
        for part in card.parts:
            yield from self._part(part)

    def _part(self, part: Part) -> Iterator[str]:
        if part.is_private:
            self._met_people = True
            if not self._shows:
                size = len(part.rows if isinstance(part, Table) else part.moments)
                yield f'<div class="p">{size:,} rows of people\'s data</div>'
                return
        yield self._table(part) if isinstance(part, Table) else self._timeline(part)
        if part.left_out:
            yield f'<div class="p">{_escaped(part.left_out)}</div>'

    def _table(self, table: Table) -> str:
        numbers = [
            name != "id" and bool(table.rows) and all(_is_amount(row[place]) for row in table.rows)
            for place, name in enumerate(table.columns)
        ]
        head = "".join(
            f'<th scope="col"{_numeric(number)}>{_escaped(name)}</th>'
            for name, number in zip(table.columns, numbers, strict=True)
        )
        body = "".join(
            "<tr>"
            + "".join(
                f"<td{_numeric(number)}>{self._value(value, name)}</td>"
                for value, name, number in zip(row, table.columns, numbers, strict=True)
            )
            + "</tr>"
            for row in table.rows
        )
        caption = f"<caption>{_escaped(table.title)}</caption>" if table.title else ""
        return f"<table class=rtcp-t>{caption}<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"

    def _timeline(self, timeline: Timeline) -> str:
        title = f'<div class="t">{_escaped(timeline.title)}</div>' if timeline.title else ""
        return f"{title}<ol>{''.join(map(self._moment, timeline.moments))}</ol>"

    def _moment(self, moment: Moment) -> str:
        at = text_of(moment.at) if moment.at is not None else "no time"
        told = [f"{_escaped(name)} <b>{self._value(value, name)}</b>" for name, value in moment.facts]
        told += [f'<span class="p">and {moment.more:,} more</span>'] if moment.more else []
        facts = f"<div>{' &#183; '.join(told)}</div>" if told else ""
        return f'<li>{_escaped(at)} <span class="t">{_escaped(moment.what)}</span>{facts}</li>'

    def _value(self, value: Any, name: str) -> str:
        if isinstance(value, Private):
            self._met_people = True
            if self._shows:
                return self._value(value.value, name)
            return f'<span class="p">{_escaped(value.instead)}</span>'
        if isinstance(value, list | tuple) and any(isinstance(each, Private) for each in value):
            return ", ".join(self._value(each, name) for each in value[:5])
        if isinstance(value, Cell):
            return self._cell(value, name)
        told = _escaped(text_of(value, name, now=self._now))
        return f'<span class="n">{told}</span>' if isinstance(value, datetime) else told

    def _cell(self, cell: Cell, name: str) -> str:
        told = self._value(cell.value, name)
        if cell.share is not None:
            return f'{told}<span class="b" style="width:{max(0.0, min(1.0, cell.share)):.0%}"></span>'
        if cell.mark is None:
            return told
        color = _MARKS[cell.mark % len(_MARKS)]
        style = f"background:rgba({color},.22);border-left-color:rgb({color})"
        return f'{told}<br><span class="m" style="{style}">{_escaped(cell.meaning)}</span>'


def _is_amount(value: Any) -> bool:
    held = value.value if isinstance(value, Cell) else value
    return held is None or (isinstance(held, int | float) and not isinstance(held, bool))


def _numeric(is_number: bool) -> str:
    return ' class="n"' if is_number else ""


def _escaped(text: str) -> str:
    return escape(visible_line(text), quote=True)
