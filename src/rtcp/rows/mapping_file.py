"""Mappings out of files: TOML or JSON, alone, under `mapping`, or that of a dataset in an emulator's manifest."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

from rtcp.errors import InvalidArgumentError
from rtcp.rows.distinct_json import RepeatedNameError, loads_distinct


def read_mapping(path: Path, *, dataset_id: str | None) -> dict[str, Any]:
    """The mapping in a file.

    Args:
        dataset_id: which of the mappings it is, where the file is a manifest of many datasets.

    Raises:
        InvalidArgumentError: the file cannot be read, or has no such mapping.
    """
    document = _document(path)
    datasets = document.get("datasets")
    if isinstance(datasets, list):
        known = {each.get("id"): each.get("mapping") for each in datasets if isinstance(each, dict)}
        chosen = known.get(dataset_id)
        if not isinstance(chosen, dict):
            listed = ", ".join(str(name) for name, rules in known.items() if rules) or "none"
            raise InvalidArgumentError(f"{path} has no mapping of dataset {dataset_id!r}; it has one of: {listed}")
        document = chosen
    found = document.get("mapping", document)
    return found if isinstance(found, dict) else document


def _document(path: Path) -> dict[str, Any]:
    try:
        # Editors of Windows put a mark before the text.
        content = path.read_text(encoding="utf-8-sig")
        document: Any = loads_distinct(content) if path.suffix.lower() == ".json" else tomllib.loads(content)
    except OSError as exc:
        raise InvalidArgumentError(f"{path} cannot be read: {exc.strerror}") from None
    except (json.JSONDecodeError, tomllib.TOMLDecodeError, RepeatedNameError) as exc:
        problem = f": {exc}"
    except (ValueError, RecursionError):
        problem = ""
    else:
        if isinstance(document, dict):
            return document
        problem = ""
    raise InvalidArgumentError(f"{path} is neither TOML nor JSON with a mapping{problem}")
