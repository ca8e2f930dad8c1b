"""Nothing public is without its place in the docs: every exported name, every command, every page."""

from __future__ import annotations

import json
import os
import re
import subprocess
from importlib import import_module

import click
import pytest
import yaml
from docs._site import listings, terminal
from docs._site.blocks import KINDS
from tests.docs.pages import ROOT
from tests.helpers.harbour import load_harbour

import rtcp
import rtcp.emulator
import rtcp.hooks
import rtcp.media
from rtcp.config import ENVIRONMENT

DOCS = ROOT / "docs"
README_PICTURE = DOCS / "assets" / "terminal.svg"
README_COMMAND = "rtcp entities get jane@example.com --namespace Email --fields person.name,loyalty"
# Read before a test's clean environment.
IS_RECORDING = os.environ.get("RTCP_RECORD") == "1"
MARKDOWN = {path: path.read_text(encoding="utf-8") for path in sorted(DOCS.rglob("*.md"))}
# Told by the page of the module that they are: errors with its members, the others one by one.
MODULES = {"emulator", "errors", "hooks", "media"}


def explained() -> set[str]:
    """Names whose signature and docstring stand on a page."""
    told = {name.rpartition(".")[2] for text in MARKDOWN.values() for name in re.findall(r"^::: ([\w.]+)", text, re.M)}
    return told | {name for name in vars(rtcp.errors) if "errors" in told}


@pytest.mark.parametrize("module", [rtcp, rtcp.hooks, rtcp.media, rtcp.emulator], ids=lambda module: module.__name__)
def test_every_public_name_is_explained_in_the_reference(module):
    assert [name for name in module.__all__ if name not in explained() | MODULES] == []


@pytest.mark.parametrize(("package", "known"), [("airflow", "RtcpHook"), ("spark", "lookup")])
def test_every_name_for_airflow_and_spark_is_explained_in_the_reference(package, known):
    # Read, as the packages themselves are not installed here.
    source = (ROOT / "src" / "rtcp" / package / "__init__.py").read_text(encoding="utf-8")
    names = re.findall(rf'^    "(\w+)": "rtcp\.{package}', source, re.MULTILINE)

    assert known in names
    assert [name for name in names if f"rtcp.{package}" not in explained_at(name)] == []


def explained_at(name: str) -> str:
    """Where the names of this name that are explained come from."""
    return " ".join(found for text in MARKDOWN.values() for found in re.findall(rf"^::: ([\w.]+)\.{name}$", text, re.M))


def test_a_fixture_of_the_plugin_has_its_place():
    source = (ROOT / "src/rtcp/pytest_plugin.py").read_text()
    fixtures = re.findall(r"@pytest\.fixture.*\ndef (\w+)", source)

    assert fixtures
    assert [name for name in fixtures if not any(f"`{name}`" in text for text in MARKDOWN.values())] == []


def test_every_command_is_listed():
    app = import_module("rtcp.cli.app").app

    assert listings.command_paths() == [path for path, _ in commands(app, click.Context(app, info_name="rtcp"))]
    assert len(listings.command_paths()) > 80


def commands(group, context):
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        inner = click.Context(command, info_name=name, parent=context)
        yield inner.command_path, command
        if isinstance(command, click.Group):
            yield from commands(command, inner)


def test_every_code_with_help_is_listed():
    assert "| `403027` |" in listings.list_codes()


def test_every_error_is_listed():
    listed = listings.list_errors()

    assert [name for name, kind in vars(rtcp.errors).items() if is_error(kind) and f"`{name}`" not in listed] == []


def is_error(kind) -> bool:
    return isinstance(kind, type) and issubclass(kind, rtcp.RtcpError)


def test_every_variable_of_the_environment_has_its_place():
    text = "\n".join([*MARKDOWN.values(), listings.list_settings()])

    assert [name for name in [*ENVIRONMENT.values(), "RTCP_NOTEBOOK_PEOPLE"] if name not in text] == []


def test_every_page_stands_in_the_navigation():
    settings = yaml.safe_load((ROOT / "mkdocs.yml").read_text())
    places = [*leaves(settings["nav"])]
    reached = {
        page for place in places for page in ([DOCS / place] if place.endswith(".md") else (DOCS / place).glob("*.md"))
    }

    assert [str(path.relative_to(DOCS)) for path in MARKDOWN if path not in reached] == []


def leaves(item):
    if isinstance(item, str):
        yield item
    for inside in item if isinstance(item, list) else item.values() if isinstance(item, dict) else ():
        yield from leaves(inside)


def blocks(kind: str) -> list[str]:
    return [
        text.strip()
        for page in MARKDOWN.values()
        for text in re.findall(rf"^```{kind}\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    ]


def test_the_blocks_that_are_filled_are_on_pages():
    assert [kind for kind in KINDS if not blocks(kind)] == []


@pytest.mark.parametrize("command", blocks("terminal"))
def test_a_picture_of_a_terminal_is_of_a_command_that_runs_and_asks_no_other_host(command, emulator):
    load_harbour(emulator)

    picture = terminal.draw(command, emulator.url)

    assert "$&#160;rtcp" in picture
    assert not re.search(r"url\([\"']?http|src=|href=", picture)


def test_a_command_that_fails_makes_no_picture(emulator):
    with pytest.raises(subprocess.CalledProcessError):
        terminal.draw("rtcp entities get nobody@example.com --namespace Email", emulator.url)


def test_the_picture_of_the_readme_is_what_the_command_shows(emulator):
    """RTCP_RECORD=1 draws it anew."""
    load_harbour(emulator)
    picture = terminal.draw(README_COMMAND, emulator.url)
    if IS_RECORDING:
        README_PICTURE.write_text(picture, encoding="utf-8")

    assert README_PICTURE.read_text(encoding="utf-8") == picture


def test_every_notebook_was_executed_and_is_a_page():
    notebooks = sorted((ROOT / "examples" / "notebooks").glob("*.ipynb"))

    assert {notebook.stem for notebook in notebooks} == {*blocks("notebook")}
    for notebook in notebooks:
        cells = [cell for cell in json.loads(notebook.read_text())["cells"] if cell["cell_type"] == "code"]
        assert [cell["execution_count"] for cell in cells] == [*range(1, len(cells) + 1)], notebook.name
