"""The hook, the provider's description, and what cannot be seen in `dag.test`: kills, and triggers by themselves."""

from __future__ import annotations

import asyncio
import json
import logging
from types import SimpleNamespace

import pytest

import rtcp
from conftest import SECRET, connect, dag_of, exports
from rtcp.airflow import (
    RtcpComputedAttributeOperator,
    RtcpExportProfilesOperator,
    RtcpHook,
    RtcpJobTrigger,
    RtcpPreviewReportOperator,
    _compat,
    provider,
)
from rtcp.airflow.triggers import RtcpPauseTrigger


def context():
    """What an operator needs of a task instance outside a DAG run."""
    instance = SimpleNamespace(
        try_number=1, dag_id="night", run_id="manual", task_id="export", map_index=-1, xcom_push=lambda **_: None
    )
    return {"ti": instance, "dag_run": None}


def submitted(destination, **arguments):
    """An operator that has submitted its job and would wait now."""
    task = RtcpExportProfilesOperator(task_id="export", destination_dataset_id=destination, **arguments)
    with task.clear_errors():
        task.submit_job(context())
    return task


def trigger(**changes):
    given = {"noun": "export_jobs", "job_id": "1001", "rtcp_conn_id": "adobe_rtcp_default", "poll_interval": 0.01}
    return RtcpJobTrigger(**{**given, **changes})


def event_of(one):
    async def first():
        return [event.payload async for event in one.run()]

    (payload,) = asyncio.run(first())
    return payload


@pytest.mark.parametrize("job_seconds", [1000.0])
@pytest.mark.parametrize(("cancel", "state"), [(True, "CANCELLED"), (False, "NEW")])
def test_a_killed_task_cancels_its_job_or_leaves_it(emulator, destination, cancel, state):
    submitted(destination, cancel_on_kill=cancel).on_kill()

    assert exports(emulator) == [state]


def test_a_task_killed_before_it_submitted_has_nothing_to_cancel(emulator, destination):
    RtcpExportProfilesOperator(task_id="export", destination_dataset_id=destination).on_kill()

    assert exports(emulator) == []


@pytest.mark.parametrize("job_seconds", [1000.0])
def test_a_job_that_cannot_be_cancelled_does_not_break_the_kill(emulator, destination, caplog):
    task = submitted(destination)
    emulator.faults.always("export_jobs.cancel", status=500)

    with caplog.at_level(logging.INFO):
        task.on_kill()

    assert exports(emulator) == ["NEW"]


def test_what_the_service_cannot_cancel_goes_on(emulator):
    task = RtcpComputedAttributeOperator(
        task_id="ensure", name="a", display_name="a", description="a", expression="x", duration="1 days"
    )
    task._job_id = "ca-1"

    assert task._give_up("ca-1") == "; computed attribute ca-1 goes on"


@pytest.mark.parametrize("job_seconds", [1000.0])
@pytest.mark.parametrize(("cancel", "state"), [(True, "CANCELLED"), (False, "NEW")])
def test_a_killed_trigger_cancels_its_job_or_leaves_it(emulator, destination, cancel, state):
    submitted(destination)

    asyncio.run(trigger(cancel_on_kill=cancel).on_kill())

    assert exports(emulator) == [state]


@pytest.mark.parametrize("job_seconds", [1000.0])
def test_a_trigger_that_cannot_cancel_does_not_break_the_kill(emulator, destination):
    submitted(destination)
    emulator.faults.always("export_jobs.cancel", status=403)

    asyncio.run(trigger(cancel_on_kill=True).on_kill())

    assert exports(emulator) == ["NEW"]


@pytest.mark.parametrize("job_seconds", [1000.0])
def test_a_restart_of_the_triggerer_cancels_nothing(emulator, destination):
    submitted(destination)

    async def restart():
        one = trigger(cancel_on_kill=True, poll_interval=30.0)
        running = asyncio.ensure_future(one.run().__anext__())
        while not any(request.operation == "export_jobs.get" for request in emulator.requests):
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await one.cleanup()

    asyncio.run(restart())

    assert exports(emulator) == ["NEW"]


@pytest.mark.skipif(hasattr(_compat.BaseTrigger, "on_kill"), reason="Airflow calls on_kill itself")
@pytest.mark.parametrize("job_seconds", [1000.0])
@pytest.mark.parametrize(("state", "ends"), [("failed", "CANCELLED"), ("deferred", "NEW")])
def test_before_airflow_3_3_the_state_of_the_task_tells_a_kill_from_a_restart(run, emulator, destination, state, ends):
    from airflow.models.taskinstance import TaskInstance
    from airflow.utils.session import create_session

    submitted(destination)
    run(dag_of(lambda: RtcpPreviewReportOperator(task_id="report"), name=f"killed_{state}"))
    with create_session() as session:
        instance = session.query(TaskInstance).filter_by(dag_id=f"killed_{state}").one()
        instance.state = state

    async def stop():
        one = trigger(cancel_on_kill=True, poll_interval=30.0)
        one.task_instance = instance
        running = asyncio.ensure_future(one.run().__anext__())
        while not emulator.requests.of("export_jobs.get"):
            await asyncio.sleep(0.01)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    asyncio.run(stop())

    assert exports(emulator) == [ends]


def test_a_trigger_survives_serialization():
    path, arguments = trigger(deadline=12.5, sandbox="dev").serialize()

    assert path == "rtcp.airflow.triggers.RtcpJobTrigger"
    assert RtcpJobTrigger(**json.loads(json.dumps(arguments))).serialize() == (path, arguments)
    assert RtcpPauseTrigger(**RtcpPauseTrigger(until=1.0).serialize()[1]).until == 1.0
    assert SECRET not in json.dumps(arguments)


def test_a_trigger_without_any_answer_says_so_at_the_deadline(emulator):
    emulator.faults.always("export_jobs.get", status=503)

    event = event_of(trigger(deadline=0.0))

    assert event["outcome"] == "timeout"
    assert event["text"] == "the time for export job 1001 is up, and could not be seen once"


def test_a_trigger_with_a_wrong_connection_ends_with_one_sentence(emulator, monkeypatch):
    connect(monkeypatch, emulator, password=None)

    event = event_of(trigger())

    assert (event["outcome"], event["hopeless"]) == ("error", True)
    assert "lacks the client secret in Password" in event["text"]


def test_a_trigger_without_its_connection_ends_with_one_sentence(emulator):
    event = event_of(trigger(rtcp_conn_id="no_such_connection"))

    assert (event["outcome"], event["hopeless"]) == ("error", False)
    assert "no_such_connection" in event["text"]


@pytest.mark.parametrize("hopeless", [True, False])
def test_an_event_about_an_error_becomes_the_right_failure(emulator, destination, hopeless):
    task = RtcpExportProfilesOperator(task_id="export", destination_dataset_id=destination)
    event = {"outcome": "error", "job_id": "1001", "text": "it broke", "hopeless": hopeless}

    with pytest.raises(_compat.AirflowException, match="it broke") as caught:
        task.execute_complete(context(), event)

    assert isinstance(caught.value, _compat.AirflowFailException) is hopeless


def test_a_job_that_is_gone_is_made_anew(emulator, destination):
    task = RtcpExportProfilesOperator(task_id="export", destination_dataset_id=destination)

    with task.clear_errors():
        assert task.get_job_status("4711", context()) == "failed"


def test_the_hook_says_who_it_is(emulator):
    with RtcpHook() as client:
        client.preview.status()

    agent = {name.lower(): value for name, value in list(emulator.requests)[-1].headers.items()}["user-agent"]
    assert agent.startswith(f"apache-airflow/{_compat.version} rtcp-airflow/{rtcp_version()} ")


def rtcp_version():
    from importlib.metadata import version

    return version("rtcp")


def test_the_hook_takes_another_sandbox(emulator):
    assert RtcpHook(sandbox="dev").config.sandbox == "dev"


@pytest.mark.parametrize("sandbox", [None, "", "None"])
def test_a_sandbox_that_a_template_left_empty_is_the_connection_s(emulator, monkeypatch, sandbox):
    connect(monkeypatch, emulator, extra={"sandbox": "dev"})

    assert RtcpHook(sandbox=sandbox).config.sandbox == "dev"


def test_the_hook_caps_the_retries_of_the_connection(emulator, monkeypatch):
    connect(monkeypatch, emulator, extra={"retries": 9})

    assert RtcpHook(most_retries=1).config.retries == 1
    assert RtcpHook().config.retries == 9


def test_the_hook_makes_a_new_client_after_it_was_closed(emulator):
    hook = RtcpHook()
    with hook as first:
        first.preview.status()
    with hook as second:
        assert second.preview.status().profile_count == 1213
    assert hook.get_conn() is not first
    hook.close()


def test_the_emulator_of_the_environment_needs_no_connection(emulator, monkeypatch):
    monkeypatch.setenv("RTCP_EMULATOR", emulator.url)

    with RtcpHook("no_such_connection") as client:
        assert client.preview.status().profile_count == 1213


def test_the_extra_must_be_an_object(monkeypatch):
    monkeypatch.setenv("AIRFLOW_CONN_ODD", json.dumps({"conn_type": "adobe_rtcp", "extra": "[1]"}))

    with pytest.raises(rtcp.ConfigError, match="connection 'odd'"):
        _ = RtcpHook("odd").config


def test_a_connection_can_be_tried_out(emulator):
    assert RtcpHook().test_connection() == (True, "connected: merge policies of sandbox 'prod' can be read")


def test_a_bad_connection_is_told_in_a_sentence(emulator, monkeypatch):
    emulator.faults.always("auth.fetch_token", status=400)
    connected, sentence = RtcpHook().test_connection()

    assert not connected
    assert SECRET not in sentence
    assert "\n" not in sentence


def test_airflow_lists_the_connection_type_with_its_form():
    from airflow.providers_manager import ProvidersManager

    manager = ProvidersManager()
    hooks = dict(manager.hooks)

    assert hooks["adobe_rtcp"].hook_name == "Adobe Real-Time Customer Profile"
    assert "extra__adobe_rtcp__org_id" in manager.connection_form_widgets
    assert manager.field_behaviours["adobe_rtcp"]["relabeling"] == {"login": "Client ID", "password": "Client secret"}
    assert "rtcp.airflow.links.RtcpJobLink" in manager.extra_links_class_names


def test_the_description_names_classes_that_there_are():
    info = provider.get_provider_info()
    (connection,) = info["connection-types"]

    assert connection["hook-class-name"] == f"{RtcpHook.__module__}.{RtcpHook.__name__}"
    assert set(connection["conn-fields"]) <= set(rtcp.Config.__dataclass_fields__)
    assert RtcpHook.get_ui_field_behaviour()["hidden_fields"] == ["host", "schema", "port"]


def test_every_public_name_is_there():
    import rtcp.airflow as package

    assert {name: getattr(package, name).__name__ for name in package.__all__} == {name: name for name in dir(package)}
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = package.nonsense
