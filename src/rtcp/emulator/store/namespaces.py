"""The identity namespaces of a sandbox and their numbers; codes compare without regard to case."""

from __future__ import annotations

import sqlite3

# The four numbers that the service's own reports print. The B2B codes are documented, their numbers are ours.
_STANDARD = {"ECID": 4, "Email": 6, "Phone": 7, "AAID": 10, "b2b_account": 901, "b2b_opportunity": 902}
_FIRST_CUSTOM = 10_000_001


class Namespaces:
    """Codes and numbers of one sandbox, kept in memory beside the table."""

    def __init__(self, connection: sqlite3.Connection, sandbox: int) -> None:
        self._connection = connection
        self._sandbox = sandbox
        self._by_code: dict[str, int] = {}
        self._codes: dict[int, str] = {}
        for code, number in _STANDARD.items():
            self._remember(number, code)
        rows = connection.execute("SELECT id, code FROM namespace WHERE sandbox = ?", (sandbox,))
        for number, code in rows:
            self._remember(number, code)

    def number(self, code: str) -> int | None:
        return self._by_code.get(code.lower())

    def code(self, number: int) -> str | None:
        return self._codes.get(number)

    def canonical(self, code: str) -> str | None:
        """The spelling under which the namespace was first declared, or None when it was not."""
        number = self.number(code)
        return None if number is None else self._codes[number]

    def declare(self, code: str) -> int:
        """The number of a namespace, which is made when it is new."""
        number = self.number(code)
        if number is None:
            number = max(_FIRST_CUSTOM, max(self._codes) + 1)
            self._connection.execute("INSERT INTO namespace VALUES (?, ?, ?)", (self._sandbox, number, code))
            self._remember(number, code)
        return number

    def _remember(self, number: int, code: str) -> None:
        self._by_code[code.lower()] = number
        self._codes[number] = code
