"""The public API as a text, a line for each thing that somebody's code may rest on, and whether it is still that.

`python -m release.contract --write` writes it down. A line that goes or changes is a break for somebody, to whom
docs/stability.md promises something.
"""

from __future__ import annotations

import argparse
import difflib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import griffe

from release.report import ROOT, FailedError

API: Final = Path(__file__).parent / "api.txt"
# Beside `rtcp` itself; what docs/conventions.md names.
_MODULES: Final = (
    "rtcp.errors",
    "rtcp.hooks",
    "rtcp.media",
    "rtcp.emulator",
    "rtcp.pytest_plugin",
    "rtcp.airflow",
    "rtcp.spark",
)


def check() -> str:
    """The text is what the code says."""
    known, found = API.read_text(encoding="utf-8").splitlines(), list(describe())
    if known != found:
        changes = [line for line in difflib.ndiff(known, found) if line.startswith(("- ", "+ "))]
        gone = sum(line.startswith("- ") for line in changes)
        raise FailedError(
            f"the public API is another one, {gone} lines of it gone or changed; if that is meant: python -m "
            "release.contract --write, and a line in the changelog\n" + "\n".join(changes[:40])
        )
    return f"{len(found)} lines, as in {API.relative_to(ROOT)}"


def describe() -> Iterator[str]:
    """Yield a line for each public name, member, parameter list and base, sorted."""
    package = griffe.load("rtcp", search_paths=[ROOT / "src"], allow_inspection=False, resolve_aliases=True)
    lines: set[str] = set()
    for name in _public_names():
        lines |= set(_thing(f"rtcp.{name}", package[name]))
    for path in _MODULES:
        module = package[path.removeprefix("rtcp.")]
        names = module.exports or [name for name in module.members if not name.startswith("_")]
        for name in map(str, names):
            member = module[name]
            if module.exports or not member.is_alias:
                lines |= set(_thing(f"{path}.{name}", member))
    return iter(sorted(lines))


def _public_names() -> list[str]:
    stub = (ROOT / "src" / "rtcp" / "__init__.pyi").read_text(encoding="utf-8")
    return [line.split()[-1] for line in stub.splitlines() if line.startswith("from ") and " as " in line]


def _thing(path: str, found: griffe.Object | griffe.Alias) -> Iterator[str]:
    target = found.final_target if isinstance(found, griffe.Alias) else found
    if isinstance(target, griffe.Class):
        yield from _class(path, target)
    elif isinstance(target, griffe.Function):
        yield f"def {path}{_signature(target)}"
    elif isinstance(target, griffe.Attribute):
        yield f"{path}: {target.annotation if target.annotation is not None else target.value}"
    else:
        yield f"module {path}"


def _class(path: str, found: griffe.Class) -> Iterator[str]:
    yield f"class {path}({', '.join(map(str, found.bases))})"
    for name, member in {**found.inherited_members, **found.members}.items():
        target = member.final_target if isinstance(member, griffe.Alias) else member
        if name == "__init__" and isinstance(target, griffe.Function):
            # Nouns are made by the client alone.
            if "Resource" not in map(str, found.bases):
                yield f"def {path}.__init__{_signature(target)}"
        elif name.startswith("_") or name == "model_config":
            continue
        elif isinstance(target, griffe.Function):
            yield f"def {path}.{name}{_signature(target)}"
        elif isinstance(target, griffe.Attribute):
            # A default is part of what is promised, an enum's value too; a property has neither.
            value = "" if target.value is None or "property" in target.labels else f" = {target.value}"
            yield f"{path}.{name}: {target.annotation}{value}" if target.annotation else f"{path}.{name}{value}"


def _signature(found: griffe.Function) -> str:
    parts, is_bare = [], False
    for parameter in found.parameters:
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is griffe.ParameterKind.keyword_only and not is_bare:
            parts.append("*")
            is_bare = True
        if parameter.kind is griffe.ParameterKind.var_positional:
            is_bare = True
        mark = {griffe.ParameterKind.var_positional: "*", griffe.ParameterKind.var_keyword: "**"}.get(
            parameter.kind, ""
        )
        text = f"{mark}{parameter.name}"
        text += f": {parameter.annotation}" if parameter.annotation is not None else ""
        text += f" = {parameter.default}" if parameter.default is not None and not mark else ""
        parts.append(text)
    return f"({', '.join(parts)}) -> {found.returns}"


def main() -> int:
    """Return 1 where the text is not what the code says."""
    parser = argparse.ArgumentParser(prog="python -m release.contract", description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the text anew")
    if parser.parse_args().write:
        API.write_text("\n".join(describe()) + "\n", encoding="utf-8")
        return 0
    try:
        print(check())
    except FailedError as exc:
        print(exc)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
