"""Checks the types of every example: python -m tests.docs.typecheck.

A page becomes one module, in which each line of code stands on the line that it has on the page; so does a file of
src with examples in its docstrings, each of them a function of its own. mypy and pyright then run once over all of
them, and what they say is true of the page once the name of the file is put back.
"""

from __future__ import annotations

import ast
import doctest
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.docs.pages import BLOCK, PAGES, ROOT

FOLDER = ROOT / ".cache" / "examples"
STUBS = Path(__file__).parent / "stubs"
PRELUDE = Path(__file__).with_name("prelude.py")
PYRIGHT = {
    "include": ["."],
    "extraPaths": [str(ROOT / "src")],
    "stubPath": str(STUBS),
    "typeCheckingMode": "strict",
    # The last line of a block is what a notebook shows, and a block stands for itself.
    "reportUnusedExpression": False,
    "reportDuplicateImport": False,
    "reportUnusedVariable": False,
    # Of stubs without a package: Airflow's.
    "reportMissingModuleSource": False,
}
# pandas, pyarrow and matplotlib come without types, or with some.
UNTYPED = "# pyright: reportUnknownMemberType=false, reportUnknownArgumentType=false, reportUnknownVariableType=false"


def main() -> int:
    origins = write_modules()
    with ThreadPoolExecutor() as pool:
        outcomes = [pool.submit(check, origins) for check in (run_mypy, run_pyright)]
    findings = [line for outcome in outcomes for line in outcome.result()]
    print(*findings, sep="\n", end="\n" if findings else "")
    errors = [line for line in findings if ": note: " not in line]
    print(f"{len(errors)} errors of mypy and pyright in the examples of {len(origins)} files")
    return 1 if errors else 0


def write_modules() -> dict[str, str]:
    """Write a module for each file with examples; return where each module comes from."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    for old in FOLDER.glob("*.py"):
        old.unlink()
    origins = {}
    for path, code in [*pages(), *docstrings(), *scripts()]:
        origin = str(path.relative_to(ROOT))
        module = re.sub(r"\W", "_", origin.rpartition(".")[0]) + ".py"
        (FOLDER / module).write_text(code)
        origins[module] = origin
    return origins


def pages() -> Iterator[tuple[Path, str]]:
    for page in PAGES:
        text = page.read_text()
        lines = [""] * (text.count("\n") + 1)
        for block in BLOCK.finditer(text):
            # A title is the name of another tool, whose code is shown for comparison.
            if block["language"] in ("python", "py") and not block["title"]:
                place(lines, text.count("\n", 0, block.start("code")), block["code"])
        if any(lines):
            yield page, finish(lines, {"rtcp": "import rtcp"})


def docstrings() -> Iterator[tuple[Path, str]]:
    prelude = bindings(PRELUDE.read_text())
    for path in sorted((ROOT / "src" / "rtcp").rglob("*.py")):
        text = path.read_text()
        if ">>>" not in text:
            continue
        lines = [""] * (text.count("\n") + 1)
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ClassDef | ast.FunctionDef) and (docstring := ast.get_docstring(node, clean=False)):
                start = node.body[0].lineno - 1
                examples = doctest.DocTestParser().get_examples(docstring)
                if examples:
                    lines[start] = f"def example_{start}() -> None:"
                for example in examples:
                    place(lines, start + example.lineno, example.source, " " * (example.indent + len(">>> ")))
        if any(lines):
            yield path, finish(lines, prelude)


def scripts() -> Iterator[tuple[Path, str]]:
    for path in (*sorted((ROOT / "examples").glob("*.py")), *sorted((ROOT / "tests" / "typing").glob("*.py"))):
        yield path, path.read_text()


def place(lines: list[str], start: int, code: str, indent: str = "") -> None:
    for number, line in enumerate(code.splitlines(), start):
        lines[number] = indent + line if line else ""


def bindings(source: str) -> dict[str, str]:
    """What each name of a module is: the import or the declaration that binds it."""
    found: dict[str, str] = {}
    for statement in ast.parse(source).body:
        if isinstance(statement, ast.Import):
            found |= {alias.name: f"import {alias.name}" for alias in statement.names}
        elif isinstance(statement, ast.ImportFrom):
            found |= {alias.name: f"from {statement.module} import {alias.name}" for alias in statement.names}
        elif isinstance(statement, ast.AnnAssign):
            found[ast.unparse(statement.target)] = ast.unparse(statement)
    return found


def finish(lines: list[str], prelude: dict[str, str]) -> str:
    """Put the names that the code takes for granted on the first line: a heading, or the start of a docstring."""
    code = "\n".join(lines)
    used = names_of(code)
    used |= names_of("\n".join(binding for name, binding in prelude.items() if name in used))
    lines[0] = "; ".join(binding for name, binding in prelude.items() if name in used)
    return "\n".join([*lines, UNTYPED] if re.search(r"to_pandas|to_arrow|rtcp\.plot|matplotlib", code) else lines)


def names_of(code: str) -> set[str]:
    try:
        tree = ast.parse(code)
    except SyntaxError:  # for the checkers to tell
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def run_mypy(origins: dict[str, str]) -> list[str]:
    outcome = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--show-column-numbers", str(FOLDER)],
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    if outcome.returncode and not outcome.stdout:
        return [f"mypy: {outcome.stderr}"]
    found = re.sub(rf"^.*?{FOLDER.name}/(\w+\.py)", lambda line: origins[line[1]], outcome.stdout, flags=re.MULTILINE)
    return found.splitlines()


def run_pyright(origins: dict[str, str]) -> list[str]:
    config = FOLDER / "pyrightconfig.json"
    config.write_text(json.dumps(PYRIGHT))
    outcome = subprocess.run(
        [Path(sys.executable).with_name("pyright"), "--pythonpath", sys.executable, "-p", config, "--outputjson"],
        capture_output=True,
        text=True,
    )
    if outcome.returncode > 1:
        return [f"pyright: {outcome.stdout}{outcome.stderr}"]
    return [
        f"{origins[Path(each['file']).name]}:{each['range']['start']['line'] + 1}"
        f":{each['range']['start']['character'] + 1}: {each['severity']}: {each['message']}  [{each.get('rule', '')}]"
        for each in json.loads(outcome.stdout)["generalDiagnostics"]
    ]


if __name__ == "__main__":
    sys.exit(main())
