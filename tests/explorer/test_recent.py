"""One look for all who ask at once."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from explorer import loading, recent


class Clock:
    """Seconds that pass only while somebody looks."""

    def __init__(self) -> None:
        self.now, self.looks = 0.0, 0

    def monotonic(self) -> float:
        return self.now

    def look(self) -> int:
        self.now += 0.02
        self.looks += 1
        return self.looks


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(recent, "time", clock)
    return clock


def test_a_look_is_shared_for_ten_times_as_long_as_it_took(clock: Clock) -> None:
    shared = recent.Recent(clock.look)
    assert [shared(), shared()] == [1, 2], "until it is to be shared, everybody looks"
    shared.times = 10
    assert [shared(), shared()] == [3, 3]
    clock.now += 0.19
    assert shared() == 3
    clock.now += 0.02
    assert shared() == 4
    assert shared.anew() == 5
    assert shared() == 5


def test_a_long_look_is_shared_for_a_second_at_most(clock: Clock) -> None:
    def long() -> int:
        clock.now += 30
        return clock.look()

    shared = recent.Recent(long)
    shared.times = 10
    shared()
    clock.now += recent.LONGEST_S + 0.01
    assert shared() == 2


def test_who_waits_for_anothers_look_shares_it() -> None:
    begun, go_on, looks = threading.Event(), threading.Event(), []

    def look() -> int:
        looks.append(1)
        begun.set()
        go_on.wait(10)
        return len(looks)

    shared = recent.Recent(look)
    shared.times = 1e6
    with ThreadPoolExecutor(4) as threads:
        asked = [threads.submit(shared)]
        begun.wait(10)
        asked += [threads.submit(shared) for _ in range(3)]
        go_on.set()
        assert [its.result() for its in asked] == [1, 1, 1, 1]


def test_a_model_that_is_not_in_what_is_shared_is_looked_for(
    make_checkpoint: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert callable(make_checkpoint)
    monkeypatch.setattr(loading, "listed", recent.Recent(loading.catalogue))
    monkeypatch.setattr(loading.listed, "times", 1e6)
    assert loading.find("new") is None
    make_checkpoint("new")
    assert loading.find("new") is not None
    assert [entry.id for entry in loading.listed()] == ["new"]
