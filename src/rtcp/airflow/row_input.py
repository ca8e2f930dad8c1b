"""Rows for the operators that send some: from a file, or from a function that is called when the task runs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from logging import Logger
from typing import Any, Final

from rtcp._paths import local_path
from rtcp.airflow.values import blank_as_none
from rtcp.errors import InvalidArgumentError
from rtcp.rows.distinct_json import RepeatedNameError, loads_distinct
from rtcp.rows.form import RowForm
from rtcp.rows.mapping_file import read_mapping
from rtcp.rows.rejects import REFUSED, Reject

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


def read_form(form: Mapping[str, Any], *, dataset_id: str | None = None) -> RowForm:
    """The form once its templates are rendered; what they leave blank is absent.

    A mapping may be a text, too: JSON, as a template makes it of a variable, or the path of a file of the worker.

    Raises:
        InvalidArgumentError: something in it cannot be right.
    """
    given = {name: value for name, value in form.items() if blank_as_none(value) is not None}
    if isinstance(given.get("mapping"), str):
        given["mapping"] = _mapping_of(given["mapping"].strip(), given.get("dataset_id", dataset_id))
    return RowForm.from_json(given)


def _mapping_of(text: str, dataset_id: str | None) -> dict[str, Any]:
    if not text.startswith("{"):
        return read_mapping(local_path(text, what="mapping"), dataset_id=dataset_id)
    try:
        read: dict[str, Any] = loads_distinct(text)
    except RepeatedNameError as exc:
        problem = f"mapping is a text in which {exc}"
    except ValueError:
        problem = "mapping is a text that is no JSON: end its template with | tojson, or give the path of a file"
    else:
        return read
    raise InvalidArgumentError(problem)


def log_rejects(log: Logger, rejects: Iterable[Reject]) -> str | None:
    """Log how many rows did not go in for which reason, and where the first of them stand; return the first."""
    first: list[str] = []
    reasons: Counter[str] = Counter()
    for reject in rejects:
        if len(first) < _MOST_TOLD:
            first.append(f"{reject.place}: {reject.message}")
        reason = reject.message if reject.code in (None, REFUSED) else f"{reject.code}: {reject.message}"
        # Some reasons name what is theirs alone.
        reasons[reason if reason in reasons or len(reasons) < _MOST_TOLD else "other reasons"] += 1
    for reason, count in reasons.most_common():
        log.warning("%d row%s did not go in: %s", count, "s" * (count > 1), reason)
    if first:
        log.warning("the first: %s", "; ".join(first))
    return first[0] if first else None
