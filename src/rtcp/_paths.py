"""Paths of this machine; addresses of other places are told from them."""

from __future__ import annotations

import re
from os import PathLike
from pathlib import Path
from typing import Final

from rtcp.errors import InvalidArgumentError

# A path object has made one slash of two. A single letter is a drive of Windows.
_ADDRESS: Final = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")


def local_path(path: object, *, what: str) -> Path:
    """The path, which must lead to this machine.

    Raises:
        InvalidArgumentError: it is no path, or an address, for which a local folder of the same spelling would be made.
    """
    if not isinstance(path, str | PathLike) or not str(path).strip():
        raise InvalidArgumentError(f"{what} is the path of a file or folder, not {type(path).__name__}")
    if "\0" in str(path):
        raise InvalidArgumentError(f"{what} has a character that no path can have")
    address = _ADDRESS.match(str(path))
    if address is not None:
        raise InvalidArgumentError(
            f"{what} is a path of this machine; addresses such as {address[1]}:// are not supported"
        )
    return Path(path)
