"""Workers that grade: processes on this machine, or a Dask cluster."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import math
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import dask
from distributed import (
    CancelledError,
    Client,
    Future,
    KilledWorker,
    LocalCluster,
    Worker,
    WorkerPlugin,
    wait,
)
from distributed import TimeoutError as DaskTimeoutError
from distributed.utils import silence_logging_cmgr

from autograder.grading import Assignment, Graded, Settings, grade_submission
from autograder.sandbox import SandboxError, fork_server
from autograder.submissions import Submission

THREADS = 8
"""Submissions that one worker process attends to at once: it mostly waits for their kernels."""

SCRATCH_PREFIX = "autograder-"

GONE = "The scheduler of the workers has gone"

DASK_SETTINGS = {
    # A worker that is silent for long may be computing, and the clock may have jumped.
    "distributed.scheduler.worker-ttl": None,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.profile.enabled": False,
    # Dask's messages hold submissions; a thousand of them would be kept for its developers.
    "distributed.admin.low-level-log-length": 1,
    "distributed.scheduler.active-memory-manager.start": False,
}


class WarmUp(WorkerPlugin):
    """Starts a worker's warm process before its first submission; it ends with the worker."""

    name = "warm-up"
    idempotent = True  # a second class on the same cluster finds it there

    def setup(self, worker: Worker) -> None:
        """Start the warm process; a worker that cannot says so at its first submission."""
        fork_server()
        # A kernel that breaks off leaves tasks of nbclient behind, which then complain.
        logging.getLogger("asyncio").setLevel(logging.CRITICAL)


class Deaf(WorkerPlugin):
    """Makes a worker on this machine pass over Ctrl-C: the process that leads it decides."""

    name = "deaf"

    def setup(self, worker: Worker) -> None:
        """Take the signal and do nothing; unlike "ignore", kernels do not inherit that."""
        signal.signal(signal.SIGINT, lambda *_: None)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def _ctrl_c_waits() -> Iterator[None]:
    """Hold Ctrl-C back from here and, until they are `Deaf`, from processes started within."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


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
    with (
        scratch_folder() as scratch,
        dask.config.set({**DASK_SETTINGS, "temporary-directory": str(scratch)}),
        silence_logging_cmgr("CRITICAL"),
        contextlib.ExitStack() as opened,
    ):
        if scheduler is not None:
            client = opened.enter_context(Client(scheduler, timeout="20s"))
        else:
            with _ctrl_c_waits():
                cluster = LocalCluster(
                    n_workers=processes,
                    threads_per_worker=math.ceil(jobs / processes),
                    processes=True,
                    host="127.0.0.1",
                    security=True,  # other users of this machine shall not hand it work
                    dashboard_address=None,
                    scheduler_kwargs={"dashboard_address": "127.0.0.1:0"},  # any free port
                    memory_limit=0,
                    silence_logs="CRITICAL",
                    # All that a worker leaves behind when it is killed lies there.
                    env={"TMPDIR": str(scratch)},
                )
                client = opened.enter_context(Client(opened.enter_context(cluster)))
                client.register_plugin(Deaf())
        if warm:
            client.register_plugin(WarmUp())
        yield client
        # Every result has come in by now: a connection that breaks while the workers say
        # good-bye (the clock jumped, say) takes nothing back. They end with this process anyway.
        with contextlib.suppress(OSError, DaskTimeoutError):
            opened.close()


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A temporary folder; those of processes that were killed are removed on the way."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=SCRATCH_PREFIX))
        lock = os.open(folder, os.O_RDONLY)
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.exists():
            break
        os.close(lock)  # another process took it for a dead one's before we had the lock
    try:
        for other in folder.parent.glob(f"{SCRATCH_PREFIX}*"):
            _remove_if_dead(other)
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def _remove_if_dead(folder: Path) -> None:
    """Remove a scratch folder that no living process of ours holds."""
    with contextlib.suppress(OSError):
        lock = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.fstat(lock).st_uid == os.getuid():
                shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(lock)


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
        OSError: a worker's machine lacks something, such as room on its disk, or the scheduler
            has gone.
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
        except CancelledError:
            raise ConnectionError(GONE) from None
        except DaskTimeoutError:
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
    """What came of a task that has ended.

    Raises:
        SandboxError, OSError: see `grade_all`.
    """
    try:
        graded: Graded = future.result()
        return graded
    except KilledWorker:
        return Lost("Every worker that graded this submission died.")
    except CancelledError:
        raise ConnectionError(GONE) from None
    except (SandboxError, OSError):
        raise
    except Exception as error:
        return Lost(f"The grader failed: {type(error).__name__}: {error}")
