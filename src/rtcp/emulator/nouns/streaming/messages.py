"""What is checked of a message before it is taken, and what of its content only afterwards."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from rtcp.emulator.declared_fields import Node, Violation, row_violations, violations, wrap_violations
from rtcp.emulator.nouns.inlets.flow_objects import Inlet
from rtcp.emulator.store import Dataset

UNKNOWN_FORMAT = "Message has unknown xdm format"
WRONG_ORG = "Message has an absent or wrong ims org in the header"
UNKNOWN_DATASET = "Message names a dataset that does not exist"
INVALID = "Message is invalid"
# What a streaming upsert may do with its row.
CREATE, MERGE, DELETE = "create", "merge", "delete"
# In the header that is made for the bare row of a raw inlet.
BARE = "_bare"
_ORG_ID = re.compile(r"[^@\s]+@AdobeOrg")
_CONTENT_TYPE = "application/vnd.adobe.xed"


def refusal(message: Any, inlet: Inlet, has_dataset: Callable[[str], bool]) -> str | None:
    """Why a message is not taken, or None; its content is nobody's business here."""
    header = message.get("header") if isinstance(message, dict) else None
    if not isinstance(header, dict) or not isinstance(message.get("body"), dict):
        return UNKNOWN_FORMAT
    is_known = _is_upsert(header) if "operations" in header else _is_reference(header.get("schemaRef"))
    dataset_id = header.get("datasetId")
    if not is_known or not isinstance(dataset_id, str) or not dataset_id:
        return UNKNOWN_FORMAT
    # An absent one is filled in from the inlet.
    if "imsOrgId" in header and not _is_own_org(header["imsOrgId"], inlet.org_id):
        return WRONG_ORG
    return None if has_dataset(dataset_id) else UNKNOWN_DATASET


def is_upsert(message: Mapping[str, Any]) -> bool:
    """Whether a message changes what Profile holds, and nothing besides."""
    return "operations" in message["header"] and BARE not in message["header"]


def row_of(message: Mapping[str, Any]) -> Any:
    """The XDM row of a message; the row of an upsert is the whole body."""
    body = message["body"]
    return body if "operations" in message["header"] else body.get("xdmEntity")


def operation_of(message: Mapping[str, Any]) -> str:
    """What an upsert does with its row; everything else creates."""
    return str((message["header"].get("operations") or {}).get("data", CREATE))


def failure(message: Mapping[str, Any], dataset: Dataset, fields: Node) -> dict[str, Any] | None:
    """What is wrong with the content of a message that was taken, in the form of the records of failed batches."""
    found = content_violations(message, dataset, fields)
    if not found:
        return None
    if len(found) == 1 and "keyword" not in found[0] and "header" in found[0]["message"]:
        return {"_errors": {"_streamingValidation": found}}
    return {"_validationErrors": [wrap_violations(found)]}


def content_violations(message: Mapping[str, Any], dataset: Dataset, fields: Node) -> list[Violation]:
    """The same as a list, for validation while the caller waits."""
    header = message["header"]
    source = header.get("source")
    if source is not None and not (isinstance(source, dict) and source.get("name")):
        return [{"message": "Payload header is missing Source Name"}]
    row = row_of(message)
    if not isinstance(row, dict):
        return [{"message": "Payload body is missing xdmEntity"}]
    if "operations" not in header:
        meta = message["body"].get("xdmMeta")
        stated = meta.get("schemaRef") if isinstance(meta, dict) else None
        schema_id = header["schemaRef"]["id"]
        if not isinstance(stated, dict) or stated.get("id") != schema_id:
            return [{"message": "Payload header and body do not refer to the same schema"}]
        if dataset.schema_id is not None and schema_id != dataset.schema_id:
            return [{"message": "Payload header refers to another schema than that of the dataset"}]
    # Who is deleted needs nothing but a name.
    return violations(fields, row) if operation_of(message) == DELETE else row_violations(fields, dataset, row)


def _is_reference(reference: Any) -> bool:
    if not isinstance(reference, dict):
        return False
    schema_id, content_type = reference.get("id"), reference.get("contentType")
    return (
        isinstance(schema_id, str)
        and schema_id != ""
        and isinstance(content_type, str)
        # The pages write the version in many ways, and xed with and without -full.
        and content_type.startswith(_CONTENT_TYPE)
    )


def _is_upsert(header: Mapping[str, Any]) -> bool:
    operations = header["operations"]
    if not isinstance(operations, dict) or operations.get("data", CREATE) not in (CREATE, MERGE, DELETE):
        return False
    return "identity" not in operations or isinstance(operations.get("identityDatasetId"), str)


def _is_own_org(named: Any, org_id: str | None) -> bool:
    if org_id is not None:
        return bool(named == org_id)
    return isinstance(named, str) and _ORG_ID.fullmatch(named) is not None
