"""Faults, each done to the real engine: processes killed, disks full, databases gone, clocks mad.

After each of them nothing is lost and nothing doubled: every student ends with the points of an
undisturbed run, in the journal and in the gradebook, with feedback and a graded notebook.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import textwrap
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import nbformat
import psycopg2
import pytest
from distributed import Client
from nbgrader.api import Gradebook
from sqlalchemy.engine import make_url

from autograder.classroom import Classroom
from autograder.course import Course, environment
from autograder.crew import crew
from autograder.gradebook import GradebookError, GradebookWriter
from autograder.grading import Settings
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

SLOW = ("ben", "dan", "eve")
SLOW_SECONDS = 2
"""How long a slow student's notebook sleeps, after the second of its three questions."""

# The command itself, on a release of three questions, and with a patience that a test can await.
COMMAND = """
import sys
from functools import partial
from pathlib import Path
from autograder import classroom, gradebook
from autograder.cli import app
release, patience = sys.argv.pop(1), sys.argv.pop(1)
classroom.Classroom = partial(classroom.Classroom, release=Path(release))
gradebook.GradebookWriter = partial(gradebook.GradebookWriter, patience=float(patience))
app()
"""


def shortened(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The imports and three functions with their checks: a second's work."""
    kept = {"imports", *ASKED, *(f"check-{name}" for name in ASKED)}
    notebook.cells = [
        cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") in kept
    ]
    return notebook


def notebooks() -> dict[str, nbformat.NotebookNode]:
    """Five submissions: ben, dan and eve are slow, cleo has slipped, dan has done nothing."""
    answers = {name: source for name, source in model_answers(TOPIC).items() if name in ASKED}
    slip = next(v.source for v in variants_of(TOPIC, ASKED[2]) if not v.right)
    made = {
        "ada": shortened(filled(TOPIC, answers)),
        "ben": shortened(filled(TOPIC, answers)),
        "cleo": shortened(filled(TOPIC, {**answers, ASKED[2]: slip})),
        "dan": shortened(filled(TOPIC, {})),
        "eve": shortened(filled(TOPIC, answers)),
    }
    for student in SLOW:
        # The name of a kernel's process tells us from outside whose it is, and that it sleeps.
        sleep = f"""
            import time
            with open("/proc/self/comm", "w") as comm:
                comm.write("{student}-sleeps")
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
                if isinstance(entry, dict):
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
        self, classroom: Classroom, scratch: Path, *options: str, patience: float = 60, **env: str
    ) -> None:
        self.classroom = classroom
        self.scratch = scratch
        self._log = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-c", COMMAND, str(classroom.release), str(patience)),
                *("grade", TOPIC, "--folder", str(classroom.folder), "--jobs", "2", *options),
            ],
            env={**environment(), "TMPDIR": str(scratch), "COLUMNS": "300", **env},
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
        try:
            ended = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            pytest.fail(f"did not end within {seconds} s:\n{self.said()}")
        said = self.said()
        assert ended == code, said
        assert "Traceback" not in said
        assert list(self.scratch.iterdir()) == []
        self.is_gone()
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
                return classroom.grade(
                    TOPIC, client, writer, Settings(), resume=resume, tell=tell
                )

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


def fork_server() -> int:
    """The warm process: its keepers, forked from it, have the same command line."""
    found = {pid: was for pid, was in look().items() if "forkserver.py" in command_line(pid)}
    (first,) = [pid for pid, was in found.items() if was[0] not in found]
    return first


def worker() -> int:
    """The worker process."""
    return look()[fork_server()][0]


@pytest.fixture(scope="module")
def undisturbed(
    release: Path, handed_in: Path, tmp_path_factory: pytest.TempPathFactory, client: Client
) -> dict[str, dict[str, float]]:
    """What the class earns when nothing happens."""
    folder = tmp_path_factory.mktemp("undisturbed")
    shutil.copytree(handed_in, folder / "submitted")
    classroom = Classroom(folder, release=release)
    Grading(classroom, client).ends()
    earned = points(classroom)
    assert earned["ada"] == earned["ben"] == earned["eve"] == POINTS
    assert earned["cleo"][ASKED[2]] < POINTS[ASKED[2]]
    assert earned["dan"] == NOTHING
    assert not failures(classroom)
    return earned


# 1. A process dies.


@pytest.mark.parametrize("victim", [worker, fork_server])
def test_lost_process_costs_nothing(
    undisturbed: dict, classroom: Classroom, client: Client, victim: Callable[[], int]
) -> None:
    """Submissions under way when a worker or its warm process is killed run again."""
    grading = Grading(classroom, client)
    sleeping = kernel("ben")
    os.kill(victim(), signal.SIGKILL)
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
    undisturbed: dict, classroom: Classroom, scratch: Path, how: signal.Signals
) -> None:
    """Whatever ends the command, nothing of it survives, and only what is unfinished runs again."""
    with Run(classroom, scratch) as run:
        run.kernel("ben")
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
    with Run(classroom, scratch, "--resume") as run:
        run.ends()  # and also of the first one no file is left
    again = noted(classroom, "attempt") - tried
    assert set(again) == set(undisturbed) - set(done) and set(again.values()) == {1}
    assert points(classroom) == undisturbed
    assert set(noted(classroom, "graded").values()) == {1}
