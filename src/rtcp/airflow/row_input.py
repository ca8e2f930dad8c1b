"""Rows for the operators that send some: from a file, or from a function that is called when the task runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import islice
from logging import Logger
from typing import Any, Final

from rtcp.airflow.values import blank_as_none
from rtcp.errors import InvalidArgumentError
from rtcp.rows.form import RowForm
from rtcp.rows.rejects import Reject

MakeRows = Callable[..., Any]
GivenForm = RowForm | Mapping[str, Any]
_MOST_TOLD: Final = 10


def choose_rows(path: Any, rows: MakeRows | None, arguments: Mapping[str, Any] | None) -> Any:
    """The path, or what the function returns.

    Raises:
        InvalidArgumentError: there are both, or neither.
    """
    path = blank_as_none(path)
    if (path is None) == (rows is None):
        raise InvalidArgumentError("rows come from path=, or from a function rows=; give one of them")
    # Rows themselves are no argument: Airflow would render them as templates, and keep them in its database.
    return path if rows is None else rows(**(arguments or {}))


def write_form(form: GivenForm | None) -> dict[str, Any]:
    """The form as an object of texts, which Airflow renders."""
    return dict(form.to_json() if isinstance(form, RowForm) else form or {})


def read_form(form: Mapping[str, Any]) -> RowForm:
    """The form once its templates are rendered; what they leave blank is absent.

    Raises:
        InvalidArgumentError: something in it cannot be right.
    """
    return RowForm.from_json({name: value for name, value in form.items() if blank_as_none(value) is not None})


def log_rejects(log: Logger, rejects: Iterable[Reject]) -> str | None:
    """Log the reasons of the first rejects, and return the first of them."""
    listed = list(islice(rejects, _MOST_TOLD + 1))
    for reject in listed[:_MOST_TOLD]:
        log.warning("%s: %s", reject.place, reject.message)
    if len(listed) > _MOST_TOLD:
        log.warning("and more rows that did not go in")
    return f"{listed[0].place}: {listed[0].message}" if listed else None
