"""The sentinel, the machine's clock, optional packages, and events that cannot be changed."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import rtcp
from rtcp._clock import SystemClock
from rtcp._optional import require
from rtcp._unset import UNSET, drop_unset
from rtcp.transport import hooks


def test_unset_is_one_of_its_kind_and_false() -> None:
    assert not UNSET
    assert repr(UNSET) == "UNSET"
    assert copy.deepcopy(UNSET) is pickle.loads(pickle.dumps(UNSET)) is rtcp.UNSET


def test_unset_is_dropped_and_none_is_kept() -> None:
    assert drop_unset({"a": UNSET, "b": None, "c": 0}) == {"b": None, "c": 0}


def test_the_machines_clock_tells_time_in_utc_and_sleeps() -> None:
    clock = SystemClock()

    assert clock.now().tzinfo is UTC
    assert abs((datetime.now(UTC) - clock.now()).total_seconds()) < 5
    before = clock.monotonic()
    clock.sleep(0)
    assert before <= clock.monotonic() <= before + 5


def test_a_package_that_is_there_is_given() -> None:
    assert require("json", extra="none") is sys.modules["json"]


def test_a_package_that_is_missing_comes_with_the_command() -> None:
    with pytest.raises(rtcp.MissingExtraError, match=r"run: pip install 'rtcp\[shiny\]'") as caught:
        require("package_that_nobody_made.inside", extra="shiny")

    assert caught.value.name == "package_that_nobody_made"
    assert isinstance(caught.value, ImportError)


def test_a_package_that_is_broken_shows_its_own_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_package.py").write_text("import what_it_needs_is_missing")
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ModuleNotFoundError, match="what_it_needs_is_missing") as caught:
        require("broken_package", extra="shiny")

    assert not isinstance(caught.value, rtcp.MissingExtraError)


@pytest.mark.parametrize(
    "event",
    [
        hooks.RequestFinished("GET", "/x", 200, 0.1, "r"),
        hooks.RequestFailed("GET", "/x", "ConnectError", 0.1, "r"),
        hooks.RetryScheduled("GET", "/x", 1, 0.1, "ConnectError"),
        hooks.TokenFetched(60.0),
    ],
)
def test_events_are_frozen(event: hooks.Event) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(event, dataclasses.fields(event)[0].name, "changed")
