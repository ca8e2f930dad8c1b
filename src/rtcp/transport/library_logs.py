"""What urllib3 writes to its logs, cleared of identities: the one process-wide thing that rtcp installs."""

from __future__ import annotations

import logging
from typing import Any, Final

_LOGGERS: Final = ("urllib3.connectionpool", "urllib3.connection", "urllib3.util.retry")


class _QueryCutter(logging.Filter):
    """Cuts the query off every address, and puts the name of an exception in its place: identities stand in both."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.args, tuple):
            record.args = tuple(map(_harmless, record.args))
        record.exc_info = None
        return True


def _harmless(argument: Any) -> Any:
    if isinstance(argument, str) and "?" in argument:
        return f"{argument.partition('?')[0]}?..."
    return type(argument).__name__ if isinstance(argument, BaseException) else argument


_QUERY_CUTTER: Final = _QueryCutter()


def cut_queries_from_urllib3_logs() -> None:
    """Install the filter; one that is there already is not added twice."""
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_QUERY_CUTTER)
