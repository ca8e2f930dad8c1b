"""The page that says by what each verb was verified says so of every verb, and no more than the tests do."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

from tests.contract.test_exchanges import CALLS

from rtcp.models.identity import Identity
from rtcp.verify import walked_verbs, written_verbs

PAGE = (Path(__file__).parents[2] / "docs" / "verified.md").read_text()
DOCUMENT = json.loads(files("rtcp.emulator").joinpath("openapi.json").read_text(encoding="utf-8"))
ROWS = {
    cells[1].strip("`"): cells[2:7]
    for cells in ([cell.strip() for cell in line.split("|")] for line in PAGE.splitlines())
    if len(cells) == 8 and "." in cells[1]
}
# A noun is on the page once something is known of its verbs; then all of them are.
ON_THE_PAGE = {verb.partition(".")[0] for verb in ROWS}


def described_verbs():
    operations = [operation for item in DOCUMENT["paths"].values() for operation in item.values()]
    verbs = {verb for each in operations if isinstance(each, dict) for verb in each.get("x-rtcp-verbs", ())}
    return {verb for verb in verbs if verb.partition(".")[0] in ON_THE_PAGE}


def test_every_described_verb_of_a_noun_on_the_page_has_a_row():
    # A noun may be described while its verbs are still being written.
    assert described_verbs() - set(ROWS) - {"datasets.enable_profile", "datasets.disable_profile"} == set()


def test_what_is_held_to_the_description_is_called_in_the_contract_tests():
    called = {name.partition(":")[0].partition(" ")[0] for name in CALLS}

    assert {verb for verb, cells in ROWS.items() if cells[1] == "yes"} - called == set()


def test_what_verify_tries_is_what_the_page_says():
    tried = walked_verbs(Identity("somebody", "Email"))

    assert {verb for verb, cells in ROWS.items() if cells[3] == "yes"} == tried


def test_what_verify_writes_is_what_the_page_says():
    assert {verb for verb, cells in ROWS.items() if cells[3] == "writes"} == written_verbs()


def test_nobody_claims_a_tenant():
    assert {cells[4] for cells in ROWS.values()} == {""}
