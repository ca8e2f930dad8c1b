"""Compile openapi/*.yaml into the one JSON document that the emulator reads at start-up, published.toml into what it
says of all else that is published, and assumptions.toml into what `rtcp verify` reads.

Run `python openapi/compile.py` to write it, with `--check` to learn whether the written one is current.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

SOURCES = Path(__file__).resolve().parent
TARGET = SOURCES.parent / "src" / "rtcp" / "emulator" / "openapi.json"
PUBLISHED = TARGET.with_name("published.json")
ASSUMPTIONS = SOURCES.parent / "src" / "rtcp" / "_assumptions.json"
KEPT = ("id", "operation", "question", "sends", "accepts", "breaks_if_wrong")
METHODS = ("get", "put", "post", "delete", "patch", "head", "options", "trace")

Document = dict[str, Any]


def compile_document(sources: Path = SOURCES) -> Document:
    """Return one OpenAPI document made of all files, with every reference local to it.

    Raises:
        ValueError: two files define the same path, operation id or component.
    """
    paths: Document = {}
    components: Document = {}
    not_built: Document = {}
    base_paths: Document = {}
    operation_ids: set[str] = set()
    for source in sorted(sources.glob("*.yaml")):
        document = localise(yaml.safe_load(source.read_text(encoding="utf-8")))
        for path, item in document["paths"].items():
            add(paths, path, item | {"servers": document["servers"]}, source)
            for operation in operations_of(item):
                # A whole-file default has no place in the merged document, so each operation carries its own.
                operation.setdefault("security", document.get("security", []))
                if operation["operationId"] in operation_ids:
                    raise ValueError(f"{source.name}: operation {operation['operationId']!r} is defined twice")
                operation_ids.add(operation["operationId"])
        for path, name in document.get("x-rtcp-not-built", {}).items():
            add(not_built, path, {"noun": source.stem, "name": name}, source)
        for path, others in document.get("x-rtcp-base-paths", {}).items():
            add(base_paths, path, others, source)
        for kind, entries in document.get("components", {}).items():
            for name, entry in entries.items():
                add(components.setdefault(kind, {}), name, entry, source)
    info = {
        "title": "Real-Time Customer Profile API, as rtcp understands it",
        "version": "0.1.0",
        "description": "Compiled from openapi/*.yaml. Do not edit.",
    }
    return {
        "openapi": "3.1.0",
        "info": info,
        "paths": paths,
        "x-rtcp-not-built": not_built,
        "x-rtcp-base-paths": base_paths,
        "components": components,
    }


def operations_of(item: Document) -> Iterator[Document]:
    """Yield the operations of one path item."""
    return (item[method] for method in METHODS if method in item)


def localise(node: Any) -> Any:
    """Return a copy of the node whose references to other files point into this one."""
    if isinstance(node, list):
        return [localise(child) for child in node]
    if not isinstance(node, dict):
        return node
    return {key: "#" + value.partition("#")[2] if key == "$ref" else localise(value) for key, value in node.items()}


def add(target: Document, name: str, entry: Any, source: Path) -> None:
    if name in target:
        raise ValueError(f"{source.name}: {name!r} is defined twice")
    target[name] = entry


def compile_assumptions(sources: Path = SOURCES) -> list[Document]:
    """Return what users of the package can do something with: everything but the sources."""
    listed = tomllib.loads((sources / "assumptions.toml").read_text(encoding="utf-8"))["assumption"]
    return [{name: assumption[name] for name in KEPT} for assumption in listed]


def compile_published(sources: Path = SOURCES) -> list[Document]:
    """Return all published operations, each with its method, its path, and what its group says.

    Raises:
        ValueError: one is listed twice.
    """
    listed = []
    for group in tomllib.loads((sources / "published.toml").read_text(encoding="utf-8"))["group"]:
        for text in group["operations"]:
            method, _, path = text.partition(" ")
            kept = {name: group[name] for name in ("name", "source", "out_of_scope") if name in group}
            listed.append({"method": method, "path": group["base"] + path, **kept})
    keys = [(each["method"], each["path"]) for each in listed]
    if len(set(keys)) != len(keys):
        raise ValueError("published.toml lists an operation twice")
    return listed


def rendered(document: Any) -> str:
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; fail when a JSON file is not current")
    options = parser.parse_args(arguments)
    targets = {
        TARGET: rendered(compile_document()),
        PUBLISHED: rendered(compile_published()),
        ASSUMPTIONS: rendered(compile_assumptions()),
    }
    if not options.check:
        for target, text in targets.items():
            target.write_text(text, encoding="utf-8")
        return 0
    stale = [
        target.name
        for target, text in targets.items()
        if not target.is_file() or target.read_text(encoding="utf-8") != text
    ]
    if stale:
        print(f"{', '.join(stale)} not current; run: python openapi/compile.py", file=sys.stderr)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main())
