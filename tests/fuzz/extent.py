"""How much is tried, and from which seed: few cases and always the same ones, unless the environment says otherwise."""

from __future__ import annotations

import os
from collections.abc import Callable

from hypothesis import HealthCheck, Phase, settings

EXAMPLES = int(os.environ.get("RELIABILITY_EXAMPLES", "4"))
SEED = int(os.environ.get("RELIABILITY_SEED", "9"))

# What fails is told as it was: sent once more, it would meet an emulator in another state.
ONCE = settings(
    max_examples=EXAMPLES,
    phases=[Phase.generate],
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def refusal(call: Callable[[], object], kind: type[Exception]) -> Exception | None:
    """The error of one kind that a call raises, or None when it does what it should."""
    try:
        call()
    except kind as error:
        return error
    return None
