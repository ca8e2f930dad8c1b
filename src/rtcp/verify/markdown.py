"""A report as a text for an issue: keys, types, counts and verdicts, and nothing of the sandbox itself."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rtcp.verify import Report


def as_markdown(report: Report) -> str:
    """The report as Markdown, without the name of a sandbox, an organisation or a host."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    from rtcp import __version__

    yield "# rtcp verify"
    yield ""
    yield f"rtcp {__version__}, Python {platform.python_version()}. No value of any answer is in here."
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
