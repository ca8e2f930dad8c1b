"""The people and the emulator of the tests of resources."""

from __future__ import annotations

from tests.resources.conftest import dialect, emulator, emulator_of, people, sandbox

__all__ = ["dialect", "emulator", "emulator_of", "people", "sandbox"]
