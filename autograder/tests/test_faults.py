"""Faults, each done to the real engine: processes killed, disks full, databases gone, clocks mad.

After each of them nothing is lost and nothing doubled: every student ends with the points of an
undisturbed run, in the journal and in the gradebook, with feedback and a graded notebook.
"""

from __future__ import annotations

import contextlib
import csv
import fcntl
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any, TypeVar

import dask
import nbformat
import pytest
from distributed import Client
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, text

from autograder.classroom import Classroom
from autograder.course import Course, environment
from autograder.crew import crew
from autograder.gradebook import GradebookError, GradebookWriter
from autograder.grading import Settings
from autograder.journal import MAX_ATTEMPTS
from autograder.results import Result
from autograder.sample import filled, model_answers, released
from autograder.tests.notebooks import after
from autograder.topics import ROOT
from autograder.variants import variants_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(240),
    pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc"),
]

Answer = TypeVar("Answer")

TOPIC = "02_kl_weight"
ASKED = ("parameter_count", "per_example_weight", "negative_log_likelihood")
POINTS = dict(zip(ASKED, (8.0, 8.0, 10.0), strict=True))
NOTHING = dict.fromkeys(ASKED, 0.0)

PATIENT = 60.0
"""Seconds within which a disturbed class of five has ended, on a busy machine."""

SLOW = ("ben", "dan")
SLOW_SECONDS = 2
"""How long a slow student's notebook sleeps, after the second of its three questions."""


def shortened(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The imports and three functions with their checks: a second's work."""
    kept = {"imports", *ASKED, *(f"check-{name}" for name in ASKED)}
    notebook.cells = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") in kept
    ]
    return notebook


def notebooks(slow: Sequence[str] = SLOW) -> dict[str, nbformat.NotebookNode]:
    """Five submissions: ben and dan are slow, cleo has slipped, dan has done nothing."""
    answers = {name: source for name, source in model_answers(TOPIC).items() if name in ASKED}
    slip = next(v.source for v in variants_of(TOPIC, ASKED[2]) if not v.right)
    made = {
        "ada": shortened(filled(TOPIC, answers)),
        "ben": shortened(filled(TOPIC, answers)),
        "cleo": shortened(filled(TOPIC, {**answers, ASKED[2]: slip})),
        "dan": shortened(filled(TOPIC, {})),
        "eve": shortened(filled(TOPIC, answers)),
    }
    for student in slow:
        # The name of a kernel's process tells us from outside whose it is, and that it sleeps.
        sleep = f"""
            import ctypes, time
            ctypes.CDLL(None).prctl(15, b"{student}-sleeps", 0, 0, 0)  # PR_SET_NAME
            time.sleep({SLOW_SECONDS})
        """
        after(made[student], f"check-{ASKED[1]}", textwrap.dedent(sleep))
    return made


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of three questions."""
    folder = tmp_path_factory.mktemp("release")
    shutil.copytree(ROOT / "exercises" / TOPIC, folder / TOPIC)
    nbformat.write(shortened(released(TOPIC)), folder / TOPIC / f"{TOPIC}.ipynb")
    return folder


@pytest.fixture(scope="module")
def handed_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the five handed in."""
    folder = tmp_path_factory.mktemp("handed-in")
    for student, notebook in notebooks().items():
        Course(folder).submit(student, TOPIC, notebook)
    return folder / "submitted"


@pytest.fixture
def classroom(release: Path, handed_in: Path, tmp_path: Path) -> Classroom:
    """A class of five, not graded yet."""
    shutil.copytree(handed_in, tmp_path / "class" / "submitted")
    return Classroom(tmp_path / "class", release=release)


@pytest.fixture
def quick(release: Path, tmp_path: Path) -> Classroom:
    """The same class, in which nobody is slow."""
    for student, notebook in notebooks(slow=()).items():
        Course(tmp_path / "quick").submit(student, TOPIC, notebook)
    return Classroom(tmp_path / "quick", release=release)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """Two workers, for faults that do not touch them."""
    with crew(jobs=2) as client:
        yield client


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for temporary files; its path is short, as those of sockets must be."""
    with tempfile.TemporaryDirectory(prefix="faults-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


# What came of a class.


def entries(classroom: Classroom) -> list[dict[str, Any]]:
    """The lines of the journal that can be read."""
    read = []
    with contextlib.suppress(FileNotFoundError):
        for line in (classroom.folder / "journal" / f"{TOPIC}.jsonl").read_bytes().splitlines():
            with contextlib.suppress(ValueError):
                entry = json.loads(line)
                if isinstance(entry, dict) and "event" in entry:
                    read.append(entry)
    return read


def noted(classroom: Classroom, event: str) -> Counter[str]:
    """How often the journal notes something of each student."""
    return Counter(entry["student"] for entry in entries(classroom) if entry["event"] == event)


def points(classroom: Classroom, db: str = "") -> dict[str, dict[str, float]]:
    """Points by student and question, after everything that holds them was found to agree."""
    results = {e["student"]: e["result"] for e in entries(classroom) if e["event"] == "graded"}
    journal = {
        student: {question["name"]: question["points"] for question in result["questions"]}
        for student, result in results.items()
    }
    assert set(noted(classroom, "written")) == set(journal)
    with Gradebook(db or classroom.db_url) as gradebook:
        assignment = gradebook.find_assignment(TOPIC)
        rows = [
            (submission.student.id, grade.name.removeprefix("check-"), grade.score)
            for submission in assignment.submissions
            for notebook in submission.notebooks
            for grade in notebook.grades
        ]
        assert len(assignment.submissions) == len(gradebook.students) == len(journal)
    assert len(rows) == len(ASKED) * len(journal)
    assert rows and {(s, q): p for s, q, p in rows} == {
        (s, q): p for s, of in journal.items() for q, p in of.items()
    }
    for student in journal:
        assert nbformat.read(classroom.notebook(student, TOPIC), as_version=4).cells
        assert "</html>" in classroom.feedback(student, TOPIC).read_text(encoding="utf-8")
    table = classroom.report(TOPIC).with_suffix(".csv").read_text(encoding="utf-8")
    assert len(table.splitlines()) == 1 + len(journal)
    assert not [path for path in classroom.folder.rglob(".*") if path.is_file()], "half a file"
    return journal


def failures(classroom: Classroom) -> dict[str, str]:
    """Why submissions failed, by student."""
    results = [entry["result"] for entry in entries(classroom) if entry["event"] == "graded"]
    return {result["student"]: result["failure"] for result in results if result["failure"]}


def once(act: Callable[[], None]) -> Callable[[Result], None]:
    """What `Classroom.grade` can tell its first result."""
    done: list[Result] = []

    def tell(result: Result) -> None:
        done.append(result)
        if len(done) == 1:
            act()

    return tell


# Processes, as /proc has them.


def processes() -> dict[int, tuple[int, str, str]]:
    """Parent, start time and name of every process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                name, fields = (folder / "stat").read_text().split("(", 1)[1].rsplit(")", 1)
                state, parent, *more = fields.split()
                if state not in "ZX":
                    found[int(folder.name)] = int(parent), more[17], name
    return found


def descendants(ancestor: int) -> dict[int, tuple[int, str, str]]:
    """A process' children, their children, and so on."""
    everyone, found = processes(), {ancestor}
    while new := {pid for pid, (parent, *_) in everyone.items() if parent in found} - found:
        found |= new
    return {pid: everyone[pid] for pid in found - {ancestor}}


def command_line(pid: int) -> str:
    with contextlib.suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    return ""


def until(condition: Callable[[], Answer], seconds: float = PATIENT) -> Answer:
    """Wait for a condition; return what it is."""
    deadline = time.monotonic() + seconds
    while not (answer := condition()):
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.1)
    return answer


class Run:
    """The command `autograder grade`, as it runs; it leads a process group, as in a terminal."""

    def __init__(
        self, classroom: Classroom, scratch: Path, *options: str, **variables: str
    ) -> None:
        self.scratch = scratch
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "autograder", "grade", TOPIC, "--jobs", "2"),
                *("--folder", str(classroom.folder), "--release", str(classroom.release)),
                *options,
            ],
            env={**environment(), "TMPDIR": str(scratch), "COLUMNS": "300", **variables},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        self.seen: dict[int, tuple[int, str, str]] = {}

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._log.close()

    def said(self) -> str:
        return os.pread(self._log.fileno(), 10**6, 0).decode("utf-8", "replace")

    def ends(self, code: int = 0, seconds: float = PATIENT) -> str:
        """Wait for the end; nothing of it may last, in memory or among the temporary files."""
        said = self.finish(code, seconds)
        assert list(self.scratch.iterdir()) == []
        self.is_gone()
        return said

    def finish(self, code: int = 0, seconds: float = PATIENT) -> str:
        """Wait for the end."""
        try:
            ended = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"did not end within {seconds} s:\n{self.said()}")
        said = self.said()
        assert ended == code, said
        assert "Traceback" not in said, said
        return said

    def look(self) -> dict[int, tuple[int, str, str]]:
        """The processes that it consists of now; `is_gone` remembers them."""
        assert self.process.poll() is None, self.said()
        found = descendants(self.process.pid)
        self.seen |= found
        return found

    def is_gone(self, seconds: float = 10) -> None:
        """Every process seen ends, and so does whatever works in its temporary folder."""

        def gone() -> bool:
            now = processes()
            left = [pid for pid, was in self.seen.items() if now.get(pid, "")[1:2] == was[1:2]]
            return not left and not any(str(self.scratch) in command_line(pid) for pid in now)

        until(gone, seconds)

    def kernel(self, student: str) -> int:
        """The kernel of a slow student, once it sleeps."""
        name = f"{student}-sleeps"
        return until(lambda: next((p for p, was in self.look().items() if was[2] == name), 0))

    def kill(self, pid: int) -> None:
        self.look()
        os.kill(pid, signal.SIGKILL)


class Grading:
    """`Classroom.grade` in a thread of this process, which shares its workers with other tests."""

    def __init__(
        self,
        classroom: Classroom,
        client: Client,
        db: str = "",
        resume: bool = False,
        patience: float = 60,
        tell: Callable[[Result], None] = lambda result: None,
    ) -> None:
        self.classroom = classroom
        self.said: list[str] = []

        def work() -> list[Result]:
            with GradebookWriter(db or classroom.db_url, patience, self.said.append) as writer:
                return classroom.grade(TOPIC, client, writer, Settings(), resume=resume, tell=tell)

        self._pool = ThreadPoolExecutor(1)
        self._future = self._pool.submit(work)
        self._pool.shutdown(wait=False)

    def ends(self, seconds: float = PATIENT) -> list[Result]:
        return self._future.result(seconds)


def look() -> dict[int, tuple[int, str, str]]:
    """The processes of this session's workers."""
    return descendants(os.getpid())


def kernel(student: str) -> int:
    """The kernel of a slow student, once it sleeps."""
    return until(
        lambda: next((pid for pid, was in look().items() if was[2] == f"{student}-sleeps"), 0)
    )


def fork_server(pid: int) -> int:
    """The warm process that a kernel comes from: the last of its line with this command line.

    The keepers between them, forked from the warm process, have the command line too.
    """
    found, first = look(), 0
    while pid in found:
        if "forkserver.py" in command_line(pid):
            first = pid
        pid = found[pid][0]
    assert first
    return first


def worker(pid: int) -> int:
    """The worker process that a kernel works for."""
    return look()[fork_server(pid)][0]


@pytest.fixture(scope="module")
def finished(
    release: Path, handed_in: Path, tmp_path_factory: pytest.TempPathFactory, client: Client
) -> Classroom:
    """The class, graded while nothing happened."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(handed_in, folder / "submitted")
    classroom = Classroom(folder, release=release)
    Grading(classroom, client).ends()
    return classroom


@pytest.fixture(scope="module")
def undisturbed(finished: Classroom) -> dict[str, dict[str, float]]:
    """What the class earns when nothing happens."""
    earned = points(finished)
    assert earned["ada"] == earned["ben"] == earned["eve"] == POINTS
    assert earned["cleo"][ASKED[2]] < POINTS[ASKED[2]]
    assert earned["dan"] == NOTHING
    assert not failures(finished)
    return earned


# 1. A process dies.


@pytest.mark.parametrize("victim", [worker, fork_server])
def test_lost_process_costs_nothing(
    undisturbed: dict, classroom: Classroom, client: Client, victim: Callable[[int], int]
) -> None:
    """Submissions under way when a worker or its warm process is killed run again."""
    grading = Grading(classroom, client)
    sleeping = kernel("ben")
    os.kill(victim(sleeping), signal.SIGKILL)
    until(lambda: sleeping not in processes(), 10)
    grading.ends()
    assert points(classroom) == undisturbed
    assert not failures(classroom)
    assert set(noted(classroom, "graded").values()) == {1}


def test_killed_kernel_keeps_what_was_earned(
    undisturbed: dict, classroom: Classroom, client: Client
) -> None:
    """It gets a row and a reason; nobody else notices."""
    grading = Grading(classroom, client)
    os.kill(kernel("ben"), signal.SIGKILL)
    grading.ends()
    earned = points(classroom)
    assert earned.pop("ben") == {**POINTS, ASKED[2]: 0.0}
    assert earned == {s: p for s, p in undisturbed.items() if s != "ben"}
    why = failures(classroom)
    assert set(why) == {"ben"} and "The kernel died while it ran this cell (signal 9)" in why["ben"]


# 2., 3. The command itself dies, or is told to stop.


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGINT])
def test_resume_after_the_command_ended(
    undisturbed: dict, classroom: Classroom, client: Client, scratch: Path, how: signal.Signals
) -> None:
    """Whatever ends the command, nothing of it survives, and only what is unfinished runs again."""
    with Run(classroom, scratch) as run:
        os.kill(run.kernel("ben"), signal.SIGSTOP)  # or the class may be done before it is hit
        until(lambda: noted(classroom, "written")["ada"])
        run.look()
        if how == signal.SIGINT:  # a terminal sends it to the whole group
            os.killpg(run.process.pid, how)
            said = run.ends(code=130, seconds=15)
            assert "go on with --resume" in said
        else:
            run.kill(run.process.pid)
            run.process.wait()
            run.is_gone()
    done, tried = noted(classroom, "written"), noted(classroom, "attempt")
    assert 1 <= len(done) < 5
    if how == signal.SIGINT:
        assert tried - noted(classroom, "withdrawn") == done
    if how == signal.SIGINT:
        Grading(classroom, client, resume=True).ends()
    else:
        with Run(classroom, scratch, "--resume") as run:
            run.ends()  # and also of the first one no file is left
    again = noted(classroom, "attempt") - tried
    assert set(again) == set(undisturbed) - set(done) and set(again.values()) == {1}
    assert points(classroom) == undisturbed
    assert set(noted(classroom, "graded").values()) == {1}


def test_interruptions_are_not_held_against_a_submission(
    undisturbed: dict, quick: Classroom, client: Client
) -> None:
    """Who stops the grader three times finds nobody given up."""

    def stop(result: Result) -> None:
        raise KeyboardInterrupt

    for _ in range(MAX_ATTEMPTS):
        with pytest.raises(KeyboardInterrupt):
            Grading(quick, client, tell=stop).ends()
    Grading(quick, client, resume=True).ends()
    assert points(quick) == undisturbed
    assert not failures(quick)


# 4. A disk is full.


@contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    """A disk of 8 MB in place of a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(folder)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True).returncode != 0:
        pytest.skip("only root may mount a small disk")
    lock = os.open(folder, os.O_RDONLY)
    # Mounted over a scratch folder, the disk hides its lock: another grading would take it for a
    # dead one's and empty it.
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        yield Disk(folder / "ballast")
    finally:
        os.close(lock)
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@dataclass(frozen=True)
class Disk:
    """A disk that can be filled, and freed again."""

    ballast: Path

    def fill(self) -> None:
        with self.ballast.open("ab", buffering=0) as file, contextlib.suppress(OSError):
            for size in (2**16, 1):  # to the last page
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free(self) -> None:
        self.ballast.unlink()


@pytest.mark.parametrize("place", ["journal", "autograded", "gradebook"])
def test_full_disk_stops_the_class(
    undisturbed: dict, quick: Classroom, client: Client, place: str
) -> None:
    """It ends with the reason; once there is room, the rest is done."""
    with small_disk(quick.folder / place) as disk:
        db = f"sqlite:///{quick.folder / place / 'gradebook.db'}" * (place == "gradebook")
        with pytest.raises((OSError, GradebookError), match=r"No space left|disk is full"):
            Grading(quick, client, db, patience=1, tell=once(disk.fill)).ends()
        graded, tried = noted(quick, "graded"), noted(quick, "attempt")
        assert 1 <= len(graded) < 5
        disk.free()
        Grading(quick, client, db, resume=True).ends()
        assert points(quick, db) == undisturbed
        again = noted(quick, "attempt") - tried
        assert not set(again) & set(graded) and set(again.values()) == {1}
        assert set(noted(quick, "graded").values()) == {1}
    assert not failures(quick)


def test_full_disk_of_a_worker_stops_the_class(
    undisturbed: dict, quick: Classroom, client: Client
) -> None:
    """No room for a submission's files is nothing that the submission did."""
    with small_disk(Path(dask.config.get("temporary-directory"))) as disk:
        disk.fill()
        with pytest.raises(OSError, match="No space left"):
            Grading(quick, client).ends()
        disk.free()
        assert not noted(quick, "graded")
        Grading(quick, client, resume=True).ends()
    assert not failures(quick)
    assert points(quick) == undisturbed


# 5. The gradebook cannot be written.


@contextmanager
def locked(database: Path, how: str, seconds: float) -> Iterator[None]:
    """Another process holds an SQLite database for some time.

    Args:
        database: the file.
        how: "IMMEDIATE" lets others read, so that our first failure lies deep within nbgrader;
            "EXCLUSIVE" does not.
        seconds: how long.
    """
    code = """
import sqlite3, sys, time
sqlite3.connect(sys.argv[1], isolation_level=None).execute(f"BEGIN {sys.argv[2]}")
print("locked", flush=True)
time.sleep(float(sys.argv[3]))
"""
    command = [sys.executable, "-c", code, str(database), how, str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as holder:
        assert holder.stdout is not None and holder.stdout.readline() == b"locked\n"
        try:
            yield
        finally:
            holder.kill()


def test_locked_gradebook_is_waited_for(
    undisturbed: dict, quick: Classroom, client: Client
) -> None:
    """SQLite itself waits for five seconds; we say so and wait on."""
    with ExitStack() as stack:

        def lock() -> None:
            stack.enter_context(locked(quick.folder / "gradebook.db", "IMMEDIATE", seconds=7))

        grading = Grading(quick, client, tell=once(lock))
        grading.ends()
    assert points(quick) == undisturbed
    assert set(grading.said) == {
        "The gradebook cannot be written (database is locked); trying again."
    }


def test_results_outlive_a_gradebook_that_stays_locked(
    undisturbed: dict, quick: Classroom, client: Client
) -> None:
    """What was graded is entered later, and does not run again."""
    with ExitStack() as stack:

        def lock() -> None:
            stack.enter_context(locked(quick.folder / "gradebook.db", "EXCLUSIVE", seconds=600))

        grading = Grading(quick, client, tell=once(lock), patience=1)
        with pytest.raises(GradebookError, match=r"locked.*grade again with --resume"):
            grading.ends(20)
    graded, tried = noted(quick, "graded"), noted(quick, "attempt")
    assert sum(graded.values()) > sum(noted(quick, "written").values()) >= 1
    Grading(quick, client, resume=True).ends()
    assert points(quick) == undisturbed
    again = noted(quick, "attempt") - tried
    assert set(again) == set(undisturbed) - set(graded)
    assert set(noted(quick, "graded").values()) == {1}


class Postgres:
    """A PostgreSQL server of our own, in a folder of its own, on a socket there."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._folder, self._programs = folder, programs
        self._as = []
        if os.getuid() == 0:  # it refuses to run as root
            shutil.chown(folder, "postgres", "postgres")
            runuser = shutil.which("runuser", path=f"{os.environ['PATH']}:/usr/sbin:/sbin")
            self._as = [str(runuser), "-u", "postgres", "--"]
        self._run("initdb", "--username=grader", "--auth=trust", "--no-sync")
        self.url = f"postgresql://grader@/postgres?host={folder}"

    def _run(self, program: str, *arguments: str) -> None:
        command = [*self._as, str(self._programs / program), "-D", f"{self._folder}/data"]
        done = subprocess.run(
            [*command, *arguments],
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert done.returncode == 0, done.stderr

    def start(self) -> None:
        options = f"-c listen_addresses= -c unix_socket_directories={self._folder} -c fsync=off"
        self._run("pg_ctl", "start", "-w", "-l", f"{self._folder}/log", "-o", options)

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "-m", "immediate")


@pytest.fixture(scope="module")
def server() -> Iterator[Postgres]:
    """A server that may be stopped."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed")
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        server = Postgres(found[-1].parent, Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop()


def emptied(url: str) -> str:
    """A database without anything in it."""
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("DROP SCHEMA public CASCADE"))
        connection.execute(text("CREATE SCHEMA public"))
    engine.dispose()
    return url


@pytest.fixture
def postgres(request: pytest.FixtureRequest) -> str:
    """An empty PostgreSQL database."""
    given = os.environ.get("AUTOGRADER_TEST_POSTGRES")
    return emptied(given or request.getfixturevalue("server").url)


def test_postgresql_holds_the_same(
    undisturbed: dict, quick: Classroom, client: Client, postgres: str, tmp_path: Path
) -> None:
    """The same scores as in SQLite, for nbgrader's own tools, too."""
    Grading(quick, client, postgres).ends()
    assert points(quick, postgres) == undisturbed
    exported = tmp_path / "grades.csv"
    subprocess.run(
        [sys.executable, "-m", "nbgrader", "export", "--db", postgres, "--to", str(exported)],
        cwd=tmp_path,
        env=environment(),
        check=True,
        capture_output=True,
    )
    with exported.open() as file:
        rows = {row["student_id"]: float(row["score"]) for row in csv.DictReader(file)}
    assert rows == {student: sum(of.values()) for student, of in undisturbed.items()}


def test_postgresql_may_go_for_a_while(
    undisturbed: dict, classroom: Classroom, client: Client, server: Postgres
) -> None:
    """A server that is stopped in the middle and started again is waited for."""
    db = emptied(server.url)

    def restart() -> None:
        server.stop()
        Timer(4, server.start).start()

    grading = Grading(classroom, client, db, tell=once(restart))
    grading.ends()
    assert points(classroom, db) == undisturbed
    assert grading.said and all("trying again" in said for said in grading.said)
    assert set(noted(classroom, "attempt").values()) == {1}


# 6. The clock jumps.


def test_clock_may_jump(
    undisturbed: dict, classroom: Classroom, scratch: Path, tmp_path: Path
) -> None:
    """A day forward, then a day back behind the start, while submissions run."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    if not found:
        pytest.skip("faketime is not installed")
    offset = tmp_path / "offset"
    offset.write_text("+0d")
    clock = {
        "LD_PRELOAD": str(found[0]),
        "FAKETIME_TIMESTAMP_FILE": str(offset),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "NO_FAKE_STAT": "1",
    }
    with Run(classroom, scratch, **clock) as run:
        run.kernel("ben")
        offset.write_text("+1d")
        until(lambda: any(e["time"] > time.time() + 86000 for e in entries(classroom)))
        offset.write_text("-1d")
        run.ends()
    assert points(classroom) == undisturbed
    assert not failures(classroom)
    assert set(noted(classroom, "attempt").values()) == {1}
    seen = [entry["time"] for entry in entries(classroom)]
    assert max(seen) - min(seen) > 1.9 * 86400


# 7. Two at once.


def test_second_grader_of_a_class_refuses(
    undisturbed: dict, classroom: Classroom, client: Client, scratch: Path
) -> None:
    """It says why, and the first one notices nothing."""
    grading = Grading(classroom, client)
    ben = kernel("ben")
    os.kill(ben, signal.SIGSTOP)  # The first one is at work for as long as the second one needs.
    with Run(classroom, scratch, "--resume") as second:
        said = second.ends(code=1)
    os.kill(ben, signal.SIGCONT)
    assert "Another process is grading this class" in said
    grading.ends()
    assert points(classroom) == undisturbed
    assert set(noted(classroom, "attempt").values()) == {1}


def test_two_classes_share_a_gradebook(
    undisturbed: dict, quick: Classroom, client: Client, postgres: str
) -> None:
    """Two folders with the same students, one new database: every row once."""
    second = Classroom(quick.folder.with_name("second"), release=quick.release)
    shutil.copytree(quick.submitted, second.submitted)
    for grading in [Grading(of, client, postgres) for of in (quick, second)]:
        grading.ends()
    assert points(quick, postgres) == points(second, postgres) == undisturbed


# 8. The journal is damaged.


@pytest.mark.parametrize("cut", ["graded", "written"])
def test_torn_journal(
    undisturbed: dict, finished: Classroom, client: Client, tmp_path: Path, cut: str
) -> None:
    """A last line cut in half, and garbage in between, cost what they held and no more."""
    shutil.copytree(finished.folder, tmp_path / "class")
    classroom = Classroom(tmp_path / "class", release=finished.release)
    path = classroom.folder / "journal" / f"{TOPIC}.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    last = max(i for i, line in enumerate(lines) if json.loads(line)["event"] == cut)
    lines[last:] = [lines[last][: len(lines[last]) // 2]]
    garbage = [b"\xff\x00 no line \xfe\n", b"\0" * 600 + b"\n", b"5\n", b"null\n", b"{}\n", b"\n"]
    lines[3:3] = garbage
    path.write_bytes(b"".join(lines))
    graded, tried = noted(classroom, "graded"), noted(classroom, "attempt")
    assert len(graded) == (4 if cut == "graded" else 5)
    Grading(classroom, client, resume=True).ends()
    assert points(classroom) == undisturbed
    again = noted(classroom, "attempt") - tried
    assert set(again) == set(undisturbed) - set(graded)
    assert set(noted(classroom, "graded").values()) == {1}


# 9. A cluster goes.

CLUSTER = """
import time
from distributed import LocalCluster
if __name__ == "__main__":
    cluster = LocalCluster(n_workers=1, threads_per_worker=2, dashboard_address=None)
    print(cluster.scheduler_address, flush=True)
    time.sleep(600)
"""


def test_lost_cluster_stops_the_class(
    undisturbed: dict, classroom: Classroom, client: Client, scratch: Path
) -> None:
    """Nobody loses a point because a scheduler went."""
    with subprocess.Popen(
        [sys.executable, "-c", CLUSTER],
        env={**environment(), "TMPDIR": str(scratch)},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        with Run(classroom, scratch, "--scheduler", address) as run:
            kernel("ben")
            cluster.kill()
            said = run.finish(code=1)
    assert "The scheduler of the workers has gone" in said
    Grading(classroom, client, resume=True).ends()
    assert points(classroom) == undisturbed
    assert not failures(classroom)
