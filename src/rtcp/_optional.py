"""Imports of packages that only an extra brings."""

from __future__ import annotations

import importlib
from types import ModuleType

from rtcp.errors import MissingExtraError


def found(module: str) -> ModuleType | None:
    """Import an optional package, or None where it is not installed."""
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError:
        return None


def require(module: str, *, extra: str) -> ModuleType:
    """Import an optional package.

    Raises:
        MissingExtraError: it is not installed; the message gives the command that installs it.
    """
    try:
        return importlib.import_module(module)
    except ImportError as exc:
        # A package that is there but broken must show its own error, not ours.
        if exc.name is not None and module.split(".")[0] != exc.name.split(".")[0]:
            raise
        package = module.split(".")[0]
        raise MissingExtraError(f"{package} is not installed; run: pip install 'rtcp[{extra}]'", name=package) from exc
