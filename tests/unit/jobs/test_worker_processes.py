"""Workers in several processes that share a queue; some are killed or stopped on the way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import psutil
import pytest

from app.core.types import VideoId
from app.db.database import Database
from app.db.jobs import SqlJobStore
from app.db.stages import SqlStageStore
from app.jobs.states import JobState
from tests.unit.jobs.working import ended, until

BUSY = """
import os, sys
from app.db.database import Database
from app.db.jobs import SqlJobStore
from app.db.stages import SqlStageStore
from app.jobs.worker import Worker

def handler(job, context):
    os.write(ran, (job.id + "\\n").encode())
    return {"n": job.payload["n"]}

ran = os.open(sys.argv[2], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
worker = Worker(SqlJobStore(Database(sys.argv[1])), {"ingest": handler}, threads=2, poll_s=0.02)
worker.start()
sys.stdin.read()
assert worker.stop(10)
"""


def test_four_workers_in_two_processes_run_a_hundred_jobs_once_each(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    store, ran = SqlJobStore(database), tmp_path / "ran"
    ids = [store.submit("ingest", {"n": n}).id for n in range(100)]
    command = [sys.executable, "-c", BUSY, database_url, str(ran)]
    processes = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(2)]
    until(lambda: len(store.list(JobState.FINISHED, limit=200)) == 100, within_s=60)
    for process in processes:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert Counter(ran.read_text().split()) == Counter(dict.fromkeys(ids, 1))
    assert {job.result["n"] for job in store.list(limit=200) if job.result and job.attempts == 1} == set(range(100))


STUCK = """
import sys, time
from pathlib import Path
from app.db.database import Database
from app.db.jobs import SqlJobStore
from app.db.stages import SqlStageStore
from app.jobs.worker import Worker

def handler(job, context):
    Path(sys.argv[2]).touch()
    time.sleep(600)

Worker(SqlJobStore(Database(sys.argv[1]), lease_s=1.0), {"ingest": handler}, heartbeat_s=0.2).run_one()
"""


def test_a_job_whose_worker_was_killed_is_finished_by_another(
    database: Database, database_url: str, tmp_path: Path, working: Any
) -> None:
    store = SqlJobStore(database, lease_s=1.0)
    job = store.submit("ingest", {})
    at_work = tmp_path / "at_work"
    with subprocess.Popen([sys.executable, "-c", STUCK, database_url, str(at_work)]) as process:
        until(at_work.exists, within_s=60)
        os.kill(process.pid, signal.SIGKILL)
    assert store.get(job.id).state is JobState.RUNNING
    working(store, lambda job, context: {"attempt": job.attempts})
    done = ended(store, job)
    assert (done.state, done.result) == (JobState.FINISHED, {"attempt": 2})


SEVERAL = """
import os, signal, sys, time
import app.db.database
from app.core.types import VideoId
from app.db.database import Database
from app.db.jobs import SqlJobStore
from app.db.stages import SqlStageStore
from app.jobs.worker import Worker

app.db.database.IDLE_S = 2.0
database = Database(sys.argv[1])
stages = SqlStageStore(database)

def work_on(job, unit):
    print(job.id, unit, flush=True)
    if sys.argv[3] == "stops" and unit == 1:
        os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(0.2)

def handler(job, context):
    for unit in range(5):
        stages.save_unit(VideoId(job.id), "sample", "1", str(unit), str(job.attempts).encode())
        if sys.argv[2] == "between":
            work_on(job, unit)
        else:
            with database.writing():
                work_on(job, unit)
    return {"attempt": job.attempts}

worker = Worker(SqlJobStore(database, lease_s=2.0), {"ingest": handler}, heartbeat_s=0.3)
while True:
    if not worker.run_one():
        print("idle", flush=True)
        time.sleep(0.1)
"""


@pytest.mark.parametrize(
    ("database", "moment"),
    [("sqlite", "between"), *(pytest.param("postgres", m, marks=pytest.mark.postgres) for m in ("between", "inside"))],
    indirect=["database"],
)
def test_a_process_that_was_stopped_finds_its_job_done_by_another_and_changes_nothing(
    database: Database, database_url: str, moment: str
) -> None:
    """Three processes share a queue; one is stopped in a job, between two transactions or inside one."""
    store, stages = SqlJobStore(database, lease_s=2.0), SqlStageStore(database)
    jobs = [store.submit("ingest", {}) for _ in range(4)]

    def started(how: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-c", SEVERAL, database_url, moment, how]
        return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)

    sleeper = started("stops")
    processes = [sleeper]
    assert sleeper.stdout is not None
    try:
        first = next(line for line in sleeper.stdout if line.endswith(" 1\n"))
        until(lambda: psutil.Process(sleeper.pid).status() == psutil.STATUS_STOPPED, within_s=60)
        lost = store.get(first.split()[0])
        processes += [started("works"), started("works")]
        until(lambda: all(store.get(job.id).state is JobState.FINISHED for job in jobs), within_s=120)
        sleeper.send_signal(signal.SIGCONT)
        next(line for line in sleeper.stdout if line == "idle\n")
    finally:
        for process in processes:
            process.kill()
            process.wait()
            assert process.stdout is not None
            process.stdout.close()
    done = {job.id: store.get(job.id) for job in jobs}
    assert done[lost.id].result == {"attempt": done[lost.id].attempts} and done[lost.id].attempts > 1
    assert {job.state for job in done.values()} == {JobState.FINISHED}
    last = str(done[lost.id].attempts).encode()
    assert stages.units(VideoId(lost.id), "sample", "1") == {str(unit): last for unit in range(5)}
