"""JSON nested deeper than Python reads is refused in the words for what is no JSON, whoever wrote it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from click.testing import CliRunner
from tests.helpers.adapters import Answer, mounted

import rtcp
from rtcp.cli.app import app
from rtcp.config.files import read_credentials
from rtcp.errors import ConfigError, DecodeError
from rtcp.resources.batches.answers import read_failed_records
from rtcp.rows.export_files import read_file_rows

DEEP = '{"a":' + "[" * 100_000 + "]" * 100_000 + "}"
SOURCES = Path(rtcp.__file__).parent
# They read what rtcp itself has written, or give every refusal words of their own.
READS_ITS_OWN = {
    "_json.py",
    "cli/output.py",
    "resources/streaming/envelope.py",
    "resources/streaming/fates.py",
    "rows/keeping.py",
    "rows/wire_json.py",
    "transport/error_mapping.py",
    "rows/mapping_file.py",
    "verify/__init__.py",
    "verify/recorder.py",
}


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "deep.json"
    path.write_text(DEEP)
    return path


def test_in_a_credential_file(path):
    with pytest.raises(ConfigError, match="nested too deeply"):
        read_credentials(path)


def test_in_a_file_of_an_export(path):
    with pytest.raises(DecodeError, match=r"deep\.json, line 1"):
        list(read_file_rows(path))


def test_in_a_file_of_failed_records(path):
    with pytest.raises(DecodeError, match="line 1: no JSON object"):
        list(read_failed_records(path, "failed.json"))


def test_in_the_metrics_of_a_delete_job():
    with rtcp.Client(rtcp.Config(token="t", client_id="c", org_id="o@AdobeOrg", retries=0)) as client:
        mounted(client.http, [Answer(200, {"id": "d-1", "status": "COMPLETED", "metrics": DEEP})])
        assert client.system_jobs.get("d-1").metrics == DEEP


def test_in_a_file_of_media_events(path):
    answer = CliRunner().invoke(app, ["media", "replay", str(path), "--config-id", "d"], prog_name="rtcp")

    assert answer.exit_code == 2
    assert "line 1: this is no JSON" in answer.output


def test_nobody_reads_json_of_others_in_another_way():
    found = {
        path.relative_to(SOURCES).as_posix()
        for path in SOURCES.rglob("*.py")
        if path.relative_to(SOURCES).parts[0] != "emulator"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and ast.unparse(node) == "json.loads"
    }

    assert found <= READS_ITS_OWN
