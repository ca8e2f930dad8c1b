"""What is checked is what the pages and docstrings say, line by line, so that an error names the place to look at."""

from __future__ import annotations

import re

from tests.docs.pages import BLOCK, PAGES, ROOT
from tests.docs.typecheck import UNTYPED, docstrings, pages


def test_a_line_of_a_page_is_checked_under_its_number():
    for page, code in pages():
        written = page.read_text().splitlines()
        checked = [(number, line) for number, line in enumerate(code.splitlines()) if line and line != UNTYPED]

        assert [line for number, line in checked if number] == [written[number] for number, _ in checked if number]


def test_a_line_of_a_docstring_is_checked_under_its_number():
    prompt = re.compile(r"^( *)(?:>>>|\.\.\.) ")
    for path, code in docstrings():
        written = path.read_text().splitlines()
        for number, line in list(enumerate(code.splitlines()))[1:]:
            if line and line != UNTYPED and not line.startswith("def example_"):
                # A backslash is written twice in a docstring.
                said = prompt.sub(r"\1    ", written[number]).replace("\\\\", "\\")
                assert line == said, f"{path.name}:{number + 1}"


def test_all_that_runs_is_checked():
    running = {
        page for page in PAGES if any(block["language"] == "python" for block in BLOCK.finditer(page.read_text()))
    }
    written = {path for path in (ROOT / "src" / "rtcp").rglob("*.py") if re.search(r"^ +>>> ", path.read_text(), re.M)}

    assert running <= {page for page, _ in pages()}
    assert written == {path for path, _ in docstrings()}
