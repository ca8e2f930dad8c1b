"""The bugs that are planted into `rtcp.spark`, whose tests need its own environment and Java."""

from __future__ import annotations

from typing import Final

from tests.planted.bugs import Bug


def _bug(name: str, file: str, text: str, replacement: str, promise: str, *tests: str) -> Bug:
    return Bug(name, "spark", f"spark/{file}", text, replacement, promise, tuple(f"spark/{test}" for test in tests))


SPARK_BUGS: Final = (
    _bug(
        "file named by the attempt",
        "upsert_sink.py",
        'name = f"part-{number:05d}.parquet"',
        "name = f\"part-{number:05d}-{__import__('time').time_ns()}.parquet\"",
        "A task that runs again replaces its file and adds nothing.",
        "test_upserts.py::test_a_task_that_fails_behind_its_upload_puts_its_file_in_the_place_of_the_first",
    ),
    _bug(
        "batch handed over unchecked",
        "upsert_sink.py",
        "                self._check_files(client, written)\n",
        "",
        "A batch is handed over when it holds what the tasks have written.",
        "test_upserts.py::test_a_commit_hands_nothing_over_where_a_file_differs",
    ),
    _bug(
        "empty batch handed over",
        "upsert_sink.py",
        "            if rows:\n                self._check",
        "            if written:\n                self._check",
        "A frame without rows leaves no batch.",
        "test_upserts.py::test_a_commit_without_a_row_gives_the_batch_up",
    ),
    _bug(
        "abort raises",
        "upsert_sink.py",
        "except Exception as exc:  # noqa: BLE001 - the first failure",
        "except OSError as exc:  # noqa: BLE001 - the first failure",
        "An abort never hides why a write has failed.",
        "test_upserts.py::test_abort_never_raises_where_there_is_not_even_a_client",
    ),
    _bug(
        "batch aborted that went in",
        "upsert_sink.py",
        "if messages and None not in messages:",
        "if messages and None in messages and None not in messages:",
        "A batch that was handed over is not aborted, whatever fails behind that.",
        "test_upserts.py::test_abort_never_raises",
    ),
    _bug(
        "frame overwrites",
        "format_source.py",
        "        if overwrite:\n",
        "        if overwrite is None:\n",
        "Overwriting is refused before anything is made.",
        "test_upserts.py::test_what_is_wrong_is_told_before_a_batch_is_made",
    ),
    _bug(
        "column lost to one of its name",
        "frame_rows.py",
        "if schema.names.count(name) > 1",
        "if schema.names.count(name) > 9",
        "A frame with two columns of a name is refused.",
        "test_upserts.py::test_each_is_told_by_its_name",
    ),
    _bug(
        "unreceived rows dropped",
        "stream_sink.py",
        "if final.others or summary.unknown:",
        "if summary.unknown:",
        "Rows that were not received fail their task.",
        "test_streams.py::test_rows_that_are_never_answered_fail_the_job",
    ),
    _bug(
        "unknown rows dropped",
        "stream_sink.py",
        "if final.others or summary.unknown:",
        "if final.others > summary.unknown:",
        "Rows that got no answer fail their task, which sends them again.",
        "test_streams.py::test_rows_without_an_answer_fail_their_task_and_are_sent_again",
    ),
    _bug(
        "doubled ids asked for twice",
        "lookups.py",
        "        return [known[key] for key, _ in turn.inputs]",
        "        return [self._events_of(client, each) for _, each in turn.inputs]",
        "Equal ids of a turn are asked for once.",
        "test_lookups.py::test_events_of_equal_ids_of_a_turn_are_asked_for_once",
    ),
    _bug(
        "blank ids asked for",
        "lookups.py",
        "if isinstance(given, str) and not given.strip():",
        "if isinstance(given, str) and not given:",
        "Nobody is asked for a blank id.",
        "test_lookups.py::test_nobody_is_asked_for_a_null_or_a_blank_id",
    ),
    _bug(
        "null shown as 0",
        "lookups.py",
        "wanted = nullable(parsed)",
        "wanted = parsed",
        "What did not come is null, whatever the schema says.",
        "test_lookups.py::test_what_a_schema_says_is_never_null_is_null_where_nothing_came",
    ),
    _bug(
        "digits behind the point cut off",
        "columns.py",
        "int(value) if value == value // 1 else _Unfit(value)",
        "int(value)",
        "A value that the schema has no place for is told.",
        "test_workers.py::test_what_does_not_fit_is_told_by_path_and_type",
    ),
    _bug(
        "value in the text of an error",
        "columns.py",
        "said = _NAMES.get(type(given), type(given).__name__)",
        "said = repr(given)",
        "Errors name field and types, and no value.",
        "test_workers.py::test_what_does_not_fit_is_told_by_path_and_type",
    ),
    _bug(
        "value of a file in the text of an error",
        "export_source.py",
        "                problem = type(exc).__name__\n",
        "                problem = str(exc)\n",
        "Errors of files hold no values.",
        "test_exports.py::test_a_value_that_cannot_be_read_as_wanted_is_not_in_the_error",
    ),
    _bug(
        "token travels",
        "access.py",
        "token_variable, settled = _TOKEN, settled.replace(token=None)",
        "token_variable = _TOKEN",
        "No secret goes to the workers.",
        "test_workers.py::test_a_token_of_the_environment_travels_by_the_name_of_its_variable",
    ),
    _bug(
        "window too short",
        "job_budget.py",
        "WINDOW: Final = 1.0",
        "WINDOW: Final = 0.8",
        "A budget holds in every second.",
        "test_budgets.py::test_what_was_out_when_a_connection_broke_counts_one_second_more",
    ),
    _bug(
        "what a killed worker had out forgotten",
        "job_budget.py",
        "                    server.clock.sleep(WINDOW)\n",
        "                    pass\n",
        "A budget holds through kills.",
        "test_budgets.py::test_what_was_out_when_a_connection_broke_counts_one_second_more",
    ),
    _bug(
        "killed workers waited for",
        "job_budget.py",
        "                if self._is_gone():\n",
        "                if self._is_gone() and server.budgets is None:\n",
        "A budget is used though workers are killed.",
        "test_budgets.py::test_whoever_is_killed_while_it_waits_takes_nothing_from_the_others",
    ),
)
