"""How much of what Adobe has published the emulator does, operation by operation, and on which guesses that rests."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from rtcp.emulator.http.description import Description, load_description
from rtcp.emulator.http.operations import DIALECTS, changes_in
from rtcp.emulator.http.published import Published, load_published

_INTRODUCTION = """\
Every operation of Adobe's published descriptions that concerns Profile, ingestion or media, and those that only guides
or programs in use show. {built} are built, {unbuilt} answer 501 with their name, and so do {out} that are out of
scope; it is the same in all dialects. `rtcp emulator coverage` prints this too.

*Dialects* are those in which the answers differ from the default `guide`. *Rests on* names guesses of
`openapi/assumptions.toml`; those called `gateway-*` hold for every call to the platform and are not repeated here."""
_ASSUMPTIONS = Path(__file__).parents[1] / "_assumptions.json"
_POINTER = "#/components/"
_MARK = "x-rtcp-assumption"

State = Literal["built", "501", "out of scope"]


@dataclass(frozen=True, slots=True)
class Covered:
    """One published operation, or one that only a guide or a program in use shows.

    Attributes:
        operation: its id here; None where it is not built.
        state: "built", "501" for what the emulator names and does not do, "out of scope" for what it will not do.
        dialects: those in which its answers differ from the guide's.
        assumptions: ids of the guesses that it rests on.
        reason: why it is out of scope.
    """

    name: str
    method: str
    path: str
    source: str
    operation: str | None
    state: State
    dialects: tuple[str, ...] = ()
    assumptions: tuple[str, ...] = ()
    reason: str | None = None


def coverage() -> list[Covered]:
    """All operations, in the order of the published descriptions; those of ours that none publishes come last."""
    description, covered = load_description(), []
    for each in load_published():
        found = description.match(each.method, _sample(each.path))
        covered.append(_cover(each, None if found is None else found.operation.id, description))
    seen = {each.operation for each in covered}
    for operation in description.operations():
        if operation.id not in seen:
            seen.add(operation.id)
            noun = operation.id.partition(".")[0].replace("_", " ")
            unpublished = Published(operation.method, operation.template, noun, "guides and programs in use")
            covered.append(_cover(unpublished, operation.id, description))
    return covered


def _cover(published: Published, operation: str | None, description: Description) -> Covered:
    state: State = "built"
    if operation is None:
        state = "501" if published.out_of_scope is None else "out of scope"
    return Covered(
        published.name,
        published.method,
        published.path,
        published.source,
        operation,
        state,
        ()
        if operation is None
        else tuple(name for name in DIALECTS if name != "guide" and changes_in(name, operation)),
        () if operation is None else tuple(sorted(_assumptions_of(operation, description))),
        published.out_of_scope if state == "out of scope" else None,
    )


def _assumptions_of(operation: str, description: Description) -> set[str]:
    """The guesses about an operation, and those made in the schemas that it uses."""
    document, found = description.document, set()
    for item in document["paths"].values():
        for described in item.values():
            if isinstance(described, dict) and operation == described.get("operationId"):
                found |= set(_marks(described, document, set()))
    found |= {each["id"] for each in _listed() if operation in each["operation"]}
    # They are about every call.
    return {each for each in found if not each.startswith("gateway-")}


def _marks(node: Any, document: Mapping[str, Any], seen: set[str]) -> Iterator[str]:
    """The ids of the guesses below a node; references are followed once."""
    if isinstance(node, list):
        for child in node:
            yield from _marks(child, document, seen)
    if not isinstance(node, dict):
        return
    marked = node.get(_MARK, ())
    yield from [marked] if isinstance(marked, str) else marked
    for name, child in node.items():
        if name == "$ref" and isinstance(child, str) and child.startswith(_POINTER) and child not in seen:
            seen.add(child)
            kind, _, name = child.removeprefix(_POINTER).partition("/")
            yield from _marks(document["components"][kind][name], document, seen)
        elif name not in ("example", "examples"):
            yield from _marks(child, document, seen)


@cache
def _listed() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(_ASSUMPTIONS.read_bytes())
    return listed


def _sample(path: str) -> str:
    """The path with something in the place of each id."""
    return path.replace("{", "").replace("}", "")


def as_markdown() -> str:
    """The page of the documentation."""
    covered = coverage()
    states = [each.state for each in covered]
    told = {"built": states.count("built"), "unbuilt": states.count("501"), "out": states.count("out of scope")}
    lines = ["# What the emulator covers", "", _INTRODUCTION.format(**told), ""]
    for name in dict.fromkeys(each.name for each in covered):
        group = [each for each in covered if each.name == name]
        lines += [f"## {name[0].upper()}{name[1:]}", "", f"Source: {group[0].source}.", ""]
        reason = next((each.reason for each in group if each.reason), None)
        if reason is not None:
            lines += [f"Out of scope: {reason}.", ""]
        lines += ["| operation | state | here | dialects | rests on |", "|---|---|---|---|---|"]
        for each in group:
            here = f"`{each.operation}`" if each.operation else ""
            ids = ", ".join(f"`{assumption}`" for assumption in each.assumptions)
            lines.append(
                f"| `{each.method} {each.path}` | {each.state} | {here} | {', '.join(each.dialects)} | {ids} |"
            )
        lines.append("")
    return "\n".join(lines).rstrip() + "\n"
