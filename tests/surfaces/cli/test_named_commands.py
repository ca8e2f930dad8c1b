"""Commands that messages name: each exists, and takes what it is named with."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

import rtcp.cli.failures
from rtcp.cli.app import app

PACKAGE = Path(rtcp.cli.failures.__file__).parents[1]
# The demo shows Python on purpose, and the other one holds a style sheet.
MODULES = sorted(path for path in PACKAGE.rglob("*.py") if path.name not in ("demo_play.py", "html.py"))
TRANSCRIPTS = Path(__file__).parents[1] / "transcripts"
_NAMED = re.compile(r"\brtcp ((?:[a-z][a-z-]*)(?: [^;,:()`'\n]*)?)")
# What is said of rtcp itself, and is nothing to type.
_PROSE = re.compile(r"((gets|needs|or|http|emulator on) )")


def texts_of(path):
    """The texts of a module that people may see at a prompt, with X in the place of each value; docstrings are not."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    owners = (ast.Module, ast.ClassDef, ast.FunctionDef)
    docstrings = {
        id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, owners) and ast.get_docstring(node)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value
        elif isinstance(node, ast.JoinedStr):
            parts = [part.value if isinstance(part, ast.Constant) else " X" for part in node.values]
            yield node.lineno, "".join(map(str, parts))


def named_in(text):
    for found in _NAMED.finditer(rtcp.cli.failures.in_commands(text)):
        if not _PROSE.match(found[1]):
            yield found[1].strip()


def problem_of(named):
    """What is wrong with a command as it is named; None when nothing is."""
    try:
        words = shlex.split(named)
    except ValueError:
        words = named.split()
    command, path = app, []
    while isinstance(command, click.Group) and words and words[0] not in ("[OPTIONS]", "--help"):
        inner = command.get_command(click.Context(command), words[0])
        if inner is None:
            return f"there is no {' '.join([*path, words[0]])!r}"
        command, path = inner, [*path, words.pop(0)]
    known = {"--help"} | {
        option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)
    }
    wrong = [word for word in words if word.startswith("--") and word.rstrip(".") not in known]
    return f"{' '.join(path)} takes no {wrong[0]}" if wrong else None


def commands_in_calls(path):
    """`shell.command("noun", "verb", ...)`, `resume=("noun", "verb", ...)` and `look="noun verb"`."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Attribute) and node.func.attr == "command" and node.args:
            yield node.lineno, constants(node.args)
        for keyword in node.keywords:
            if keyword.arg == "resume" and isinstance(keyword.value, ast.Tuple):
                yield node.lineno, constants(keyword.value.elts)
            elif keyword.arg == "look" and isinstance(keyword.value, ast.Constant):
                yield node.lineno, str(keyword.value.value).split()


def constants(nodes):
    return [node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else "X" for node in nodes]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_command_that_a_text_names_exists_and_takes_what_is_named_with_it(path):
    wrong = [
        f"{path.name}:{line}: rtcp {named}: {problem}"
        for line, text in texts_of(path)
        for named in named_in(text)
        if (problem := problem_of(named)) is not None
    ]

    assert wrong == []


def test_every_command_that_is_put_together_exists():
    calls = [
        (path.name, line, words)
        for path in sorted((PACKAGE / "cli").rglob("*.py"))
        for line, words in commands_in_calls(path)
        if words and words[0] != "X" and not (path.parent.name != "cli" and words in (["list"], ["create"]))
    ]
    verbs = [(name, line, words) for name, line, words in calls if len(words) > 1 or words[0] == "stream"]

    assert len(verbs) > 15
    assert [
        f"{name}:{line}: {problem}" for name, line, words in verbs if (problem := problem_of(shlex.join(words)))
    ] == []


@pytest.mark.parametrize("path", sorted(TRANSCRIPTS.glob("*.txt")), ids=lambda path: path.stem)
def test_every_command_that_was_printed_exists_and_takes_what_is_named_with_it(path):
    printed = [
        line
        for line in path.read_text(encoding="utf-8").splitlines()
        if not re.match(r"(tty)?\$ | +(>>>|\.\.\.)", line)
    ]

    wrong = [(line, problem) for line in printed for named in named_in(line) if (problem := problem_of(named))]

    assert wrong == []


@pytest.mark.parametrize(
    "text",
    [
        "look with: rtcp batch list",
        "rtcp export-jobs retry 7",
        "type rtcp export-jobs wait 7 --time-out 3",
        "client.export_jobs.retry(job_id) does",
    ],
)
def test_a_command_that_is_none_would_be_found(text):
    assert [problem_of(named) for named in named_in(text)] != [None]
