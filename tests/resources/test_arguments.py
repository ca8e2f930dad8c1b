"""Every public verb meets every wrong kind of each argument: it is refused by its name, and nothing is sent."""

from __future__ import annotations

import inspect
import typing
import warnings
from collections.abc import Iterator
from datetime import date, datetime
from functools import cached_property
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.helpers.clock import FakeClock

import rtcp
from rtcp.media import SessionDetails

NOUNS = [name for name, member in vars(rtcp.Client).items() if isinstance(member, cached_property)]
DETAILS = SessionDetails(id="c", length=60, content_type="VOD", player_name="web", channel="harbour")
NAIVE = datetime(2026, 1, 1)  # noqa: DTZ001 - the point
# Right values for arguments that must be given, by name.
RIGHT: dict[str, Any] = {
    "attribute_merge": "timestampOrdered",
    "content": b"{}",
    "details": DETAILS,
    "directory": "nowhere",
    "duration": "7 days",
    "envelope": {},
    "envelopes": [],
    "events": [],
    "expression": "xEvent[page = 1].count()",
    "form": rtcp.RowForm(dataset_id="d", schema_id="https://ns.adobe.com/acme/schemas/a"),
    "identity_graph": "none",
    "ids": ["1"],
    "path": "nowhere.jsonl",
    "rejects": [],
    "rows": [],
    "sampled_after": datetime(2026, 1, 1).astimezone(),
    "timeout": 0.0,
    "schema_ref": "https://ns.adobe.com/acme/schemas/a",
}
WRONG: tuple[Any, ...] = (
    None, True, 0, -1, 17, 1.5, float("nan"), "", " ", "word", "a,b", b"x", object(), [], [None], [object()], ["a,b"],
    (), {}, {"a": 1}, {1, 2}, date(2026, 1, 1), NAIVE, "2026-01-01", int, 1j,
)  # fmt: skip


def arguments() -> Iterator[tuple[str, str, str]]:
    with rtcp.Client(rtcp.Config(token="t")) as client:
        for noun in NOUNS:
            for verb, member in inspect.getmembers(type(getattr(client, noun)), inspect.isfunction):
                if not verb.startswith("_"):
                    yield from ((noun, verb, name) for name in inspect.signature(member).parameters if name != "self")


ARGUMENTS = list(arguments())
SIZES = ("limit", "page_size", "workers")


def call(client: rtcp.Client, noun: str, verb: str, name: str, value: Any) -> Any:
    """The verb with one argument that may be wrong, and right ones for all that it must have."""
    function = getattr(getattr(client, noun), verb)
    by_place, by_name = [], {}
    for other, parameter in inspect.signature(function).parameters.items():
        if other != name and parameter.default is not inspect.Parameter.empty and other != "timeout":
            continue
        given = value if other == name else RIGHT.get(other, "x")
        if parameter.kind is inspect.Parameter.KEYWORD_ONLY:
            by_name[other] = given
        else:
            by_place.append(given)
    return function(*by_place, **by_name)


@pytest.fixture(scope="module")
def nowhere() -> Iterator[rtcp.Client]:
    """A client whose service is not there: what is not refused before sending fails at once."""
    config = rtcp.Config(token="t", client_id="c", org_id="o", media_url="http://127.0.0.1:1", retries=0)
    urls = dict.fromkeys(("base_url", "streaming_url", "edge_url", "media_url"), "http://127.0.0.1:1")
    with rtcp.Client(config.replace(**urls), clock=FakeClock()) as client:
        yield client


@pytest.mark.parametrize(("noun", "verb", "name"), ARGUMENTS, ids=lambda part: part)
def test_a_wrong_argument_is_refused_or_goes_out(nowhere, noun, verb, name, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    wrong = []
    for value in WRONG:
        # To wait for ever is right, and this service never comes.
        if name == "timeout" and value is None:
            continue
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                made = call(nowhere, noun, verb, name, value)
                # Lists and look-ups begin when they are read.
                if isinstance(made, Iterator | rtcp.Paged):
                    next(iter(made), None)
                elif hasattr(made, "close"):
                    made.close()
        except rtcp.InvalidArgumentError as error:
            if not str(error):
                wrong.append((value, error))
        except (rtcp.RtcpError, OSError):
            pass
        except Exception as error:  # noqa: BLE001 - that is what must not be
            wrong.append((value, f"{type(error).__name__}: {error}"))

    assert wrong == []


@pytest.mark.parametrize(
    ("noun", "verb", "name"),
    [
        each
        for each in ARGUMENTS
        if each[2] in ("limit", "page_size", "workers") or each[2].endswith(("_after", "_before"))
    ],
    ids=lambda part: part,
)
@pytest.mark.parametrize(
    "value", [True, "word", NAIVE, date(2026, 1, 1), object()], ids=lambda value: type(value).__name__
)
def test_the_error_names_the_argument(nowhere, noun, verb, name, value):
    if isinstance(value, datetime) and name in SIZES:
        value = str(value)
    with pytest.raises(rtcp.InvalidArgumentError, match=rf"^{name} "):
        call(nowhere, noun, verb, name, value)


def test_a_word_that_nobody_knows_is_refused_with_those_there_are(nowhere):
    with pytest.raises(rtcp.InvalidArgumentError, match="on_missing must be 'skip', 'yield' or 'raise', not 'drop'"):
        call(nowhere, "entities", "get_many", "on_missing", "drop")


def test_a_text_of_a_person_is_not_repeated(nowhere):
    with pytest.raises(rtcp.InvalidArgumentError) as caught:
        nowhere.entities.get_many("jane")  # type: ignore[arg-type]

    assert "jane" not in str(caught.value)


@pytest.mark.parametrize("verb", ["get", "get_many", "list_events"])
@pytest.mark.parametrize("fields", ["person", [], [""], ["a,b"]])
def test_paths_are_refused_by_every_verb_alike(nowhere, verb, fields):
    given = [["1"]] if verb == "get_many" else ["1"]

    with pytest.raises(rtcp.InvalidArgumentError, match=r"^fields "):
        getattr(nowhere.entities, verb)(*given, fields=fields)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.floats(),
        st.binary(),
        st.booleans(),
        st.lists(st.text()),
        st.dictionaries(st.text(), st.text()),
    )
)
def test_no_job_has_an_empty_or_an_odd_id(nowhere, value):
    for noun, verb in (("export_jobs", "get"), ("system_jobs", "get"), ("batches", "get")):
        hint = typing.get_type_hints(getattr(type(getattr(nowhere, noun)), verb))
        assert (int | str) in hint.values()
        with pytest.raises(rtcp.InvalidArgumentError, match="_id must be a whole number or a text"):
            getattr(getattr(nowhere, noun), verb)(value)
