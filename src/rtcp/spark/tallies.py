"""What a write tells about itself: a line of JSON in a file on the driver, as Spark's writers return nothing."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtcp._disk import name_in_errors
from rtcp._private import private_file

logger = logging.getLogger(__name__)


def tell(counts: Mapping[str, Any], path: str | None) -> None:
    """Log counts and ids of a write that went in, and append them to a file if there is one."""
    logger.info("%s", ", ".join(f"{name} {value}" for name, value in counts.items()))
    if path is None:
        return
    with name_in_errors(Path(path)), private_file(Path(path), "ab") as file:
        file.write(json.dumps(counts).encode() + b"\n")
