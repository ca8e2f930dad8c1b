"""Answers held to the compiled description of the service."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema_rs

import rtcp.emulator

DESCRIPTION: dict[str, Any] = json.loads(Path(rtcp.emulator.__file__).with_name("openapi.json").read_text())


def described(path: str, method: str, status: str = "200") -> jsonschema_rs.Draft202012Validator:
    """A check of the answers that one operation gives with one status."""
    response = DESCRIPTION["paths"][path][method]["responses"][status]
    schema = response["content"]["application/json"]["schema"]
    return jsonschema_rs.Draft202012Validator({"allOf": [schema], "components": DESCRIPTION["components"]})
