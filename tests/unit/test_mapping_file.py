"""Mappings out of files."""

from __future__ import annotations

import json

import pytest

import rtcp
from rtcp.rows.mapping_file import read_mapping

RULES = {"_harbour.crmId": "customer"}


@pytest.mark.parametrize("document", [RULES, {"mapping": RULES}, {"datasets": [{"id": "crm", "mapping": RULES}]}])
def test_a_mapping_stands_alone_under_its_name_or_in_a_manifest(tmp_path, document):
    path = tmp_path / "rules.json"
    path.write_text(json.dumps(document))

    assert read_mapping(path, dataset_id="crm") == RULES


def test_a_mapping_may_be_toml(tmp_path):
    path = tmp_path / "rules.toml"
    path.write_text('"_harbour.crmId" = "customer"\n')

    assert read_mapping(path, dataset_id=None) == RULES


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"[1]", "is neither TOML nor JSON with a mapping"),
        (b"\xff\xfe", "is neither TOML nor JSON with a mapping"),
        (b"[" * 100_000, "is neither TOML nor JSON with a mapping"),
        (
            b'{"datasets": [{"id": "crm", "mapping": {"a": "b"}}]}',
            "has no mapping of dataset 'loyalty'; it has one of: crm",
        ),
    ],
    ids=["array", "no-text", "nested", "other-dataset"],
)
def test_a_file_without_the_mapping_is_told(tmp_path, content, problem):
    path = tmp_path / "rules.json"
    path.write_bytes(content)

    with pytest.raises(rtcp.InvalidArgumentError, match=problem):
        read_mapping(path, dataset_id="loyalty")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(rtcp.InvalidArgumentError, match=r"rules.toml cannot be read: No such file"):
        read_mapping(tmp_path / "rules.toml", dataset_id=None)
