"""What the formats share: options, read strictly, settings, and for those that write, a look at the frame's schema."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from pyspark.sql.datasource import DataSource
from pyspark.sql.types import StructType

from rtcp.errors import InvalidArgumentError
from rtcp.rows.form import RowForm
from rtcp.spark.access import Access
from rtcp.spark.format_options import Options
from rtcp.spark.frame_rows import check_schema


class FormatSource(DataSource):
    """A format of rtcp's.

    Attributes:
        format: its name.
        known: the options that it takes besides those of all.
        registered: what it was registered with.
    """

    format: ClassVar[str]
    known: ClassVar[tuple[str, ...]]
    registered: ClassVar[Access | None] = None

    def __init__(self, options: Mapping[str, str]) -> None:
        super().__init__(dict(options))
        self._options = Options(self.format, options, self.known)

    @classmethod
    def name(cls) -> str:
        """The format."""
        return cls.format

    def access(self) -> Access:
        """What workers need.

        Raises:
            ConfigError: the settings are no good.
        """
        return self._options.access(self.registered)


class RowSink(FormatSource):
    """A format that takes rows.

    Attributes:
        why_append: what stands against overwriting.
    """

    why_append: ClassVar[str]

    def form(self, schema: StructType, *, overwrite: bool) -> RowForm:
        """The form of the rows.

        Raises:
            InvalidArgumentError: it is none, or rows of this schema cannot be right.
        """
        if overwrite:
            raise InvalidArgumentError(f'{self.format} {self.why_append}: use .mode("append")')
        form = self._options.form()
        check_schema(schema, form, self.format)
        return form
