"""The floors of the house, and what importing a part of it may load."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from functools import cached_property
from pathlib import Path

import pytest

import rtcp

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted((ROOT / "src").rglob("*.py"))
NEVER_AT_IMPORT = {
    "authlib", "tenacity", "dateutil", "pandas", "pyarrow", "matplotlib", "rich", "click", "starlette", "uvicorn",
    "jsonschema_rs", "yaml", "airflow", "pyspark", "keyring",
}  # fmt: skip

# What client and emulator share: it keeps forks from hurting, and knows nothing of the service.
GROUND = {"rtcp.errors", "rtcp.rows", "rtcp.rows.paths"} | {
    f"rtcp.{name}" for name in ("_numbers", "_paths", "_private", "_sqlite", "_system", "_temporary")
}
HEAVY = {"pydantic", "requests", "authlib", "tenacity", "yaml", "pandas", "pyarrow"}


def loaded_by(code: str) -> set[str]:
    """All modules that a fresh interpreter holds after running this code."""
    script = f"import sys, json\n{code}\nprint(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-P", "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout))


def packages(modules: set[str]) -> set[str]:
    return {module.partition(".")[0] for module in modules}


def test_modules_import_only_from_lower_floors():
    run = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )

    assert run.returncode == 0, run.stdout
    assert "0 broken" in run.stdout


def test_importing_rtcp_loads_nothing_but_itself():
    modules = loaded_by("import rtcp")

    assert {module for module in modules if module.startswith("rtcp")} == {"rtcp"}
    assert packages(modules) & (NEVER_AT_IMPORT | {"requests", "pydantic", "urllib3"}) == set()


def test_the_client_loads_no_heavy_or_optional_package():
    modules = loaded_by("import rtcp; rtcp.Client; rtcp.Config; rtcp.Entity; rtcp.errors")

    assert packages(modules) & NEVER_AT_IMPORT == set()
    assert not [module for module in modules if module.startswith("rtcp.emulator")]


def test_a_look_up_loads_neither_the_retries_nor_an_optional_package():
    script = """
import http.server, threading, rtcp
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body = b'{"x1": {"entityId": "x1", "entity": {"a": 1}, "lastModifiedAt": "2026-03-02T08:15:00Z"}}'
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
    def log_message(self, *_): pass
server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"
with rtcp.Client(rtcp.Config(token="t", client_id="c", org_id="o", base_url=url)) as client:
    assert client.entities.get("1", namespace="crmId").last_modified_at.year == 2026
"""
    assert packages(loaded_by(script)) & NEVER_AT_IMPORT == set()


def test_importing_the_emulator_loads_no_client():
    for code in ("import rtcp.emulator", "from rtcp.emulator import Emulator; Emulator().start().stop()"):
        modules = loaded_by(code)
        ours = {module for module in modules if module.startswith("rtcp.") and not module.startswith("rtcp.emulator")}
        assert ours <= GROUND
        assert packages(modules) & HEAVY == set()


def test_starting_the_emulator_loads_no_noun():
    modules = loaded_by("from rtcp.emulator import Emulator; Emulator().start().stop()")

    assert not [module for module in modules if module.startswith("rtcp.emulator.nouns")]


def test_loading_a_manifest_loads_our_own_file_formats_and_no_client():
    modules = loaded_by(
        "from rtcp.emulator import Emulator, worlds\nwith Emulator() as emulator: emulator.load(worlds.path('harbour'))"
    )

    ours = {module for module in modules if module.startswith("rtcp.") and not module.startswith("rtcp.emulator")}
    assert ours <= {*GROUND, "rtcp._numbers", "rtcp.rows.distinct_json", "rtcp.rows.mapping"}
    assert packages(modules) & HEAVY == set()


def test_the_pytest_plugin_loads_neither_client_nor_emulator():
    modules = loaded_by("import rtcp.pytest_plugin")

    assert {module for module in modules if module.startswith("rtcp")} == {"rtcp", "rtcp.pytest_plugin"}


def test_every_module_says_what_lives_in_it():
    assert [str(path) for path in SOURCES if not path.read_text().startswith('"""')] == []


def test_only_front_doors_and_the_client_import_ours_for_type_checking_alone():
    """Anywhere else it would hide that something stands on the wrong floor."""
    importing = set()
    for path in SOURCES:
        guarded = re.search(r"^if TYPE_CHECKING:\n((?:[ \t]+.*\n|\n)+)", path.read_text(), re.MULTILINE)
        if guarded and re.search(r"(from|import) rtcp", guarded[1]):
            importing.add(path.relative_to(ROOT / "src" / "rtcp").as_posix())

    assert {name for name in importing if not name.startswith("emulator/")} <= {
        "__init__.py",
        "airflow/__init__.py",
        "spark/__init__.py",
        "client.py",
        # What only an explanation holds, and every look-up would wait for.
        "models/explanation.py",
    }


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "pragma: no cover", "NotImplementedError()"])
def test_nothing_is_left_for_later(word):
    assert [str(path.relative_to(ROOT)) for path in SOURCES if word in path.read_text()] == []


def test_every_noun_stands_in_the_contract_that_keeps_nouns_apart():
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    kept_apart = next(each["modules"] for each in contracts if each["type"] == "independence")
    with rtcp.Client(rtcp.Config(token="t")) as client:
        nouns = [name for name, member in vars(rtcp.Client).items() if isinstance(member, cached_property)]
        homes = {type(getattr(client, name)).__module__ for name in nouns}

    assert {home for home in homes if home.startswith("rtcp.resources")} <= set(kept_apart)
