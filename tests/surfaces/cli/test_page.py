"""Every command on the page about the command line works as it stands there."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest

import rtcp
from rtcp.cli import failures
from rtcp.emulator import worlds

PAGE = Path(__file__).parents[3] / "docs" / "cli.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINES = [line for block in BLOCK.findall(PAGE.read_text()) for line in block.splitlines() if line.startswith("rtcp ")]
FILES = {
    "purchases.csv": "number,day,card,amount\n1,2026-02-14,70007,12.50\n",
    "purchases.toml": """
"_id" = { template = "till-{number}" }
"timestamp" = { column = "day", type = "date-time", format = "%Y-%m-%d" }
"_harbour.loyaltyId" = "card"
"commerce.order.priceTotal" = { column = "amount", type = "number" }
""",
    "left.jsonl": json.dumps(
        {
            "row": {"_id": "till-2", "timestamp": "2026-02-15T00:00:00Z", "_harbour": {"loyaltyId": "70007"}},
            "position": 0,
            "status": 503,
            "reason": "unavailable",
            "form": {
                "dataset_id": "harbour-purchases",
                "schema_id": "https://ns.adobe.com/harbour/schemas/harbour-purchases",
            },
        }
    ),
    "changes.csv": "crm,city\nC-1001,Robin Hood's Bay\n",
    "changes.toml": '"_harbour.crmId" = "crm"\n"homeAddress.city" = "city"\n',
}
CREDENTIAL = {"CLIENT_ID": "key", "CLIENT_SECRETS": ["p8e"], "ORG_ID": "ABC@AdobeOrg", "SCOPES": ["openid"]}


@pytest.mark.parametrize("line", LINES)
def test_the_command_works(line, world, run, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RTCP_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "oauth_server_to_server.json").write_text(json.dumps(CREDENTIAL))
    (tmp_path / "newsletter.csv").write_bytes(worlds.path("harbour").with_name("newsletter.csv").read_bytes())

    for name, content in FILES.items():
        (tmp_path / name).write_text(content)

    result = run(*(filled_in(word, line, world) for word in shlex.split(line)[1:]))

    assert result.exit_code == 0, result.output


def filled_in(word, line, world):
    """What a word in capitals on the page stands for."""
    if word not in ("INLET", "ID", "BATCH"):
        return word
    with rtcp.Client.for_emulator(world.url) as client:
        if word == "INLET":
            return client.inlets.create(name="Till").inlet_id
        if word == "ID" and "stream" in line:
            return "harbour-purchases"
        if "upsert" in line:
            client.datasets.enable_profile("harbour-crm", upsert=True)
            return "harbour-crm"
        batch = client.batches.create("harbour-crm", format="json")
        client.batches.upload(batch.id, b'{"_harbour":{"crmId":"C-1"}}\n', dataset_id="harbour-crm", name="people.json")
        client.batches.complete(batch.id)
        if "failed-records" in line:
            client.batches.wait(batch.id, interval=0.1)
        return batch.id


def test_the_exit_codes_of_the_page_are_those_of_the_command():
    codes = {value for name, value in vars(failures).items() if name.isupper() and isinstance(value, int)}

    assert {int(code) for code in re.findall(r"^\| (\d+) \|", PAGE.read_text(), re.MULTILINE)} == codes | {0}
