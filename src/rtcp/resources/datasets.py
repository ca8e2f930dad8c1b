"""Datasets of the Catalog: reading and making them, and turning their way into the Profile store on and off."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final, Literal

from rtcp._arguments import check_page_size
from rtcp.errors import InvalidArgumentError, NotFoundError, RtcpError
from rtcp.models.dataset import UNION_SCHEMA, Dataset, DatasetSchema
from rtcp.paging import Paged
from rtcp.resources._base import Resource, catalog_map
from rtcp.resources._naming import find_one
from rtcp.transport.answers import parse, unreadable
from rtcp.transport.pages import Offset
from rtcp.transport.request import Request, Response

_ROUTE: Final = "/data/foundation/catalog/dataSets"
_LARGEST_PAGE: Final = 100
_UNION_TYPE: Final = "application/vnd.adobe.xed+json;version=1"
_FULL_TYPE: Final = "application/vnd.adobe.xed-full+json;version=1"
# The guide on updates of attributes writes this one, with its space, in the one example that makes such a dataset.
_UPSERT_TYPE: Final = "application/vnd.adobe.xed-full-notext+json; version=1"
_PATCH_HEADERS: Final = {"Content-Type": "application/json-patch+json"}
_ON: Final = "enabled:true"
_OFF: Final = "enabled:false"
_UPSERT: Final = "isUpsert:true"
# The answers to POST and PATCH differ in the case of the S.
_REFERENCE: Final = re.compile(r"@/data[sS]ets/([^/?]+)")


class Datasets(Resource):
    """The datasets of a sandbox.

    Service page: https://developer.adobe.com/experience-platform-apis/references/catalog/
    """

    def list(
        self, *, name: str | None = None, limit: int | None = None, page_size: int | None = None
    ) -> Paged[Dataset]:
        """Return the datasets, in the order of the service.

        Args:
            name: only those with exactly this name.
            limit: datasets to yield at most; None yields all.
            page_size: datasets in a request, 1 to 100; None takes 100.

        Raises:
            InvalidArgumentError: the Catalog would read this name as several, or as a negation.

        Example:
            >>> [dataset.name for dataset in client.datasets.list()]
            ['Harbour CRM', 'Harbour loyalty card', 'Harbour newsletter', 'Harbour purchases']
        """
        check_page_size(page_size, most=_LARGEST_PAGE)
        if name is not None and ("," in name or name.startswith("!")):
            raise InvalidArgumentError(
                "the Catalog takes a comma for a list of names and a leading '!' for a negation; list all, and compare"
            )

        size = page_size or _LARGEST_PAGE
        first = Request.platform("GET", _ROUTE, query={"limit": size, "name": name})
        # Catalog tells neither a total nor a next page: the first page that is not full is the last.
        return self._list(first, _datasets, of=Dataset, by=Offset("start", size), limit=limit)

    def get(self, dataset_id: str) -> Dataset:
        """Return one dataset.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.datasets.get("harbour-crm").is_profile_enabled
            True
        """
        request = Request.platform("GET", _ROUTE + "/{id}", path={"id": dataset_id})
        found = self._send_for(request, lambda body, response: _dataset(body, response, dataset_id))
        if found is not None:
            return found
        raise NotFoundError(f"there is no dataset {dataset_id!r} in this sandbox", status=404)

    def find(self, name: str) -> Dataset:
        """Return the dataset of this name.

        Raises:
            NotFoundError: there is none in this sandbox; near names are told.
            InvalidArgumentError: there are several; their ids are told.

        Example:
            >>> client.datasets.find("Harbour CRM").id
            'harbour-crm'
        """
        # What the Catalog would read as several names, or as a negation, is compared here.
        can_ask = "," not in name and not name.startswith("!")
        return find_one(name, self.list(name=name) if can_ask else self.list(), self.list, what="dataset")

    def create(
        self,
        *,
        name: str,
        schema_ref: str | DatasetSchema,
        kind: Literal["record", "event"] = "record",
        description: str | None = None,
        is_profile_enabled: bool = True,
        is_upsert_enabled: bool = False,
    ) -> Dataset:
        """Create a dataset and return it.

        Args:
            schema_ref: URI of its schema, or another dataset's `schema_ref`. The schema must itself be enabled for
                Profile if the dataset shall be.
            kind: "record" or "event", as the schema says; events cannot be updated, so "event" takes no upserts.
            is_profile_enabled: True lets what comes into it go into the Profile store; False keeps it in the data lake.
            is_upsert_enabled: True lets a record change the fields it holds and leave the others as they are.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Raises:
            InvalidArgumentError: the name or the schema is empty, or there can be no upserts.

        Example:
            >>> schema_ref = "https://ns.adobe.com/xdm/context/profile"
            >>> dataset = client.datasets.create(name="Corrections", schema_ref=schema_ref, is_upsert_enabled=True)
            >>> dataset.is_upsert_enabled
            True
        """
        if is_upsert_enabled and (kind == "event" or not is_profile_enabled):
            raise InvalidArgumentError("is_upsert_enabled=True is for records that go into the Profile store")
        schema_id = schema_ref if isinstance(schema_ref, str) else schema_ref.id
        if not name.strip() or not schema_id.strip():
            raise InvalidArgumentError("name and schema_ref must not be empty")
        body: dict[str, Any] = {
            "name": name,
            "schemaRef": {"id": schema_id, "contentType": _UPSERT_TYPE if is_upsert_enabled else _FULL_TYPE},
        }
        if description is not None:
            body["description"] = description
        if is_profile_enabled:
            body["tags"] = {"unifiedIdentity": [_ON], "unifiedProfile": _enabled(upsert=is_upsert_enabled)}
        return self._create(body)

    def enable_profile(self, dataset_id: str, *, upsert: bool = False) -> Dataset:
        """Let what comes into a dataset from now on go into the Profile store, and return the dataset.

        What came in before stays outside. Nothing is sent when the dataset is as asked for; one that takes upserts
        stays so without `upsert`, until `disable_profile`.

        Args:
            upsert: True lets a record change the fields it holds and leave the others as they are. A dataset that is
                enabled already is disabled and enabled again for that, as the service wants it; what comes in
                between the two requests does not go into Profile.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.datasets.enable_profile("harbour-crm", upsert=True).is_upsert_enabled
            True
        """
        dataset = self.get(dataset_id)
        if dataset.is_profile_enabled and (dataset.is_upsert_enabled or not upsert):
            return dataset
        must_be_disabled = dataset.is_profile_enabled
        if must_be_disabled:
            self._patch(dataset_id, _change("replace", profile=[_OFF], identity=[_OFF]))
        try:
            self._patch(dataset_id, _change("add", profile=_enabled(upsert=upsert), identity=[_ON]))
        except RtcpError as exc:
            if must_be_disabled:
                exc.add_note(
                    f"dataset {dataset_id!r} may be disabled for Profile now; call client.datasets.enable_profile again"
                )
            raise
        return self.get(dataset_id)

    def disable_profile(self, dataset_id: str) -> Dataset:
        """Keep what comes into a dataset from now on out of the Profile store, and return the dataset.

        What is in Profile stays there; what comes in meanwhile never gets there.

        Raises:
            NotFoundError: the id is unknown in this sandbox.

        Example:
            >>> client.datasets.disable_profile("harbour-newsletter").is_profile_enabled
            False
        """
        self._patch(dataset_id, _change("replace", profile=[_OFF], identity=[_OFF]))
        return self.get(dataset_id)

    def create_for_export(self, *, name: str) -> Dataset:
        """Create a dataset that profiles can be exported into, and return it: it holds the union schema.

        Never sent twice by itself: when no answer comes, the error says how to find out whether it was made.

        Example:
            >>> client.datasets.create_for_export(name="Profiles of March").is_union
            True
        """
        return self._create({"name": name, "schemaRef": {"id": UNION_SCHEMA, "contentType": _UNION_TYPE}})

    def _create(self, body: Mapping[str, Any]) -> Dataset:
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

    def _patch(self, dataset_id: str, change: Any) -> None:
        # Setting a tag twice is setting it once.
        self._do(
            Request.platform(
                "PATCH",
                _ROUTE + "/{id}",
                path={"id": dataset_id},
                json=change,
                headers=_PATCH_HEADERS,
                idempotent=True,
            )
        )


def _enabled(*, upsert: bool) -> list[str]:
    return [_ON, _UPSERT] if upsert else [_ON]


def _change(operation: str, *, profile: list[str], identity: list[str]) -> list[dict[str, Any]]:
    """A JSON Patch of both tags; the service wants them changed together."""
    return [
        {"op": operation, "path": "/tags/unifiedProfile", "value": profile},
        {"op": operation, "path": "/tags/unifiedIdentity", "value": identity},
    ]


def _datasets(body: Any, response: Response) -> list[Dataset]:
    return [parse(Dataset, value, response) for value in catalog_map(body, response, what="datasets")]


def _dataset(body: Any, response: Response, dataset_id: str) -> Dataset | None:
    found = catalog_map(body, response, what="datasets", only=dataset_id)
    return next((parse(Dataset, value, response) for value in found if value["id"] == dataset_id), None)


def _created_id(body: Any, response: Response) -> str:
    reference = body[0] if isinstance(body, list) and body else None
    found = _REFERENCE.fullmatch(reference) if isinstance(reference, str) else None
    if found is None:
        raise unreadable(response, "the answer does not tell the id of the new dataset")
    return found[1]
