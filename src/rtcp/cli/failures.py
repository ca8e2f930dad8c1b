"""Errors at a prompt: one message for a person, one exit code for a script."""

from __future__ import annotations

import re
import shlex
from typing import Final

from rtcp.errors import (
    AuthenticationError,
    ConfigError,
    InvalidArgumentError,
    MissingExtraError,
    NotFoundError,
    PartialFailureError,
    PermissionDeniedError,
    RateLimitError,
    RtcpError,
    TokenError,
    WaitTimeoutError,
)

FAILED: Final = 1
USAGE: Final = 2
AUTH: Final = 3
NOT_FOUND: Final = 4
THROTTLED: Final = 5
PARTIAL: Final = 6
STILL_RUNNING: Final = 7
TOO_OLD: Final = 8
INTERRUPTED: Final = 130
# What a shell says of a program that SIGPIPE ended.
CLOSED_PIPE: Final = 141

_CODES: Final[tuple[tuple[int, tuple[type[RtcpError], ...]], ...]] = (
    (USAGE, (ConfigError, InvalidArgumentError, MissingExtraError)),
    (AUTH, (TokenError, AuthenticationError, PermissionDeniedError)),
    (NOT_FOUND, (NotFoundError,)),
    (THROTTLED, (RateLimitError,)),
    (PARTIAL, (PartialFailureError,)),
    (STILL_RUNNING, (WaitTimeoutError,)),
)
_CALL: Final = re.compile(r"\bclient\.([a-z_]+)\.([a-z_]+)(?:\(([^()]*)\))?")
# A quoted text may have commas in it.
_ARGUMENT: Final = re.compile(r"""(?:'[^']*'|"[^"]*"|[^,])+""")
_PYTHON: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"\bpass \w+= or set "), "set "),
    (re.compile(r"\bload the Developer Console's file with Config\.from_file"), "rtcp config import FILE"),
    (re.compile(r"\bnamespace='(\w+)'"), r"--namespace \1"),
    (re.compile(r"\bmerge_policy_id="), "--merge-policy"),
    (re.compile(r"\bschema_name="), "--schema"),
    (re.compile(r"\bwithout namespace="), "without --namespace"),
    (re.compile(r"\b(replace)\(\)"), r"\1"),
    (re.compile(r"\bdataset_id="), "--dataset-id"),
    (re.compile(r"\bbatch_id="), "--batch-id"),
    (re.compile(r"\bformat='(\w+)'"), r"--format \1"),
    (re.compile(r"\battribute_merge='(\w+)'"), r"--attribute-merge \1"),
    (re.compile(r"\border="), "--order"),
    (re.compile(r"\btoken= given"), "a token given"),
    (re.compile(r"; rejects\(\) has them"), "; --rejects FILE keeps them"),
    (re.compile(r"\bcsv= goes"), "--csv goes"),
    (re.compile(r"\bbatch (\S+): pass dataset_id="), r"batch \1: pass --dataset-id"),
    (re.compile(r"\bset ca_bundle="), "set RTCP_CA_BUNDLE"),
    (re.compile(r"\bis_upsert_enabled=True"), "--upsert"),
    (re.compile(r"\bdescending=True needs sort_by="), "--descending needs --sort-by"),
    (re.compile(r", and to_wire\(\) has it as it came"), ""),
    (re.compile(r"\bmerge_policy_version="), "--merge-policy-version"),
    (re.compile(r"\bpass sandbox_id="), "set RTCP_SANDBOX_ID"),
    (re.compile(r"(rtcp inlets get \w+)\.inlet_id"), r"\1 shows it"),
)


def exit_code(error: RtcpError) -> int:
    """What a script learns of an error."""
    return next((code for code, kinds in _CODES if isinstance(error, kinds)), FAILED)


def in_commands(text: str) -> str:
    """A text of the library, with the Python that it recommends put into commands."""
    text = _CALL.sub(lambda found: _command(found[1], found[2], found[3] or ""), text)
    for pattern, replacement in _PYTHON:
        text = pattern.sub(replacement, text)
    return text


def _command(noun: str, verb: str, arguments: str) -> str:
    words = ["rtcp", noun.replace("_", "-"), verb.replace("_", "-")]
    for argument in _ARGUMENT.findall(arguments):
        name, is_named, value = argument.strip().partition("=")
        if not is_named:
            words.append(name.upper() if name.isidentifier() else shlex.quote(name.strip("'\"")))
        else:
            words.append("--" + name.replace("_", "-"))
            words.extend([] if value == "True" else ["NAME" if value == "..." else value])
    # Three dots stand for what the reader knows.
    meant = "NAME" if verb.startswith("create") else "ID"
    return " ".join(meant if word == "..." else word for word in words)
