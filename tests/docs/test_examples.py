"""Every Python block of the README and the docs pages runs against the emulator, page by page, top to bottom."""

from __future__ import annotations

import re
import warnings

import pytest
from tests.docs.pages import BLOCK, PAGES, ROOT
from tests.helpers.harbour import load_harbour

import rtcp

RUNNABLE = [page for page in PAGES if any(block["language"] == "python" for block in BLOCK.finditer(page.read_text()))]


@pytest.fixture(scope="module")
def harbour():
    # Jobs end at once: the pages wait for them by the real clock.
    with rtcp.emulator.Emulator(seed=1, job_seconds=0) as emulator:
        yield emulator


@pytest.fixture
def world(harbour, monkeypatch, tmp_path):
    load_harbour(harbour)
    for variable in ("RTCP_PROFILE", "RTCP_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("RTCP_EMULATOR", harbour.url)
    monkeypatch.chdir(tmp_path)
    return harbour


@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_python_block_of_the_page_runs(page, world, tmp_path, capsys):
    namespace = {"__name__": "page", "rtcp": rtcp}
    text = page.read_text()
    with warnings.catch_warnings():
        # Pages show clients that a notebook would keep open, and the event look-up warns by design.
        warnings.simplefilter("ignore", ResourceWarning)
        warnings.simplefilter("ignore", PendingDeprecationWarning)
        for block in BLOCK.finditer(text):
            if block["title"]:
                (tmp_path / block["title"]).write_text(block["code"])
        for block in BLOCK.finditer(text):
            if block["language"] == "python":
                line = text.count("\n", 0, block.start("code"))
                code = compile("\n" * line + block["code"], str(page), "exec")
                exec(code, namespace)
        run_tests_of_the_page(namespace)
        for value in list(namespace.values()):
            if isinstance(value, rtcp.Client):
                value.close()
            if isinstance(value, rtcp.emulator.Emulator):
                value.stop()
        namespace.clear()


@pytest.mark.parametrize("page", [ROOT / "README.md", ROOT / "docs" / "index.md"], ids=lambda page: page.name)
def test_the_first_sample_runs_where_warnings_are_errors(page, world):
    first = next(block for block in BLOCK.finditer(page.read_text()) if block["language"] == "python")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec(compile(first["code"], str(page), "exec"), {"__name__": "page"})


def run_tests_of_the_page(namespace):
    for name, test in list(namespace.items()):
        if name.startswith("test_"):
            with rtcp.emulator.Emulator() as emulator, rtcp.Client.for_emulator(emulator.url) as client:
                test(rtcp_emulator=emulator, rtcp_client=client)


def test_the_pages_hold_examples():
    assert {page.name for page in RUNNABLE} >= {
        "README.md",
        "quickstart.md",
        "entities.md",
        "merge_policies.md",
        "emulator.md",
    }


def test_every_link_between_pages_leads_to_a_file():
    for page in PAGES:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_other_side_of_a_comparison_is_python():
    # aepp is not installed here; a block that could not even be read would compare with nothing.
    page = ROOT / "docs" / "coming-from-aepp.md"
    blocks = [block["code"] for block in BLOCK.finditer(page.read_text()) if block["title"] == "aepp"]

    assert len(blocks) >= 6
    for code in blocks:
        compile(code, str(page), "exec")
