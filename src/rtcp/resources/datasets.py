"""Datasets of the Catalog: reading them, and making the ones that exports are written to."""

from __future__ import annotations

import re
from typing import Any, Final

from rtcp.errors import InvalidArgumentError, NotFoundError, RtcpError
from rtcp.models.dataset import UNION_SCHEMA, Dataset
from rtcp.paging import Page, Paged
from rtcp.resources._base import Resource, parse, unreadable
from rtcp.transport.request import Request, Response

_ROUTE: Final = "/data/foundation/catalog/dataSets"
_LARGEST_PAGE: Final = 100
_UNION_TYPE: Final = "application/vnd.adobe.xed+json;version=1"
# The answers to POST and PATCH differ in the case of the S.
_REFERENCE: Final = re.compile(r"@/data[sS]ets/([^/?]+)")


class Datasets(Resource):
    """The datasets of a sandbox.

    Service page: https://developer.adobe.com/experience-platform-apis/references/catalog/
    """

    def list(self, *, name: str | None = None, limit: int | None = None, page_size: int = 100) -> Paged[Dataset]:
        """Return the datasets, in the order of the service.

        Args:
            name: only those with exactly this name.
            limit: datasets to yield at most; None yields all.
            page_size: datasets in a request, 1 to 100.

        Example:
            >>> sorted(dataset.name for dataset in client.datasets.list())
            ['Harbour CRM', 'Harbour loyalty card', 'Harbour newsletter', 'Harbour purchases']
        """
        if not 1 <= page_size <= _LARGEST_PAGE:
            raise InvalidArgumentError(f"page_size must be 1 to {_LARGEST_PAGE}, not {page_size}")
        if name is not None and ("," in name or name.startswith("!")):
            raise InvalidArgumentError(
                "the Catalog takes a comma for a list of names and a leading '!' for a negation; list all, and compare"
            )

        def fetch(token: str | None) -> Page[Dataset]:
            start = int(token or 0)
            query = {"limit": page_size, "start": start or None, "name": name}
            return self._send_for(
                Request.platform("GET", _ROUTE, query=query),
                lambda body, answer: _dataset_page(body, answer, start, page_size),
            )

        return Paged(fetch, limit=limit)

    def get(self, dataset_id: str) -> Dataset:
        """Return one dataset.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.datasets.get("harbour-crm").is_profile_enabled
            True
        """
        request = Request.platform("GET", _ROUTE + "/{id}", path={"id": dataset_id})
        found = self._send_for(request, _datasets)
        for dataset in found:
            if dataset.id == dataset_id:
                return dataset
        raise NotFoundError(f"there is no dataset {dataset_id!r} in this sandbox", status=404)

    def create_for_export(self, name: str) -> Dataset:
        """Create a dataset that profiles can be exported into, and return it: it holds the union schema.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Example:
            >>> client.datasets.create_for_export("Profiles of March").is_union
            True
        """
        body = {"name": name, "schemaRef": {"id": UNION_SCHEMA, "contentType": _UNION_TYPE}}
        request = Request.platform(
            "POST",
            _ROUTE,
            json=body,
            creates="the dataset may have been created: look for it with client.datasets.list(name=...) before trying "
            "again",
        )
        dataset_id = self._send_for(request, _created_id)
        try:
            return self.get(dataset_id)
        except RtcpError as exc:
            exc.add_note(f"the dataset was created all the same, with the id {dataset_id!r}")
            raise


def _dataset_page(body: Any, response: Response, start: int, page_size: int) -> Page[Dataset]:
    datasets = _datasets(body, response)
    # Catalog tells neither a total nor a next page: the first page that is not full is the last.
    return Page(datasets, str(start + len(datasets)) if len(datasets) >= page_size else None)


def _datasets(body: Any, response: Response) -> list[Dataset]:
    if not isinstance(body, dict):
        raise unreadable(response, "the answer is no map of datasets")
    # The id is the key, and not repeated inside.
    return [parse(Dataset, {**value, "id": key}, response) for key, value in body.items() if isinstance(value, dict)]


def _created_id(body: Any, response: Response) -> str:
    reference = body[0] if isinstance(body, list) and body else None
    found = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    if found is None:
        raise unreadable(response, "the answer does not tell the id of the new dataset")
    return found[1]
