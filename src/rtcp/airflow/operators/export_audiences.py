"""Export the members of audiences into a dataset, and bring the files if wanted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar, Literal

from rtcp.airflow.operators.export_profiles import RtcpExportProfilesOperator
from rtcp.airflow.values import check_list
from rtcp.errors import InvalidArgumentError, NotFoundError
from rtcp.models.export_job import AudienceFilter
from rtcp.waiting import DEFAULT_TIMEOUT


class RtcpExportAudiencesOperator(RtcpExportProfilesOperator):
    """Export who is in audiences, by their ids or names, each audience into a batch of its own.

    Who is in them is what their last evaluation said: this operator evaluates nothing. An audience that is unknown,
    and a name that several have, fail the task before anything is started. To XCom goes what
    `RtcpExportProfilesOperator` tells, and under `audiences` the batch of each audience.

    Args:
        destination_dataset_id: a dataset with the union schema.
        audiences: ids or names.
        members: which of them: `realized` are in, `existing` were in before already, `exited` have left; None leaves
            it to the service, which takes those who are in.
        fields, qualified_after, qualified_before, merge_policy_id, download_to: as of `RtcpExportProfilesOperator`.
        audience_per_batch: False puts all members into one batch, in which each person is once.
        poll_interval: seconds between looks at the job.
        timeout: seconds to wait in one attempt; None waits for ever.
        kwargs: as of `RtcpJobOperator` and `BaseOperator`.
    """

    template_fields: ClassVar[Sequence[str]] = (*RtcpExportProfilesOperator.template_fields, "members")
    template_fields_renderers: ClassVar[Mapping[str, str]] = {
        **RtcpExportProfilesOperator.template_fields_renderers,
        "members": "json",
    }

    def __init__(
        self,
        *,
        destination_dataset_id: str,
        audiences: Sequence[str],
        members: Sequence[Literal["realized", "existing", "exited"]] | None = None,
        fields: Sequence[str] | None = None,
        qualified_after: datetime | str | None = None,
        qualified_before: datetime | str | None = None,
        merge_policy_id: str | None = None,
        audience_per_batch: bool = True,
        download_to: str | None = None,
        poll_interval: float = 30.0,
        timeout: float | None = DEFAULT_TIMEOUT,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            destination_dataset_id=destination_dataset_id,
            audiences=audiences,
            fields=fields,
            qualified_after=qualified_after,
            qualified_before=qualified_before,
            merge_policy_id=merge_policy_id,
            audience_per_batch=audience_per_batch,
            download_to=download_to,
            poll_interval=poll_interval,
            timeout=timeout,
            **kwargs,
        )
        self.members = members
        self._resolved: list[AudienceFilter] | None = None

    def finish(self, job_id: str) -> dict[str, Any]:
        """Bring the files, and tell which batch is whose."""
        batches = self.client.export_jobs.get(job_id).batches
        return {
            **super().finish(job_id),
            "audiences": {batch.audience_id: batch.batch_id for batch in batches if batch.audience_id is not None},
        }

    def _arguments(self) -> dict[str, Any]:
        if self._resolved is None:
            self._resolved = self._find_audiences()
        return {**super()._arguments(), "audiences": self._resolved}

    def _find_audiences(self) -> list[AudienceFilter]:
        given = check_list(self.audiences, name="audiences")
        if not given:
            raise InvalidArgumentError(
                "audiences is empty: name one, or export everybody by RtcpExportProfilesOperator"
            )
        ids = dict.fromkeys(self._id_of(each) for each in given)
        return [AudienceFilter(each, status=self.members) for each in ids]

    def _id_of(self, given: str) -> str:
        try:
            return self.client.audiences.get(given).id
        except NotFoundError:
            pass
        try:
            return self.client.audiences.find(given).id
        except NotFoundError as exc:
            problem = exc.args[0].replace("of the name", "with the id or name")
        raise InvalidArgumentError(problem)
