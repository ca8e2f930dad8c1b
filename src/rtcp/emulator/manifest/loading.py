"""Loading a manifest into a store: declarations first, then each data file, all of it or nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

from rtcp.emulator.manifest.data_files import DataFileError, read_columns, read_rows
from rtcp.emulator.manifest.declarations import (
    AudienceDeclaration,
    DatasetDeclaration,
    InletDeclaration,
    Manifest,
    ManifestError,
    PolicyDeclaration,
    read_manifest,
)
from rtcp.emulator.nouns.inlets import flow_objects as inlets
from rtcp.emulator.store import Identity, MergePolicy, RowError, Sandbox, Store, StoreError
from rtcp.emulator.store.extraction import read_event_key
from rtcp.errors import InvalidArgumentError
from rtcp.rows.mapping import RowMapper, compile_mapping

_PROGRESS_STEP = 1000
# The kind of document that audiences are kept as.
AUDIENCES = "audiences"

__all__ = ["load_manifest", "LoadReport", "DatasetReport", "ManifestError", "Progress"]

Progress = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class DatasetReport:
    """What became of the rows of one file; `skipped` counts rows by the reason why the service would drop them.

    Attributes:
        ignored_maps: rows whose `identityMap` the manifest excludes.
    """

    dataset_id: str
    name: str
    file: Path
    rows: int
    accepted: int
    skipped: Mapping[str, int]
    ignored_maps: int = 0


@dataclass(frozen=True, slots=True)
class LoadReport:
    """What a manifest brought into which sandbox."""

    sandbox: str
    policies: tuple[str, ...]
    datasets: tuple[DatasetReport, ...]
    audiences: tuple[str, ...] = ()

    def __repr__(self) -> str:
        rows = sum(dataset.accepted for dataset in self.datasets)
        skipped = sum(sum(dataset.skipped.values()) for dataset in self.datasets)
        left_out = f", {skipped:,} left out" if skipped else ""
        return f"<LoadReport of sandbox {self.sandbox!r}: {rows:,} rows into {len(self.datasets)} datasets{left_out}>"


def load_manifest(
    store: Store,
    path: str | PathLike[str],
    *,
    data: str | PathLike[str] | None = None,
    on_progress: Progress | None = None,
) -> LoadReport:
    """Load a manifest and the files it names; loading it again changes nothing but the time of ingestion.

    Args:
        data: folder that file names are relative to; None is the folder of the manifest.
        on_progress: called with a dataset id and its rows so far, every thousand rows and at the end of a file.

    Raises:
        ManifestError: the manifest, a file or a row of it is wrong; the store is then as it was before.
    """
    manifest = read_manifest(Path(path))
    folder = manifest.path.parent if data is None else Path(data)
    with store.transaction():
        try:
            if manifest.sandbox not in store.sandboxes:
                store.create_sandbox(manifest.sandbox)
            sandbox = store.sandbox(manifest.sandbox)
            if manifest.tenant is not None:
                store.documents.put(sandbox.name, "setting", "tenant", {"value": manifest.tenant})
            for declaration in manifest.datasets:
                sandbox.put_dataset(declaration.dataset)
            for inlet in manifest.inlets:
                _declare_inlet(store, sandbox, manifest, inlet)
            policies = tuple(_declare_policy(sandbox, manifest, policy) for policy in manifest.policies)
        except StoreError as exc:
            raise ManifestError(str(exc), file=manifest.path) from None
        reports = tuple(
            _load_file(sandbox, manifest, declaration, folder / declaration.file, on_progress)
            for declaration in manifest.datasets
            if declaration.file is not None
        )
        for audience in manifest.audiences:
            _declare_audience(store, sandbox, manifest, audience)
    return LoadReport(manifest.sandbox, policies, reports, tuple(audience.id for audience in manifest.audiences))


def _declare_inlet(store: Store, sandbox: Sandbox, manifest: Manifest, inlet: InletDeclaration) -> None:
    if inlet.dataset_id is not None and sandbox.dataset(inlet.dataset_id) is None:
        raise ManifestError(f"inlet {inlet.name!r} leads to the unknown {inlet.dataset_id!r}", file=manifest.path)
    inlet_id = inlet.id or inlets.inlet_id_of(sandbox.name, inlet.name)
    inlets.declare(
        store,
        sandbox.name,
        name=inlet.name,
        inlet_id=inlet_id,
        connection_id=inlets.connection_id_of(inlet_id),
        at_ms=store.clock.now_ms(),
        org_id=inlet.org_id,
        data_type=inlet.data_type,
        needs_token=inlet.authenticated,
        source=inlet.source,
        dataset_id=inlet.dataset_id,
        flow_id=inlet.flow_id,
    )


def _declare_audience(store: Store, sandbox: Sandbox, manifest: Manifest, audience: AudienceDeclaration) -> None:
    members = None if audience.members is None else [_member(sandbox, manifest, each) for each in audience.members]
    before = store.documents.get(sandbox.name, AUDIENCES, audience.id)
    document = {**asdict(audience), "members": members}
    # Loaded again, it keeps the time of its making.
    made_ms = store.clock.now_ms() if before is None else before["madeMs"]
    store.documents.put(sandbox.name, AUDIENCES, audience.id, {**document, "madeMs": made_ms})


def _member(sandbox: Sandbox, manifest: Manifest, identity: Identity) -> dict[str, str]:
    namespace = sandbox.known_namespace(identity.namespace)
    if namespace is None:
        raise ManifestError(f"no dataset declares the namespace {identity.namespace!r}", file=manifest.path)
    return {"namespace": namespace, "id": identity.id}


def _declare_policy(sandbox: Sandbox, manifest: Manifest, policy: PolicyDeclaration) -> str:
    unknown = next((dataset_id for dataset_id in policy.order if sandbox.dataset(dataset_id) is None), None)
    if unknown is not None:
        raise ManifestError(f"merge policy {policy.name or policy.id!r} orders unknown {unknown!r}", file=manifest.path)
    present = _find_policy(sandbox, policy)
    if present is not None:
        return sandbox.change_policy(
            replace(
                present,
                name=policy.name,
                schema_name=policy.schema_name,
                identity_graph=policy.identity_graph,
                attribute_merge=policy.attribute_merge,
                order=policy.order,
                default=policy.default,
                is_active_on_edge=policy.is_active_on_edge,
            )
        ).id
    return sandbox.add_policy(
        policy_id=policy.id,
        name=policy.name,
        schema_name=policy.schema_name,
        identity_graph=policy.identity_graph,
        attribute_merge=policy.attribute_merge,
        order=policy.order,
        default=policy.default,
        is_active_on_edge=policy.is_active_on_edge,
    ).id


def _find_policy(sandbox: Sandbox, policy: PolicyDeclaration) -> MergePolicy | None:
    if policy.id is not None:
        return sandbox.policy(policy.id)
    # Loading a manifest again must not make its policies without an id once more.
    same = (policy.name, policy.schema_name)
    return next((present for present in sandbox.policies() if (present.name, present.schema_name) == same), None)


def _load_file(
    sandbox: Sandbox, manifest: Manifest, declaration: DatasetDeclaration, file: Path, on_progress: Progress | None
) -> DatasetReport:
    dataset = declaration.dataset
    assert declaration.format is not None, "a declaration with a file has a format"
    try:
        mapper = _compile(declaration, read_columns(file, declaration.format))
    except InvalidArgumentError as exc:
        raise ManifestError(f"dataset {dataset.id!r}: {exc}", file=manifest.path) from None
    except DataFileError as exc:
        raise ManifestError(str(exc), file=file, line=exc.line) from None
    rows = _xdm_rows(declaration, file, mapper, on_progress)
    report = sandbox.ingest(dataset.id, rows, ingested_ms=declaration.ingested_ms)
    total = report.accepted + len(report.skipped)
    if on_progress is not None:
        on_progress(dataset.id, total)
    reasons = Counter(reason for _, reason in report.skipped)
    return DatasetReport(dataset.id, dataset.name, file, total, report.accepted, dict(reasons), report.ignored_maps)


def _compile(declaration: DatasetDeclaration, columns: tuple[str, ...] | None) -> RowMapper | None:
    """The mapping as declared; a file of columns without one has XDM paths as the names of its columns."""
    table = declaration.mapping
    if table is None:
        if columns is None:
            return None
        table = {column: column for column in columns}
    mapper = compile_mapping(table, columns=columns)
    for identity in declaration.dataset.identities:
        if identity.path not in mapper.paths:
            raise InvalidArgumentError(f"nothing is mapped to the identity path {identity.path!r}")
    return mapper


def _xdm_rows(
    declaration: DatasetDeclaration, file: Path, mapper: RowMapper | None, on_progress: Progress | None
) -> Iterator[dict[str, Any]]:
    assert declaration.format is not None, "a declaration with a file has a format"
    line: int | None = None
    try:
        for count, (line, row) in enumerate(read_rows(file, declaration.format), start=1):
            xdm = row if mapper is None else mapper(row, line=line)
            if declaration.dataset.is_event:
                # The store would skip such a row; in a file that somebody wrote it is a mistake to be told.
                read_event_key(xdm)
            yield xdm
            if on_progress is not None and count % _PROGRESS_STEP == 0:
                on_progress(declaration.dataset.id, count)
    except DataFileError as exc:
        raise ManifestError(str(exc), file=file, line=exc.line) from None
    except (InvalidArgumentError, RowError) as exc:
        raise ManifestError(str(exc), file=file, line=line) from None
