"""What a manifest declares: merge policies, datasets and the files to fill them from, read from TOML and checked."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rtcp.emulator.declared_fields import RULES, FieldError, compile_fields
from rtcp.emulator.manifest.data_files import FORMATS, format_of
from rtcp.emulator.manifest.tables import Table, WrongError
from rtcp.emulator.store import (
    DATASET_PRECEDENCE,
    NO_GRAPH,
    PRIVATE_GRAPH,
    PROFILE_CLASS,
    TIMESTAMP_ORDERED,
    Dataset,
    Identity,
    IdentityPath,
)
from rtcp.rows.mapping import did_you_mean

_TOP_KEYS = ("sandbox", "tenant", "merge_policies", "datasets", "inlets", "audiences")
_AUDIENCE_KEYS = ("id", "name", "description", "namespace", "expression", "members")
_MEMBER_KEYS = ("namespace", "ids")
_POLICY_KEYS = (
    "id",
    "name",
    "schema",
    "identity_graph",
    "attribute_merge",
    "order",
    "default",
    "is_active_on_edge",
)
_DATASET_KEYS = (
    "id",
    "name",
    "class",
    "schema_id",
    "identities",
    "identity_map",
    "fields",
    "file",
    "format",
    "mapping",
    "ingested_at",
)
_INLET_KEYS = ("id", "name", "data_type", "authenticated", "org_id", "source", "dataset", "flow_id")
_INLET_ID = re.compile(r"[0-9a-f]{64}")
_IDENTITY_KEYS = ("path", "namespace", "primary")


class ManifestError(ValueError):
    """A manifest, or a file it names, is wrong; `file` and `line` say where, the text says why."""

    def __init__(self, reason: str, *, file: Path, line: int | None = None) -> None:
        where = str(file) if line is None else f"{file}, line {line}"
        super().__init__(f"{where}: {reason}")
        self.file = file
        self.line = line
        self.reason = reason


@dataclass(frozen=True, slots=True)
class PolicyDeclaration:
    """A merge policy as declared; without an id the store gives one."""

    id: str | None
    name: str | None
    schema_name: str
    identity_graph: str
    attribute_merge: str
    order: tuple[str, ...]
    default: bool
    is_active_on_edge: bool


@dataclass(frozen=True, slots=True)
class DatasetDeclaration:
    """A dataset, and the file of its rows when there is one; the mapping is still as written."""

    dataset: Dataset
    file: str | None
    format: str | None
    mapping: Mapping[str, object] | None
    ingested_ms: int | None


@dataclass(frozen=True, slots=True)
class InletDeclaration:
    """An inlet of streaming ingestion; without an id it gets one that follows from its name."""

    id: str | None
    name: str
    data_type: str
    authenticated: bool
    org_id: str | None
    source: str
    dataset_id: str | None
    flow_id: str | None


@dataclass(frozen=True, slots=True)
class AudienceDeclaration:
    """An audience; `members` is None when the manifest does not list them."""

    id: str
    name: str
    description: str
    namespace: str
    expression: str | None
    members: tuple[Identity, ...] | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest whose every key and type has been checked."""

    path: Path
    sandbox: str
    tenant: str | None
    policies: tuple[PolicyDeclaration, ...]
    datasets: tuple[DatasetDeclaration, ...]
    inlets: tuple[InletDeclaration, ...]
    audiences: tuple[AudienceDeclaration, ...]


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest without looking at the data files it names.

    Raises:
        ManifestError: the file is missing, no TOML, or declares something unknown or incomplete.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise ManifestError(f"cannot be read: {exc.strerror}", file=path) from None
    except UnicodeDecodeError:
        raise ManifestError("is not UTF-8 text", file=path) from None
    except tomllib.TOMLDecodeError as exc:
        raise ManifestError(f"is not valid TOML: {exc}", file=path) from None
    try:
        return _read_document(path, document)
    except WrongError as exc:
        raise ManifestError(str(exc), file=path) from None


def _read_document(path: Path, document: dict[str, Any]) -> Manifest:
    top = Table(document, "the manifest", _TOP_KEYS)
    policies = tuple(_read_policy(table) for table in top.tables("merge_policies", "merge policy", _POLICY_KEYS))
    datasets = tuple(_read_dataset(table) for table in top.tables("datasets", "dataset", _DATASET_KEYS))
    inlets = tuple(_read_inlet(table) for table in top.tables("inlets", "inlet", _INLET_KEYS))
    audiences = tuple(_read_audience(table) for table in top.tables("audiences", "audience", _AUDIENCE_KEYS))
    _refuse_repeats("merge policy", (policy.id for policy in policies if policy.id is not None))
    _refuse_repeats("dataset", (declaration.dataset.id for declaration in datasets))
    _refuse_repeats("inlet", (inlet.name for inlet in inlets))
    _refuse_repeats("audience", (audience.id for audience in audiences))
    return Manifest(path, top.get("sandbox", str, "prod"), _read_tenant(top), policies, datasets, inlets, audiences)


def _read_tenant(top: Table) -> str | None:
    tenant: str | None = top.get("tenant", str, None)
    if tenant is not None and (not tenant.isidentifier() or tenant.startswith("_")):
        raise WrongError("'tenant' is one word of letters and digits, without the underscore that leads its fields")
    return tenant


def _read_policy(table: Table) -> PolicyDeclaration:
    merge = table.choice("attribute_merge", (TIMESTAMP_ORDERED, DATASET_PRECEDENCE), TIMESTAMP_ORDERED)
    order = tuple(table.get("order", list, []))
    if not all(isinstance(dataset_id, str) for dataset_id in order):
        raise WrongError(f"{table.label}: 'order' is a list of dataset ids")
    if (merge == DATASET_PRECEDENCE) != bool(order):
        raise WrongError(f"{table.label}: 'order' goes with attribute_merge = {DATASET_PRECEDENCE!r}, and only with it")
    return PolicyDeclaration(
        id=table.get("id", str, None),
        name=table.get("name", str, None),
        schema_name=table.get("schema", str, PROFILE_CLASS),
        identity_graph=table.choice("identity_graph", (NO_GRAPH, PRIVATE_GRAPH), PRIVATE_GRAPH),
        attribute_merge=merge,
        order=order,
        default=table.get("default", bool, False),
        is_active_on_edge=table.get("is_active_on_edge", bool, False),
    )


def _read_audience(table: Table) -> AudienceDeclaration:
    audience_id = table.required("id", str)
    members: list[Identity] = []
    for group in table.tables("members", f"members of {table.label}", _MEMBER_KEYS):
        namespace = group.required("namespace", str)
        for value in group.required("ids", list):
            if not isinstance(value, str) or not value:
                raise WrongError(f"{group.label}: 'ids' is a list of texts")
            members.append(Identity(namespace, value))
    return AudienceDeclaration(
        id=audience_id,
        name=table.get("name", str, audience_id),
        description=table.get("description", str, ""),
        namespace=table.get("namespace", str, "AEPSegments"),
        expression=table.get("expression", str, None),
        members=tuple(members) if table.has("members") else None,
    )


def _read_inlet(table: Table) -> InletDeclaration:
    inlet_id = table.get("id", str, None)
    if inlet_id is not None and _INLET_ID.fullmatch(inlet_id) is None:
        raise WrongError(f"{table.label}: 'id' is 64 hexadecimal digits")
    name, data_type = table.required("name", str), table.choice("data_type", ("xdm", "raw"), "xdm")
    dataset_id, flow_id = table.get("dataset", str, None), table.get("flow_id", str, None)
    if (dataset_id is None) != (flow_id is None) or (flow_id is not None and data_type == "xdm"):
        raise WrongError(f"{table.label}: 'dataset' and 'flow_id' go together, with data_type = 'raw'")
    return InletDeclaration(
        id=inlet_id,
        name=name,
        data_type=data_type,
        authenticated=table.get("authenticated", bool, False),
        org_id=table.get("org_id", str, None),
        source=table.get("source", str, name),
        dataset_id=dataset_id,
        flow_id=flow_id,
    )


def _read_fields(table: Table) -> Mapping[str, Mapping[str, Any]] | None:
    """The fields of a dataset, the short form `path = "type"` written out."""
    fields: dict[str, object] | None = table.get("fields", dict, None)
    if fields is None:
        return None
    read: dict[str, Mapping[str, Any]] = {}
    for path, rules in fields.items():
        rules = {"type": rules} if isinstance(rules, str) else rules
        if not isinstance(rules, dict):
            raise WrongError(f"{table.label}: the field {path!r} is the name of a type, or a table")
        unknown = next((name for name in rules if name not in RULES), None)
        if unknown is not None:
            raise WrongError(f"{table.label}: the field {path!r} has an unknown key; {did_you_mean(unknown, RULES)}")
        read[path] = rules
    return read


def _read_dataset(table: Table) -> DatasetDeclaration:
    dataset_id = table.required("id", str)
    paths = tuple(
        IdentityPath(
            path=identity.required("path", str),
            namespace=identity.required("namespace", str),
            primary=identity.get("primary", bool, False),
        )
        for identity in table.tables("identities", f"identity of {table.label}", _IDENTITY_KEYS)
    )
    identity_map = table.get("identity_map", bool, None)
    primaries = sum(path.primary for path in paths)
    if primaries > 1 or (primaries == 0 and not identity_map):
        raise WrongError(f"{table.label} needs one identity with primary = true, or identity_map = true")
    file = table.get("file", str, None)
    if file is None and any(table.has(key) for key in ("format", "mapping", "ingested_at")):
        raise WrongError(f"{table.label}: format, mapping and ingested_at go with a file")
    dataset = Dataset(
        id=dataset_id,
        name=table.get("name", str, dataset_id),
        schema_class=table.required("class", str),
        identities=paths,
        identity_map=identity_map,
        schema_id=table.get("schema_id", str, None),
        fields=_read_fields(table),
    )
    try:
        compile_fields(dataset)
    except FieldError as error:
        raise WrongError(f"{table.label}: {error}") from None
    return DatasetDeclaration(
        dataset=dataset,
        file=file,
        format=_read_format(table, file),
        mapping=table.get("mapping", dict, None),
        ingested_ms=_read_instant(table),
    )


def _read_format(table: Table, file: str | None) -> str | None:
    if file is None:
        return None
    known = format_of(Path(file))
    if known is None and not table.has("format"):
        raise WrongError(f"{table.label}: say format = one of {', '.join(FORMATS)}, the suffix of the file tells none")
    return table.choice("format", FORMATS, known or FORMATS[0])


def _read_instant(table: Table) -> int | None:
    instant: datetime | None = table.get("ingested_at", datetime, None)
    if instant is None:
        return None
    if instant.tzinfo is None:
        raise WrongError(f"{table.label}: 'ingested_at' needs a zone, such as 2024-05-01T00:00:00Z")
    return round(instant.timestamp() * 1000)


def _refuse_repeats(what: str, ids: Iterable[str]) -> None:
    seen: set[str] = set()
    for name in ids:
        if name in seen:
            raise WrongError(f"the {what} {name!r} is declared twice")
        seen.add(name)
