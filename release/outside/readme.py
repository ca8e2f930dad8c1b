"""Runs each block of Python of a README, with the emulator and its small world where a tenant would be."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

import rtcp


def main(readme: str) -> None:
    """Run them in one namespace, as a reader would who pastes one after the other."""
    blocks = re.findall(r"^```python\n(.*?)^```$", Path(readme).read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert blocks, "the README has no block of Python"
    namespace: dict[str, object] = {}
    with rtcp.emulator.Emulator(seed=1) as emulator:
        emulator.load(rtcp.emulator.worlds.path("harbour"))
        os.environ["RTCP_EMULATOR"] = emulator.url
        for block in blocks:
            exec(compile(block, readme, "exec"), namespace)


if __name__ == "__main__":
    main(sys.argv[1])
