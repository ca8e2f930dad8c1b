"""The page about Spark does what it says: its examples run from top to bottom, on the real numbers of CDNOW."""

from __future__ import annotations

import re
import warnings

from conftest import ROOT

BLOCK = re.compile(r"^```py\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_example_of_the_page_runs(spark, client, emulator, passing_events, tmp_path, monkeypatch, capfd):
    page = ROOT / "docs" / "spark.md"
    text = page.read_text()
    monkeypatch.chdir(tmp_path)
    namespace = {"__name__": "page"}

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        for block in BLOCK.finditer(text):
            line = text.count("\n", 0, block.start(1))
            exec(compile("\n" * line + block[1], str(page), "exec"), namespace)
    namespace["client"].close()

    assert "14048" in capfd.readouterr().out
