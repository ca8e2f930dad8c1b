"""A budget holds in every sliding second, through kills, and is used; a 429 holds back all tasks."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import contextmanager
from itertools import pairwise

import pytest
from pyspark.errors import PySparkException

import rtcp
import rtcp.spark
from conftest import NAMESPACE, executors, ids_frame, kill_one, wait_until, workers
from rtcp.spark.spending import MessageBudget, spender_of


@pytest.fixture
def arrivals(emulator):
    """When look-ups came to the emulator, by the clock of the wall."""
    came: list[float] = []
    noted = emulator.requests.note

    def note(request):
        if request.operation in ("entities.get", "entities.get_many"):
            came.append(time.monotonic())
        return noted(request)

    emulator.requests.note = note
    yield came
    del emulator.requests.note


def fullest(came: list[float], seconds: float = 1.0) -> int:
    """The most that came in any such span."""
    window: deque[float] = deque()
    most = 0
    for each in sorted(came):
        window.append(each)
        while each - window[0] >= seconds:
            window.popleft()
        most = max(most, len(window))
    return most


def look_up(spark, ids, budget, partitions=4, **options):
    frame = ids_frame(spark, ids, partitions)
    found = rtcp.spark.lookup(frame, column="id", namespace=NAMESPACE, chunk_size=2, budget=budget, **options)
    found.write.format("noop").mode("overwrite").save()


class Queue:
    """Stands before the budget in the driver, and sees when somebody waits for it."""

    def __init__(self, service, kind):
        self.waits: list[tuple[float, float]] = []
        self._budget = service.budgets[kind]
        service.budgets[kind] = self

    @contextmanager
    def spend(self, amount):
        asked = time.monotonic()
        with self._budget.spend(amount):
            self.waits.append((asked, time.monotonic()))
            yield

    def busy(self) -> list[tuple[float, float]]:
        """The spans in which somebody waits: more than is granted is wanted then."""
        spans: list[tuple[float, float]] = []
        for start, end in sorted(self.waits):
            if spans and start <= spans[-1][1]:
                spans[-1] = spans[-1][0], max(end, spans[-1][1])
            else:
                spans.append((start, end))
        return [(start, end) for start, end in spans if end - start > 0.01]


def test_it_holds_in_every_second_and_is_used_though_a_worker_and_an_executor_are_killed(
    spark, client, cdnow, arrivals
):
    killed = []

    def kill_some():
        wait_until(lambda: len(arrivals) > 150, seconds=120)
        killed.append(kill_one(workers))
        wait_until(lambda: len(arrivals) > 300, seconds=120)
        killed.append(kill_one(executors))

    killer = threading.Thread(target=kill_some)
    with rtcp.spark.budget(spark, requests=50) as budget:
        queue = Queue(budget._service, "requests")
        killer.start()
        look_up(spark, cdnow.customers[:1600], budget)
    killer.join()

    busy = queue.busy()
    seconds = sum(end - start for start, end in busy)
    used = sum(any(start <= each <= end for start, end in busy) for each in arrivals)
    assert len(killed) == 2
    assert len(arrivals) > 800
    assert fullest(arrivals) <= 50
    # Over all the time in which more was wanted than it grants, be it one task or all of them.
    assert seconds > 10
    assert used >= 0.9 * 50 * seconds


def test_equal_shares_are_kept_without_a_service(spark, client, cdnow, arrivals):
    with rtcp.spark.budget(spark, requests=40, slots=2) as budget:
        assert "equal shares" in repr(budget)
        # A task for each: a worker that begins anew knows nothing of what the one before it has sent.
        look_up(spark, cdnow.customers[:200], budget, partitions=2)

    assert len(arrivals) == 100
    assert fullest(arrivals) <= 40


def test_a_429_holds_back_every_task(spark, client, cdnow, emulator, arrivals):
    emulator.faults.once("entities.get_many", status=429, headers={"Retry-After": "3"})

    with rtcp.spark.budget(spark, requests=500) as budget:
        look_up(spark, cdnow.customers[:800], budget, workers=1)

    gaps = [later - earlier for earlier, later in pairwise(arrivals)]
    # One more may have been on its way when the word came.
    assert max(gaps[:4]) >= 2.5


def test_without_its_budget_a_job_fails_and_says_why(spark, client, cdnow):
    with rtcp.spark.budget(spark, requests=50) as budget:
        pass

    with pytest.raises(PySparkException, match="the budget of this job cannot be reached in the driver"):
        look_up(spark, cdnow.customers[:4], budget)


def test_whoever_has_not_the_word_spends_nothing(spark, client):
    with rtcp.spark.budget(spark, requests=50) as budget:
        word = budget.address.rpartition("/")[2].partition("?")[0]
        assert word not in repr(budget)
        spender = spender_of(client, budget.address.replace(word, "another"))
        with pytest.raises(rtcp.ConfigError, match="cannot be reached"), spender.spend("requests", 1):
            raise AssertionError


def test_messages_are_counted_by_themselves(spark, client):
    with rtcp.spark.budget(spark, messages=1000) as budget:
        messages = MessageBudget(spender_of(client, budget.address))
        assert messages.limit == 1000
        started = time.monotonic()
        for _ in range(3):
            with messages.spend(600):
                pass
        assert time.monotonic() - started >= 2


def test_what_was_out_when_a_connection_broke_counts_one_second_more(spark, client):
    with rtcp.spark.budget(spark, requests=1) as budget:
        killed = spender_of(client, budget.address)
        line = killed._connect()
        line.ask("requests 1")
        broken = time.monotonic()
        line._file.close()
        line._socket.close()

        with spender_of(client, budget.address).spend("requests", 1):
            assert time.monotonic() - broken >= 1.9


def test_whoever_is_killed_while_it_waits_takes_nothing_from_the_others(spark, client):
    with rtcp.spark.budget(spark, requests=1) as budget:
        spender = spender_of(client, budget.address)
        with spender.spend("requests", 1):
            killed = spender_of(client, budget.address)._connect()
            killed.tell("requests 1")
            killed._file.close()
            killed._socket.close()
        answered = time.monotonic()
        with spender.spend("requests", 1):
            assert time.monotonic() - answered < 2


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "a budget is of requests=, of messages=, or of both"),
        ({"requests": 0}, "requests"),
        ({"requests": 3, "slots": 4}, "requests=3 is less than one for each of 4 slots"),
        ({"messages": 10, "slots": 0}, "slots"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(options, said):
    with pytest.raises(rtcp.InvalidArgumentError, match=said):
        rtcp.spark.budget(None, **options)
