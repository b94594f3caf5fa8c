"""Jobs of training: none is lost, whichever process is killed; they are fair, bounded, and resumed.

Beside them in the one file lie the predictions of classes, of which none is lost either.
"""

from __future__ import annotations

import json
import os
import queue
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from explorer.jobs import offers, quota
from explorer.jobs.asked import Asked, Training, Treating
from explorer.jobs.exchange import Form, Treatment
from explorer.jobs.store import MOST_INTERRUPTED, Job, Store
from explorer.jobs.supervisor import LONGEST_PAUSE_S, Happened, Supervisor
from explorer.presenter.store import Store as Classes
from training.contract.errors import ConfigError
from training.contract.kinds import KINDS
from training.contract.reading import read
from training.contract.worker import Event

ASKED = Training("a run", 100, 60, "", (), Form("digits", "vae", 2, 1000, 2))


def asked(steps: int, seconds: int = 60) -> Training:
    """Of which the workers of these tests do this many steps."""
    return replace(ASKED, title=str(steps), steps=steps, seconds=seconds)


# A server all day long, saying after each commit what is there from now on; killed fifty times,
# wherever it then is.
KILLED = """
import json, os, random, signal, sys
from pathlib import Path
from explorer.jobs.asked import Training
from explorer.jobs.asked import Asked, Training, Treating
from explorer.jobs.exchange import Form, Treatment
from explorer.jobs.store import Store
from explorer.presenter.store import Store as Classes

ASKED = Training("a run", 100, 60, "", (), Form("digits", "vae", 2, 1000, 2))

def serve(words):
    store, classes = Store(Path(sys.argv[1])), Classes(Path(sys.argv[1]))
    store.recover()
    while True:
        classes.guess(sys.argv[2], "gap", voter := os.urandom(8).hex(), "70")
        words.write(f"guessed {voter}\\n"); words.flush()
        words.write(f"added {store.add('a visitor', ASKED)}\\n"); words.flush()
        job = store.take()
        if job is None: continue
        store.note(job.id, job.step + 10, 1.0, 2.0, None)
        words.write(f"noted {job.id} {job.step + 10}\\n"); words.flush()
        store.picture(job.id, "live-0000010")
        store.move(job.id, ("training",), "trained")
        words.write(f"trained {job.id}\\n"); words.flush()

chance, written = random.Random(0), []
for _ in range(50):
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        serve(os.fdopen(theirs, "w"))
    os.close(theirs)
    with os.fdopen(ours) as words:
        written += [words.readline() for _ in range(chance.randint(1, 8))]
        os.kill(child, signal.SIGKILL)
        written += words.readlines()
    os.waitpid(child, 0)
print(json.dumps([line.split() for line in written if line.endswith("\\n")]))
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    classes = Classes(path)
    code, key = classes.begin("model=digits", "a visitor")
    killed = [sys.executable, "-c", KILLED, str(path), code]
    done = subprocess.run(killed, capture_output=True, text=True, check=True)
    written = json.loads(done.stdout)
    assert len(written) > 100
    store = Store(path)
    store.recover()
    with sqlite3.connect(path) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    jobs = {job.id: job for job in store.all()}
    guessed = sum(what == "guessed" for what, *_ in written)
    assert guessed > 50
    assert guessed <= classes.tally(code, "gap")["70"] <= guessed + 50
    assert classes.leads(code, key)
    for what, id, *step in written:
        if what == "guessed":
            continue
        if what == "added":
            assert id in jobs
        elif what == "trained":
            assert jobs[id].state == "trained"
        else:
            assert jobs[id].step >= int(*step)
    assert {job.state for job in jobs.values()} <= {"waiting", "trained", "failed"}


# Speaks as `training.workers.live` does, and works for as long as nobody stops it.
WORKER = """
import json, sys, threading, time
def tell(**event): print(json.dumps(event), flush=True)
stop, orders = threading.Event(), []
def listen():
    for line in sys.stdin:
        order = json.loads(line)
        stop.set() if order["do"] == "pause" else orders.append(order)
    stop.set(); orders.append(None)
threading.Thread(target=listen, daemon=True).start()
tell(what="ready")
while True:
    while not orders: time.sleep(0.01)
    order = orders.pop(0)
    if order is None: break
    step = 0
    while not stop.is_set() and step < int(order["title"]):
        step += 1
        tell(what="step", job=order["job"], step=step, seconds=1.0, train=1.0)
        time.sleep(0.01)
    tell(what="paused" if stop.is_set() else "trained", job=order["job"])
    stop.clear()
"""


@pytest.fixture
def supervisor(tmp_path: Path) -> Iterator[Supervisor]:
    one = Supervisor(tmp_path, tmp_path, (sys.executable, "-c", WORKER))
    yield one
    one.close()


def until(supervisor: Supervisor, id: str, *states: str) -> Job:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        job = supervisor.store.get(id)
        assert job is not None
        if job.state in states and (job.state != "training" or job.step):
            return job
        time.sleep(0.01)
    raise AssertionError(job)


def test_a_worker_that_is_killed_is_replaced_and_its_job_goes_on(supervisor: Supervisor) -> None:
    id = supervisor.store.add("visitor", asked(10**6))
    supervisor.wake()
    until(supervisor, id, "training")
    worker = supervisor.worker
    assert worker is not None
    worker.kill()
    worker.wait()
    deadline = time.monotonic() + 60
    while supervisor.worker in (worker, None):
        assert time.monotonic() < deadline, "no worker took the place of the one that was killed"
        time.sleep(0.01)
    job = until(supervisor, id, "training")
    assert job.interrupted == 1
    assert "continues from its last saved step" in job.sentence
    supervisor.store.want(id, "pause")
    supervisor.wake()
    until(supervisor, id, "paused")


def test_a_worker_that_cannot_be_read_is_ended_and_holds_up_no_queue(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("explorer.jobs.supervisor.LONGEST_PAUSE_S", 0.0)
    babbling = """
import time
print('{"what": "ready"}', flush=True)
print('{"what": "no such event"}', flush=True)
time.sleep(600)
"""
    one = Supervisor(tmp_path, tmp_path, (sys.executable, "-c", babbling))
    id = one.store.add("visitor", ASKED)
    one.wake()
    try:
        assert until(one, id, "failed").interrupted == MOST_INTERRUPTED
    finally:
        one.close()


def test_workers_that_end_as_they_begin_are_not_started_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where what they need is not installed whole; a visitor who waits sees why."""
    now, began = [0.0], []
    one = Supervisor(tmp_path, tmp_path, ())
    id = one.store.add("visitor", ASKED)

    class Events(queue.SimpleQueue[Happened]):
        """What happens, and where nothing does: a second goes by."""

        def get(self, block: bool = True, timeout: float | None = None) -> Happened:
            if self.empty():
                now[0] += 1
                one._ended = now[0] > 600
                raise queue.Empty
            return super().get()

    def start() -> object:
        began.append(now[0])
        worker = object()
        one._events.put(Happened("gone", worker))  # type: ignore[arg-type]
        return worker

    one._events = Events()
    monkeypatch.setattr(one, "_start", start)
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    one._hand_out()
    assert began[:5] == [0, 0, 1, 4, 11]
    assert len(began) < 20, "once a minute at last"
    job = one.store.get(id)
    assert job is not None
    assert job.state == "waiting"
    assert "worker.log" in job.sentence
    one._note(Event("ready"), one.worker)
    assert (after := one.store.get(id)) is not None
    assert after.sentence == ""
    one._fruitless = 2000
    one.warm = False
    replaced: Any = object()
    one._note(Event("ready"), replaced)
    assert (one.warm, one._fruitless) == (False, 2000)
    assert one._pause() == LONGEST_PAUSE_S, "after a day and more"


def test_when_the_server_ends_its_worker_does_and_the_next_server_goes_on(tmp_path: Path) -> None:
    command = (sys.executable, "-c", WORKER)
    first = Supervisor(tmp_path, tmp_path, command)
    id = first.store.add("visitor", asked(20))
    first.wake()
    until(first, id, "training")
    worker = first.worker
    assert worker is not None
    first.close()
    assert worker.wait(10) == 0
    second = Supervisor(tmp_path, tmp_path, command)
    second.wake()
    assert until(second, id, "trained").interrupted == 0
    second.close()


@pytest.mark.parametrize(
    ("job", "after"),
    [(asked(60), "waiting"), (Treating("60", 100, 60, Treatment(1, 0)), "trained")],
)
def test_a_run_gives_way_to_others_and_a_treatment_which_begins_anew_does_not(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch, job: Asked, after: str
) -> None:
    monkeypatch.setattr("explorer.jobs.supervisor.TURN_S", 0.0)
    first = supervisor.store.add("one", job)
    supervisor.store.add("another", asked(10**6))
    supervisor.wake()
    assert until(supervisor, first, "waiting", "trained").state == "waiting"  # before it begins
    until(supervisor, first, "training")
    until(supervisor, first, after)


# A server that hands out jobs to a worker which resumes from what it saved; now the one and now
# the other is killed, wherever it is.
KILLED_AT_WORK = """
import json, os, random, signal, sys, time
from pathlib import Path
from explorer.jobs.store import Store
from explorer.jobs.supervisor import Supervisor

home, kills, chance = Path(sys.argv[1]), int(sys.argv[3]), random.Random(0)
store, done = Store(home / "jobs.sqlite"), []
steps = lambda: sum(job.step for job in store.all())

def serve(out):
    one = Supervisor(home, home, (sys.executable, "-c", sys.argv[2]))
    one.wake()
    while True:
        os.write(out, f"{one.worker.pid if one.worker else 0} ".encode())
        time.sleep(0.01)

def start():
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        serve(theirs)
    os.close(theirs)
    return child, ours

server, words = start()
for _ in range(kills):
    # One in five wherever it is, also before it gets any further.
    before = steps() if chance.random() < 0.8 else -1
    until = time.monotonic() + chance.uniform(0, 0.2)
    while time.monotonic() < until or steps() <= before and store.all("waiting", "training"):
        worker = int(os.read(words, 1 << 16).split()[-1])
    if chance.random() < 0.5 and worker:
        try: os.kill(worker, signal.SIGKILL)
        except ProcessLookupError: pass
        done.append("worker")
    else:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
        os.close(words)
        done.append("server")
        server, words = start()
until = time.monotonic() + 60
while store.all("waiting", "training") and time.monotonic() < until: os.read(words, 1 << 16)
os.kill(server, signal.SIGKILL)
print(json.dumps(done))
"""

RESUMES = """
import json, sys, time
from pathlib import Path
def tell(**event): print(json.dumps(event), flush=True)
tell(what="ready")
for line in sys.stdin:
    order = json.loads(line)
    if order["do"] != "train": continue
    saved = Path(order["folder"] + ".saved")
    step = int(saved.read_text()) if saved.exists() else 0
    while step < int(order["title"]):
        step += 1
        whole = saved.with_suffix(".part"); whole.write_text(str(step)); whole.replace(saved)
        tell(what="step", job=order["job"], step=step, seconds=1.0, train=1.0)
        time.sleep(0.002)
    tell(what="trained", job=order["job"])
"""
KILLS = int(os.environ.get("KILLS", "8"))  # more than a job that gets no further is given


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kills_of_server_and_worker_at_any_moment_lose_no_run(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    ids = [store.add("visitor", asked(10 * KILLS, seconds=10**6)) for _ in range(2)]
    killed = [sys.executable, "-c", KILLED_AT_WORK, str(tmp_path), RESUMES, str(KILLS)]
    done = subprocess.run(killed, capture_output=True, text=True, check=True)
    assert set(json.loads(done.stdout)) == {"server", "worker"}
    for id in ids:
        job = store.get(id)
        assert job is not None
        assert (job.state, job.step) == ("trained", 10 * KILLS)
        steps = [step for step, _, _ in store.losses(id)]
        assert steps == sorted(set(steps))


def test_a_run_killed_after_its_last_step_has_done_all_of_them(tmp_path: Path) -> None:
    one = Supervisor(tmp_path, tmp_path, (sys.executable, "-c", RESUMES))
    id = one.store.add("visitor", asked(20))
    (tmp_path / f"{id}.saved").write_text("20")
    one.wake()
    try:
        assert until(one, id, "trained").step == 20
    finally:
        one.close()


def test_a_file_of_an_older_version_gets_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "jobs.sqlite"
    id = Store(path).add("visitor", ASKED)
    with sqlite3.connect(path) as connection:
        connection.execute("ALTER TABLE jobs DROP COLUMN furthest")
    job = Store(path).get(id)
    assert job is not None
    assert job.furthest == 0


EARLIER = """{"recipe": "digits-2d", "overrides": ["--train.steps=100"], "title": "Digits",
"steps": 100, "seconds": 60, "form": {"data": "digits", "family": "vae", "latents": 2,
"steps": 100, "minutes": 1, "width": "normal", "beta": 1.0, "images": "", "side": 64,
"fit": "crop"}}"""
EARLIER_TREATMENT = """{"do": "treat", "patient": 2, "cure": 0, "title": "Patient 2",
"steps": 100, "seconds": 60, "form": {"patient": 2, "cure": 0}}"""
ANOTHER = """{"do": "knit", "title": "A scarf", "steps": 100, "seconds": 60}"""


def test_jobs_of_an_earlier_version_are_read_and_one_that_nobody_can_do_is_left_out(
    tmp_path: Path,
) -> None:
    path = tmp_path / "jobs.sqlite"
    store = Store(path)
    with sqlite3.connect(path) as connection:
        for at, text in enumerate((EARLIER, EARLIER_TREATMENT, ANOTHER)):
            row = (str(at), "", text, "waiting", at)
            connection.execute(
                "INSERT INTO jobs (id, visitor, asked, state, made) VALUES (?, ?, ?, ?, ?)", row
            )
    run, treatment = (job.asked for job in store.all())
    assert isinstance(run, Training)
    assert (run.recipe, run.form.family) == ("digits-2d", "vae")
    assert isinstance(treatment, Treating)
    assert treatment.form == Treatment(2, 0)
    assert store.get("2") is None
    assert [job.id for job in store.queue()] == ["0", "1"]


def test_who_asks_for_many_runs_takes_no_turn_from_who_asks_for_one(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    many = [store.add("many", ASKED) for _ in range(3)]
    one = store.add("one", ASKED)
    first = store.take()
    assert first is not None
    assert first.id == many[0]
    second = store.take()
    assert second is not None
    assert second.id == one
    assert [job.id for job in store.queue()] == many[1:]


def test_a_worker_that_ends_under_a_job_is_told_of_and_after_five_times_given_no_other(
    tmp_path: Path,
) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    id = store.add("visitor", ASKED)
    for again in range(MOST_INTERRUPTED):
        assert store.take() is not None, again
        store.recover()
    job = store.get(id)
    assert job is not None
    assert job.state == "failed"
    assert "too often" in job.sentence


def test_what_is_wanted_while_the_worker_is_gone_is_done(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    ids = [store.add(f"visitor {at}", ASKED) for at in range(2)]
    for id, wanted in zip(ids, ("pause", "stop"), strict=True):
        assert store.take() is not None
        store.want(id, wanted)  # type: ignore[arg-type]
    store.recover()
    assert [job.state for job in store.all()] == ["paused", "stopped"]


def test_losses_beyond_the_step_that_a_run_goes_on_from_are_forgotten(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    id = store.add("visitor", ASKED)
    for step in (10, 20, 30, 15):
        store.note(id, step, 1.0, float(step), None)
    assert [step for step, _, _ in store.losses(id)] == [10, 15]


FORM: dict[str, Any] = {
    "data": "digits",
    "family": "vae",
    "latents": 2,
    "steps": 1000,
    "minutes": 2,
    "beta": 4,
}


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"latents": 17}, "latents"),
        ({"steps": 10**6}, "steps"),
        ({"minutes": 0}, "minutes"),
        ({"width": "huge"}, "width"),
        ({"beta": -1}, "beta"),
        ({"data": "faces"}, "data"),
        ({"seed": 1}, "seed"),
    ],
)
def test_a_form_beyond_its_bounds_is_refused_by_the_name_of_the_field(
    change: dict[str, Any], named: str
) -> None:
    with pytest.raises(ConfigError, match=named):
        read(Form, FORM | change, "form")


@pytest.mark.parametrize("family", KINDS)
@pytest.mark.parametrize("data", sorted(offers.DATA_SETS))
def test_every_form_is_a_run_that_the_training_takes_however_short(data: str, family: str) -> None:
    from training.overrides import override
    from training.recipes import RECIPES

    form = FORM | {"data": data, "family": family, "latents": 7, "width": "double", "steps": 100}
    run = offers.run_of(read(Form, form, "form"))
    changes = dict(word.removeprefix("--").split("=") for word in run.overrides)
    config = override(RECIPES[run.recipe].run, changes)
    assert config.data.name == data
    assert config.model.latents == 7  # type: ignore[attr-defined]
    assert config.train.steps == 100


def test_data_sets_that_are_not_here_are_not_offered(tmp_path: Path) -> None:
    offered = offers.offered(tmp_path, [], 0).data
    there = [one.name for one in offered if not one.missing]
    assert there == ["sprites", "scenes"]


def test_one_visitor_may_have_three_unfinished_runs(tmp_path: Path) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    for _ in range(quota.MOST_OPEN_EACH):
        quota.check_new(store, tmp_path, "visitor")
        store.add("visitor", ASKED)
    quota.check_new(store, tmp_path, "another")
    with pytest.raises(quota.QuotaError, match="unfinished"):
        quota.check_new(store, tmp_path, "visitor")


def test_room_is_made_of_runs_that_ended_the_oldest_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    ids = [store.add("visitor", ASKED) for _ in range(3)]
    for id in ids:
        (tmp_path / id).mkdir()
        (tmp_path / id / "model").write_bytes(b"x" * 100)
    for id in ids[:2]:
        store.take()
        store.move(id, ("training",), "trained")
    monkeypatch.setattr(quota, "LARGEST", 250)
    quota.check_new(store, tmp_path, "another")
    assert [job.id for job in store.all()] == ids[1:]
    assert not (tmp_path / ids[0]).exists()


def test_who_stops_many_runs_takes_no_room_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store(tmp_path / "jobs.sqlite")
    monkeypatch.setattr(quota, "MOST_ENDED", 3)
    first = quota.add(store, tmp_path, "another", ASKED)
    store.want(first, "stop")
    for _ in range(8):
        store.want(quota.add(store, tmp_path, "visitor", ASKED), "stop")
    assert [job.visitor for job in store.all()].count("visitor") <= 4
    assert store.get(first) is not None
