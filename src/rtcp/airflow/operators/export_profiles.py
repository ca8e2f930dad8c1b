"""Export profiles into a dataset, wait for it, and bring the files if wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, ClassVar

from rtcp.airflow.assets import dataset_asset
from rtcp.airflow.job_looks import EXPORT
from rtcp.airflow.matching import asks_for
from rtcp.airflow.operators.submit_and_wait import RtcpJobOperator
from rtcp.airflow.values import blank_as_none, instant
from rtcp.models.export_job import AudienceFilter, ExportEvents
from rtcp.resources.export_jobs.body import export_body
from rtcp.waiting import DEFAULT_TIMEOUT


class RtcpExportProfilesOperator(RtcpJobOperator):
    """Start an export, wait for it, and download it if `download_to` is given.

    To XCom go the job's id and status, its dataset and batches, the number of profiles, and of files; never their
    content. A dataset id that is no template becomes an asset that the task updates.

    Args:
        destination_dataset_id: a dataset with the union schema.
        fields: dot paths; None exports all.
        audiences: ids of audiences, or mappings with `audience_id`, `namespace`, `status`.
        ingested_after: only profiles that changed then or later; an instant or its ISO text.
        qualified_after, qualified_before: when people entered the audiences; instants or ISO texts.
        events: True exports all events, too; a mapping with `fields`, `ingested_after`, `ingested_before` chooses.
        empty_profiles, merge_policy_id, merge_policy_version, audience_per_batch, evaluate_audiences: as of
            `client.export_jobs.create`.
        download_to: folder for the files, on the machine of the worker; None leaves them where they are.
        poll_interval: seconds between looks at the job.
        timeout: seconds to wait in one attempt; None waits for ever.
        kwargs: as of `RtcpJobOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (
        *RtcpJobOperator.template_fields,
        "destination_dataset_id",
        "fields",
        "audiences",
        "ingested_after",
        "qualified_after",
        "qualified_before",
        "events",
        "merge_policy_id",
        "download_to",
    )
    template_fields_renderers: ClassVar[Mapping[str, str]] = {"fields": "json", "audiences": "json", "events": "json"}
    ui_color = "#e3f1ee"
    noun = EXPORT

    def __init__(
        self,
        *,
        destination_dataset_id: str,
        fields: Sequence[str] | None = None,
        audiences: Sequence[str | Mapping[str, Any]] | None = None,
        ingested_after: datetime | str | None = None,
        qualified_after: datetime | str | None = None,
        qualified_before: datetime | str | None = None,
        events: bool | Mapping[str, Any] | None = None,
        empty_profiles: bool | None = None,
        merge_policy_id: str | None = None,
        merge_policy_version: int | None = None,
        audience_per_batch: bool | None = None,
        evaluate_audiences: bool | None = None,
        download_to: str | None = None,
        poll_interval: float = 30.0,
        timeout: float | None = DEFAULT_TIMEOUT,
        **kwargs: Any,
    ) -> None:
        if isinstance(destination_dataset_id, str) and "{{" not in destination_dataset_id:
            given = kwargs.pop("outlets", None) or []
            kwargs["outlets"] = [
                *(given if isinstance(given, list) else [given]),
                dataset_asset(destination_dataset_id),
            ]
        super().__init__(poll_interval=poll_interval, timeout=timeout, **kwargs)
        self.destination_dataset_id = destination_dataset_id
        self.fields = fields
        self.audiences = audiences
        self.ingested_after = ingested_after
        self.qualified_after = qualified_after
        self.qualified_before = qualified_before
        self.events = events
        self.empty_profiles = empty_profiles
        self.merge_policy_id = merge_policy_id
        self.merge_policy_version = merge_policy_version
        self.audience_per_batch = audience_per_batch
        self.evaluate_audiences = evaluate_audiences
        self.download_to = download_to

    def start(self) -> str:
        """Start the export."""
        return str(self.client.export_jobs.create(**self._arguments()).id)

    def equal_jobs(self, since: datetime) -> list[str]:
        """The exports into the same dataset with the same fields, filter, events and merge policy."""
        body = export_body(**self._arguments())
        found = []
        for job in self.client.export_jobs.list():
            # The newest come first.
            if job.created_at is not None and job.created_at < since:
                break
            lives = not job.is_final or job.is_success
            if lives and job.created_at is not None and asks_for(job, body):
                found.append(str(job.id))
        return found

    def finish(self, job_id: str) -> dict[str, Any]:
        """Bring the files, and sum up."""
        summary = super().finish(job_id)
        folder = blank_as_none(self.download_to)
        if folder is not None:
            paths = self.client.export_jobs.download(job_id, folder)
            size = sum(path.stat().st_size for path in paths)
            self.log.info("export job %s: %d files, %d bytes", job_id, len(paths), size)
            home = str(Path(folder) / f"export-{job_id}")
            summary |= {"folder": home, "files": len(paths), "bytes": size}
        return summary

    def _arguments(self) -> dict[str, Any]:
        events = self.events or None
        chosen = dict(events) if isinstance(events, Mapping) else {}
        for name in ("ingested_after", "ingested_before"):
            chosen[name] = instant(chosen.get(name), name=name)
        return {
            "destination_dataset_id": self.destination_dataset_id,
            "fields": blank_as_none(self.fields),
            "audiences": None if self.audiences is None else [_audience(each) for each in self.audiences],
            "qualified_after": instant(self.qualified_after, name="qualified_after"),
            "qualified_before": instant(self.qualified_before, name="qualified_before"),
            "ingested_after": instant(self.ingested_after, name="ingested_after"),
            "empty_profiles": self.empty_profiles,
            "events": None if events is None else ExportEvents(**chosen),
            "merge_policy_id": blank_as_none(self.merge_policy_id),
            "merge_policy_version": self.merge_policy_version,
            "audience_per_batch": self.audience_per_batch,
            "evaluate_audiences": self.evaluate_audiences,
        }


def _audience(given: str | Mapping[str, Any]) -> str | AudienceFilter:
    return given if isinstance(given, str) else AudienceFilter(**given)
