"""The data of the notebooks: small worlds that are made here, or the whole public data sets where they are.

`RTCP_EXAMPLE_DATA` names the folder that holds `luma` and `cdnow` (see examples/README.md).
"""

from __future__ import annotations

import os
import random
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from rtcp.emulator import Emulator, worlds

EXAMPLES = Path(__file__).resolve().parents[1]
CUSTOMERS = 20_000
_FIRST = date(1997, 1, 1)
_LINE = " {customer:05} {day:%Y%m%d} {cds:>2} {dollars:>7.2f}\n"


@dataclass(frozen=True)
class Somebody:
    """A person to begin with."""

    id: str
    namespace: str


def load_people(emulator: Emulator) -> Somebody:
    """Fill the emulator with people whom several datasets know; return one who is told differently by two."""
    data = _folder("luma")
    if data is not None:
        emulator.load(EXAMPLES / "luma.toml", data=data)
        return Somebody("112ca06ed53d3db37e4cea49cc45b71e", "lumaCrmId")
    emulator.load(worlds.path("harbour"))
    return Somebody("C-1001", "crmId")


def load_customers(emulator: Emulator) -> list[str]:
    """Fill the emulator with customers of a music shop and their purchases; return the ids of 20,000 of them."""
    data = _folder("cdnow")
    with TemporaryDirectory() as made:
        if data is None:
            data = Path(made)
            _write_purchases(data / "CDNOW_master.txt")
        emulator.load(EXAMPLES / "cdnow.toml", data=data)
    return [f"{number:05}" for number in range(1, CUSTOMERS + 1)]


def _folder(name: str) -> Path | None:
    given = os.environ.get("RTCP_EXAMPLE_DATA")
    return Path(given) / name if given else None


def _write_purchases(path: Path) -> None:
    """A file like CDNOW's: most customers buy once, a few very often."""
    chance = random.Random(1997)
    with path.open("w", encoding="utf-8") as file:
        file.write("customer_id date number_of_cds dollar_value\n")
        for customer in range(1, CUSTOMERS + 1):
            for _ in range(min(12, int(chance.paretovariate(1.6)))):
                cds = 1 + int(chance.expovariate(0.7))
                day = _FIRST + timedelta(days=int(chance.triangular(0, 540, 60)))
                file.write(_LINE.format(customer=customer, day=day, cds=cds, dollars=cds * chance.uniform(9, 18)))
