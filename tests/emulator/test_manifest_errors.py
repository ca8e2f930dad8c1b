"""Manifests that are wrong: the error names file, line and reason, and the store stays as it was."""

from __future__ import annotations

import pytest

from rtcp.emulator.clock import Clock
from rtcp.emulator.manifest.loading import ManifestError, load_manifest
from rtcp.emulator.store import Store

CRM = """
[[datasets]]
id = "crm"
class = "_xdm.context.profile"
identities = [{ path = "id", namespace = "crmId", primary = true }]
"""
EVENTS = """
[[datasets]]
id = "shop"
class = "_xdm.context.experienceevent"
identities = [{ path = "id", namespace = "crmId", primary = true }]
file = "shop.jsonl"
"""
MAPPED = (
    CRM
    + """
file = "crm.csv"
[datasets.mapping]
id = "key"
age = { column = "age", type = "integer" }
born = { column = "born", type = "date", format = "%d.%m.%Y" }
"""
)


@pytest.fixture
def store():
    store = Store(clock=Clock(frozen_at_ms=1_000), seed=1)
    yield store
    store.close()


@pytest.fixture
def refuse(store, tmp_path):
    """Load a manifest with the given files, and return the error that this must raise."""

    def refuse(manifest, **files):
        path = tmp_path / "world.toml"
        path.write_bytes(manifest if isinstance(manifest, bytes) else manifest.encode())
        for name, content in files.items():
            stem, _, suffix = name.rpartition("_")
            (tmp_path / f"{stem}.{suffix}").write_bytes(content if isinstance(content, bytes) else content.encode())
        with pytest.raises(ManifestError) as caught:
            load_manifest(store, path)
        return caught.value

    return refuse


@pytest.mark.parametrize(
    ("manifest", "reason"),
    [
        ('sandbox = "x"\na = ]', r"is not valid TOML: .*line 2"),
        (b"\xff", "is not UTF-8"),
        ("sandbox = 5", "the manifest: 'sandbox' must be a text"),
        ('sandbx = "x"', r"the manifest has an unknown key 'sandbx'; did you mean 'sandbox'\?"),
        ("datasets = 5", "'datasets' must be a list"),
        ("datasets = [5]", "'datasets' must be tables"),
        ("[datasets]", "'datasets' must be a list"),
        (CRM + 'fil = "x"', "dataset 'crm' has an unknown key 'fil'; did you mean 'file'"),
        (CRM + "[[datasets]]", "dataset 2 lacks 'id'"),
        (CRM + CRM, "dataset 'crm' is declared twice"),
        (CRM.replace('class = "_xdm.context.profile"', ""), "dataset 'crm' lacks 'class'"),
        (CRM.replace("primary = true", "primary = false"), "needs one identity with primary = true"),
        (CRM.replace("primary = true", 'primary = "yes"'), "'primary' must be true or false"),
        (CRM.replace("namespace", "namespce"), "identity of dataset 'crm' 'id' has an unknown key 'namespce'"),
        (CRM.replace('path = "id", ', ""), "lacks 'path'"),
        (CRM + 'format = "csv"', "go with a file"),
        (CRM + 'file = "crm.xlsx"', "say format = one of jsonl, csv, whitespace"),
        (CRM + 'file = "crm.csv"\nformat = "cvs"', "'format' is 'cvs'; did you mean 'csv'"),
        (CRM + 'file = "crm.csv"\ningested_at = 2024-05-01T00:00:00', "needs a zone"),
        (CRM + 'file = "crm.csv"\ningested_at = "2024-05-01T00:00:00Z"', "must be a date and time"),
        (CRM + 'file = "crm.csv"\nmapping = 5', "'mapping' must be a table"),
        ('[[merge_policies]]\nidentity_graph = "pgd"', "'identity_graph' is 'pgd'; did you mean 'pdg'"),
        ('[[merge_policies]]\nattribute_merge = "dataSetPrecedence"', "'order' goes with"),
        ('[[merge_policies]]\norder = ["crm"]', "'order' goes with"),
        ('[[merge_policies]]\nattribute_merge = "dataSetPrecedence"\norder = [5]', "list of dataset ids"),
        (
            '[[merge_policies]]\nname = "P"\nattribute_merge = "dataSetPrecedence"\norder = ["nil"]',
            "'P' orders unknown 'nil'",
        ),
        ('[[merge_policies]]\nid = "p"\n[[merge_policies]]\nid = "p"', "merge policy 'p' is declared twice"),
        ("[[merge_policies]]\ndefualt = true", "did you mean 'default'"),
    ],
)
def test_a_wrong_manifest_is_refused_with_the_reason(refuse, manifest, reason):
    error = refuse(manifest)

    assert error.file.name == "world.toml"
    with pytest.raises(ManifestError, match=r"world\.toml: .*" + reason):
        raise error


def test_a_missing_manifest_is_refused(store, tmp_path):
    with pytest.raises(ManifestError, match=r"absent\.toml: cannot be read: No such file"):
        load_manifest(store, tmp_path / "absent.toml")


def test_a_missing_data_file_is_refused(refuse):
    error = refuse(EVENTS)

    assert (error.file.name, error.line, error.reason) == (
        "shop.jsonl",
        None,
        "cannot be read: No such file or directory",
    )


GOOD = '{"id": 1, "_id": "x", "timestamp": "2026-01-01T00:00:00Z"}\n'


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (GOOD + '{"id": \n', 2, "is not valid JSON: Expecting value at column 7"),
        (GOOD + '{"id": 1, "id": 2}\n', 2, "is not valid JSON: the name 'id' stands twice"),
        ('\n\n{"id": NaN}\n', 3, "NaN is no JSON number"),
        ("[1]\n", 1, "is not a JSON object"),
        ('{"a": ' + "[" * 101 + "]" * 101 + "}\n", 1, "has more than 100 levels"),
        ("[" * 100_000, 1, "is not valid JSON"),
        (GOOD.encode() + b"\xff\n", 2, "is not UTF-8 text"),
        (GOOD + '{"id": 1, "_id": "a"}\n', 2, "RFC 3339"),
        ('{"id": 1, "timestamp": "2026-01-01T00:00:00Z"}\n', 1, "'_id'"),
    ],
)
def test_a_bad_line_is_named_with_the_reason(refuse, text, line, reason):
    error = refuse(EVENTS, shop_jsonl=text)

    assert (error.file.name, error.line) == ("shop.jsonl", line)
    assert reason in error.reason


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("key,age,born\n1,2\n", 2, "has 2 values, the header names 3 columns"),
        ("key,age,born\n1,2,3,4\n", 2, "has 4 values"),
        ("key,age,born\n1,20,01.02.2003\n\n2,old,01.02.2003\n", 4, "column 'age', for age, is no whole number"),
        ("key,age,born\n1,20,2003-02-01\n", 2, "column 'born', for born, is no time in the form '%d.%m.%Y'"),
        ('key,age,born\n1,20,"x\n', 2, "is not valid CSV"),
        ("key,age,key\n", 1, "names the column 'key' twice"),
        ("", None, "has no header line"),
    ],
)
def test_a_bad_row_of_columns_is_named_with_the_reason(refuse, text, line, reason):
    error = refuse(MAPPED, crm_csv=text)

    assert (error.file.name, error.line) == ("crm.csv", line)
    assert reason in error.reason


def test_a_column_that_does_not_exist_is_named_with_the_nearest_one(refuse):
    error = refuse(MAPPED, crm_csv="kei,age,born\n")

    assert (error.file.name, error.reason) == (
        "world.toml",
        "dataset 'crm': mapping of 'id': there is no column 'key'; did you mean 'kei'?",
    )


def test_an_identity_path_that_nothing_is_mapped_to_is_refused(refuse):
    error = refuse(MAPPED.replace('id = "key"', 'other = "key"'), crm_csv="key,age,born\n")

    assert error.reason == "dataset 'crm': nothing is mapped to the identity path 'id'"


def test_a_class_that_changed_is_refused(store, refuse, tmp_path):
    (tmp_path / "first.toml").write_text(CRM)
    load_manifest(store, tmp_path / "first.toml")

    assert "cannot change" in refuse(CRM.replace("profile", "account")).reason


def test_a_bad_row_leaves_the_store_as_it_was(store, refuse):
    before = (list(store.sandboxes), store.sandbox("prod").policies())
    policy = '[[merge_policies]]\nid = "p"\ndefault = true\n'

    refuse('sandbox = "new"\n' + policy + EVENTS, shop_jsonl=GOOD + "{\n")
    refuse(policy + EVENTS, shop_jsonl=GOOD + "{\n")

    assert (list(store.sandboxes), store.sandbox("prod").policies()) == before
    assert store.sandbox("prod").counts().identities == 0
    assert store.sandbox("prod").datasets() == []
    assert store.sandbox("prod").known_namespace("crmId") is None


def test_the_text_of_an_error_names_file_and_line(refuse):
    error = refuse(EVENTS, shop_jsonl="[]\n")

    assert str(error) == f"{error.file}, line 1: is not a JSON object"


def test_errors_show_no_value_of_a_row(refuse):
    error = refuse(MAPPED, crm_csv="key,age,born\njane@example.com,jane@example.com,x\n")

    assert "jane" not in str(error)
