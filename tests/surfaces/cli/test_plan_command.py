"""`rtcp plan`: what it reckons is what the command that it recommends does."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize(
    ("given", "recommended"), [((), "--workers 8\n"), (("--chunk-size", "1"), "--chunk-size 1 --workers 8\n")]
)
def test_the_recommended_command_asks_in_requests_of_the_size_that_was_reckoned_with(run, tmp_path, given, recommended):
    file = tmp_path / "ids.txt"
    file.write_text("jane@example.com\noskar.lindqvist@example.com\n")

    result = run("plan", "lookup", str(file), "--namespace", "Email", "--seconds-per-request", "0.5", *given)

    assert recommended in result.stderr
    assert ("--chunk-size" in result.stderr) is bool(given)
