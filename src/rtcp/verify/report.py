"""What a walk found out, and the same as a text for an issue: keys, types, counts and verdicts, and no value."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version

from rtcp.verify.shapes import Line


@dataclass(frozen=True, slots=True)
class Walked:
    """One step: what was tried, how it was answered, what the answers are made of, and the guesses it rests on."""

    step: str
    answer: str
    requests: int
    lines: tuple[Line, ...]
    assumptions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """One assumption: `confirmed`, `refuted`, or `not seen`, and what was seen."""

    id: str
    verdict: str
    seen: str
    question: str
    breaks_if_wrong: str


@dataclass(frozen=True, slots=True)
class Report:
    """All that a walk found out; `unsettled` counts the assumptions that it cannot settle.

    Attributes:
        left_behind: what a walk that writes has made and could not remove; all of it bears `name`.
    """

    steps: tuple[Walked, ...]
    findings: tuple[Finding, ...]
    unsettled: int
    left_behind: tuple[str, ...] = ()
    name: str | None = None


def as_markdown(report: Report) -> str:
    """The report as Markdown, without the name of a sandbox, an organisation or a host."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    yield "# rtcp verify"
    yield ""
    yield f"rtcp {version('rtcp')}, Python {platform.python_version()}. No value of any answer is in here."
    yield ""
    yield "| assumption | verdict | seen |"
    yield "|---|---|---|"
    for finding in report.findings:
        yield f"| `{finding.id}` | {finding.verdict} | {_cell(finding.seen)} |"
    yield ""
    yield f"{report.unsettled} more assumptions cannot be settled this way."
    for step in report.steps:
        yield ""
        yield f"## {step.step}"
        yield ""
        yield f"Answered {step.answer}, in {step.requests} requests."
        if step.assumptions:
            yield f"Rests on {', '.join(f'`{each}`' for each in step.assumptions)}."
        if step.lines:
            yield ""
            yield "| path | types | seen |"
            yield "|---|---|---|"
            for line in step.lines:
                yield f"| `{line.path}` | {_cell(', '.join(line.types))} | {line.count} |"


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
