"""Workers that grade: processes on this machine, or a Dask cluster."""

from __future__ import annotations

import math
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import dask
from distributed import (
    Client,
    Future,
    KilledWorker,
    LocalCluster,
    Worker,
    WorkerPlugin,
    wait,
)

from autograder.grading import Assignment, Graded, Settings, grade_submission
from autograder.sandbox import SandboxError, close_fork_server, fork_server
from autograder.submissions import Submission

THREADS = 8
"""Submissions that one worker process attends to at once: it mostly waits for their kernels."""

DASK_SETTINGS = {
    # A worker that is silent for long may be computing, and the clock may have jumped.
    "distributed.scheduler.worker-ttl": None,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.profile.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
}


class WarmUp(WorkerPlugin):
    """Starts a worker's warm process before its first submission, and ends it with the worker."""

    name = "warm-up"

    def setup(self, worker: Worker) -> None:
        """Start the warm process; a worker that cannot says so at its first submission."""
        fork_server()

    def teardown(self, worker: Worker) -> None:
        """End the warm process."""
        close_fork_server()


@contextmanager
def crew(
    jobs: int | None = None, scheduler: str | None = None, warm: bool = True
) -> Iterator[Client]:
    """Workers to grade with.

    Args:
        jobs: submissions to grade at once on this machine; one a core unless told otherwise.
        scheduler: address of a Dask scheduler to use instead.
        warm: whether they shall keep a warm process; without a sandbox there is no use for it.

    Raises:
        OSError: there is no scheduler at that address.
    """
    jobs = jobs or os.cpu_count() or 1
    processes = math.ceil(jobs / THREADS)
    with dask.config.set(DASK_SETTINGS):
        if scheduler is not None:
            client = Client(scheduler, timeout="20s")
        else:
            cluster = LocalCluster(
                n_workers=processes,
                threads_per_worker=math.ceil(jobs / processes),
                processes=True,
                host="127.0.0.1",
                security=True,  # other users of this machine shall not hand it work
                dashboard_address="127.0.0.1:0",
                memory_limit=0,
                silence_logs="CRITICAL",
            )
            client = Client(cluster)
        try:
            if warm:
                client.register_plugin(WarmUp())
            yield client
        finally:
            client.close()
            if scheduler is None:
                cluster.close()


@dataclass(frozen=True)
class Lost:
    """A submission that was not graded, by no fault that we know to be its own."""

    reason: str


def grade_all(
    client: Client, assignment: Assignment, submissions: Iterable[Submission], settings: Settings
) -> Iterator[tuple[Submission, Graded | Lost]]:
    """Grade submissions as workers become free.

    Args:
        client: the workers; see `crew`.
        assignment: what was handed out.
        submissions: read one by one, shortly before a worker gets them.
        settings: see `Settings`.

    Yields:
        A submission and what came of it, in the order in which they end.

    Raises:
        SandboxError: a worker cannot isolate submissions.
    """
    waiting = iter(submissions)
    running: dict[Future, Submission] = {}
    strikes: Counter[str] = Counter()
    # Every limit has passed by then, and those who wait in line have had their turn.
    patience = 3 * settings.limits.submission_seconds + 300

    def submit(submission: Submission) -> None:
        future = client.submit(grade_submission, assignment, submission, settings, pure=False)
        running[future] = submission

    while True:
        # As many again as there are workers lie ready, so that none waits for us.
        while len(running) < 2 * max(1, sum(client.nthreads().values())):
            submission = next(waiting, None)
            if submission is None:
                break
            submit(submission)
        if not running:
            return
        try:
            done, _ = wait(list(running), timeout=patience, return_when="FIRST_COMPLETED")
        except TimeoutError:
            stuck = list(running.values())
            running.clear()
            client.restart()
            for submission in stuck:
                strikes[submission.student] += 1
                if strikes[submission.student] > 1:
                    yield submission, Lost("Grading this submission did not end.")
                else:
                    submit(submission)
            continue
        for future in done:
            yield running.pop(future), _outcome(future)
            future.release()


def _outcome(future: Future) -> Graded | Lost:
    """What came of a task that has ended."""
    error = future.exception()
    if isinstance(error, SandboxError):
        raise error
    if isinstance(error, KilledWorker):
        return Lost("Every worker that graded this submission died.")
    if error is not None:
        return Lost(f"The grader failed: {type(error).__name__}: {error}")
    return future.result()
