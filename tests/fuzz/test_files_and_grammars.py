"""Files that people write and expressions that programs make: understood, or refused by an error that says so."""

from __future__ import annotations

import json
import tomllib
from datetime import UTC, date, datetime, time
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.emulator.test_pql_syntax import aggregates, conditions
from tests.fuzz.extent import EXAMPLES, refusal
from tests.fuzz.mutation import ANY_JSON, CHANGES, changed
from tests.unit.test_config_files import FLAT, LOWER, PROJECT

import rtcp
from rtcp.emulator import worlds
from rtcp.emulator.clock import Clock
from rtcp.emulator.http.catalog_query import select
from rtcp.emulator.http.wire import Query, Refusal
from rtcp.emulator.manifest.loading import ManifestError, load_manifest
from rtcp.emulator.nouns.computed_attributes.filters import attribute_filter
from rtcp.emulator.nouns.entities.filters import predicate
from rtcp.emulator.pql.evaluation import evaluate
from rtcp.emulator.pql.shapes import compile_expression
from rtcp.emulator.store import Store

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
HARBOUR = worlds.path("harbour")
MANIFEST = tomllib.loads(HARBOUR.read_text(encoding="utf-8"))
MAPPING = """email,first_name,language,subscribed,opened
jane@example.com,Jane,en,2026-01-02,3
"""
PROFILE = {
    "default": {"org_id": "0A1B2C3D@AdobeOrg", "client_id": "0f1e", "client_secret": "p8-first", "timeout": [5, 60]},
    "night": {"sandbox": "dev", "client_secret": {"env": "NOWHERE"}, "scopes": ["openid"], "retries": 2},
}
MANY = settings(max_examples=10 * EXAMPLES, suppress_health_check=list(HealthCheck))


def toml(value: Any) -> str:
    """A value as TOML on one line; what TOML cannot hold is left out or said otherwise."""
    if isinstance(value, dict):
        pairs = [f"{_quoted(name)} = {toml(each)}" for name, each in value.items() if each is not None]
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(toml(each) for each in value if each is not None)}]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    return _quoted(value) if isinstance(value, str) else repr(value)


def _quoted(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode().replace("\x7f", "?")
    return json.dumps(whole, ensure_ascii=False)


def toml_file(document: Any) -> bytes:
    if not isinstance(document, dict):
        return f"value = {toml(document)}".encode()
    return "\n".join(f"{_quoted(name)} = {toml(each)}" for name, each in document.items() if each is not None).encode()


@MANY
@given(changes=CHANGES)
def test_a_manifest_is_loaded_or_refused_and_then_nothing_of_it_is_there(tmp_path, changes):
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    path = tmp_path / "world.toml"
    path.write_bytes(toml_file(changed({**MANIFEST, "datasets": MANIFEST["datasets"][:3]}, changes)))
    for name in ("crm.jsonl", "loyalty.jsonl"):
        (tmp_path / name).write_bytes(HARBOUR.with_name(name).read_bytes()[:2000].rpartition(b"\n")[0])
    (tmp_path / "newsletter.csv").write_text(MAPPING, encoding="utf-8")
    error = refusal(lambda: load_manifest(store, path), ManifestError)
    loaded = [dataset.id for name in store.sandboxes for dataset in store.sandbox(name).datasets()]
    store.close()

    assert error is None or (str(error) and loaded == [])


@MANY
@given(changes=CHANGES, rows=st.lists(ANY_JSON, max_size=3))
def test_the_rows_of_a_manifest_are_read_or_refused(tmp_path, changes, rows):
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    path = tmp_path / "world.toml"
    path.write_bytes(toml_file({"datasets": MANIFEST["datasets"][:1]}))
    people = [json.loads(line) for line in HARBOUR.with_name("crm.jsonl").read_text(encoding="utf-8").splitlines()[:3]]
    people = changed(people, changes)
    lines = [json.dumps(row) for row in [*(people if isinstance(people, list) else [people]), *rows]]
    (tmp_path / "crm.jsonl").write_text("\n".join(lines), encoding="utf-8")
    error = refusal(lambda: load_manifest(store, path), ManifestError)
    store.close()

    assert error is None or str(error)


@MANY
@given(document=st.sampled_from([FLAT, LOWER, PROJECT]), changes=CHANGES)
def test_a_credential_file_is_read_or_refused_without_its_secret(tmp_path, document, changes):
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(changed(document, changes)), encoding="utf-8")
    try:
        shown = repr(rtcp.Config.from_file(path))
    except rtcp.ConfigError as error:
        shown = f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"

    assert "p8-first" not in shown


@MANY
@given(changes=CHANGES, profile=st.sampled_from([None, "default", "night", "gone"]))
def test_a_profile_file_is_read_or_refused_without_its_secret(tmp_path, monkeypatch, changes, profile):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    (tmp_path / "rtcp").mkdir(exist_ok=True)
    (tmp_path / "rtcp" / "config.toml").write_bytes(toml_file(changed(PROFILE, changes)))
    try:
        shown = repr(rtcp.Config.load(profile=profile))
    except rtcp.ConfigError as error:
        shown = f"{error} {error!r} {error.__cause__!r} {error.__context__!r}"

    assert "p8-first" not in shown


@pytest.mark.parametrize("name", ["rtcp/config.toml", "credentials.json"])
@MANY
@given(content=st.binary(max_size=60) | st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_in_a_settings_file_are_refused_as_such(tmp_path, monkeypatch, name, content):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    read = rtcp.Config.load if name.startswith("rtcp") else lambda: rtcp.Config.from_file(path)

    error = refusal(read, rtcp.ConfigError)

    assert error is None or str(error)


words = st.sampled_from(
    ["a", "a.b", "timestamp", "a[0]", "a.*", "_x", "a..b", ".", "$", "createEpoch", "name", "status"]
)
signs = st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "==", "~", "=contains(", "<>", "=~"])
values = ANY_JSON.map(str) | st.sampled_from(
    ["nan", "-inf", "2026-03-02", "'20260302'", '"x', "1e999", "9" * 400, "a,b)"]
)
filters = st.lists(st.tuples(words, signs, values).map("".join) | st.text(max_size=12), min_size=1, max_size=3)
entities = st.dictionaries(
    st.sampled_from(["a", "timestamp", "_x", "createEpoch", "name", "status", "function"]), ANY_JSON, max_size=4
)


@MANY
@given(filters, entities)
def test_any_filter_is_refused_or_applied_to_any_event(expressions, entity):
    try:
        test = predicate(expressions)
    except ValueError:
        return
    assert test is None or test(entity) in (True, False)


@MANY
@given(filters, entities, st.none() | st.text(max_size=4))
def test_any_filter_of_attributes_is_refused_or_applied(expressions, entity, status):
    known = {"id": "1", "name": "n", "status": "NEW", "createEpoch": 1, "updateEpoch": 2, "expression": {"value": "x"}}
    try:
        test = attribute_filter(expressions, status=status)
    except ValueError:
        return
    assert test(known | {name: value for name, value in entity.items() if name not in known}) in (True, False)


@MANY
@given(filters, entities)
def test_any_filter_of_the_catalogue_is_refused_or_applied(expressions, entity):
    query = Query("")
    query._values["property"] = expressions
    try:
        found = select({"1": {"name": "x"}, "2": entity}, query)
    except Refusal:
        return
    assert set(found) <= {"1", "2"}


@MANY
@given(condition=conditions, aggregate=aggregates, events=st.lists(entities, max_size=4))
def test_an_expression_has_a_value_over_any_events(condition, aggregate, events):
    computation = compile_expression(f"xEvent[{condition}].{aggregate}")

    json.dumps(evaluate(computation, events, NOW), default=str)
