"""A class graded as an instructor would: from a zip to a table, again, and on a cluster."""

from __future__ import annotations

import csv
import gc
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from autograder.bench import LIGHT, light
from autograder.classroom import Classroom
from autograder.course import environment
from autograder.crew import crew
from autograder.gradebook import GradebookWriter
from autograder.grading import Assignment, Graded, Settings
from autograder.limits import Limits
from autograder.results import Result
from autograder.sample import filled, model_answers, released
from autograder.submissions import Submission
from autograder.topics import COURSE_ID, ROOT

TOPIC = "02_kl_weight"
ANSWERS = model_answers(TOPIC)
WORK = {
    "Ada Lovelace_101": {name: ANSWERS[name] for name in LIGHT},
    "Ben Bitdiddle_102": {"parameter_count": ANSWERS["parameter_count"]},
    "Cleo Cat_103": {},
}
DESERVED = {"Ada Lovelace_101": 26.0, "Ben Bitdiddle_102": 8.0, "Cleo Cat_103": 0.0}

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assignment with three of its questions: what is tested here is not their number."""
    folder = tmp_path_factory.mktemp("release")
    shutil.copytree(ROOT / "exercises" / TOPIC, folder / TOPIC)
    nbformat.write(light(released(TOPIC)), folder / TOPIC / f"{TOPIC}.ipynb")
    return folder


def autograder(*words: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "autograder", *map(str, words)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment(),
    )


@pytest.fixture(scope="module")
def graded(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    """A class whose work came in a zip from Moodle, with a broken file and a foreign one in it."""
    folder = tmp_path_factory.mktemp("class")
    zipped = folder / "submissions.zip"
    with zipfile.ZipFile(zipped, "w") as archive:
        for student, answers in WORK.items():
            notebook = nbformat.writes(light(filled(TOPIC, answers)))
            archive.writestr(f"{student}_assignsubmission_file_/{TOPIC}.ipynb", notebook)
        archive.writestr(f"Dan Daft_104_assignsubmission_file_/{TOPIC}.ipynb", "{broken")
    done = autograder(
        *("grade", TOPIC, "--submitted", zipped, "--folder", folder, "--release", release)
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return Classroom(folder, release)


def points(classroom: Classroom) -> dict[str, float]:
    with GradebookWriter(classroom.db_url) as writer:
        return writer.points(TOPIC)


def test_from_a_zip_to_a_table(graded: Classroom) -> None:
    with graded.report(TOPIC).with_suffix(".csv").open(newline="", encoding="utf-8") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    earned = {student: float(row["points"]) for student, row in rows.items()}
    assert earned == points(graded) == {**DESERVED, "Dan Daft_104": 0.0}
    assert "JSON" in rows["Dan Daft_104"]["failure"]
    assert float(rows["Ada Lovelace_101"]["parameter_count"]) == 8


def test_everybody_has_feedback_and_a_notebook(graded: Classroom) -> None:
    for student in points(graded):
        page = graded.feedback(student, TOPIC).read_text(encoding="utf-8")
        assert "http-equiv" in page and "<script" not in page
        nbformat.validate(nbformat.read(graded.notebook(student, TOPIC), as_version=4))
    assert "broken" not in graded.feedback("Ada Lovelace_101", TOPIC).read_text()


def test_resume_runs_nothing_again(graded: Classroom) -> None:
    journal = graded.folder / "journal" / f"{TOPIC}.jsonl"
    before = journal.read_bytes()
    done = autograder(
        *("grade", TOPIC, "--resume", "--folder", graded.folder, "--release", graded.release)
    )
    assert done.returncode == 0 and journal.read_bytes() == before


def test_a_question_judged_anew(graded: Classroom) -> None:
    """The check as it was before it was mended is played by a journal that says otherwise."""
    with graded.journal(TOPIC) as journal:
        result = journal.result("Ada Lovelace_101")
        digest = journal.digest("Ada Lovelace_101")
        assert result is not None and digest is not None
        wrong = replace(result.questions[0], points=3.0)
        misjudged = replace(result, questions=(wrong, *result.questions[1:]))
        journal.graded(digest, misjudged)
    with GradebookWriter(graded.db_url) as writer:
        writer.write(misjudged)
    assert points(graded)["Ada Lovelace_101"] == 21
    done = autograder(
        *("regrade", TOPIC, "parameter_count", "--folder", graded.folder),
        *("--release", graded.release),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 gain, 0 lose, 2 stay" in done.stdout
    assert points(graded) == {**DESERVED, "Dan Daft_104": 0.0}
    page = graded.feedback("Ada Lovelace_101", TOPIC).read_text(encoding="utf-8")
    assert "26" in page


def test_what_a_person_decides_stands(graded: Classroom) -> None:
    with Gradebook(graded.db_url, COURSE_ID) as gradebook:
        grade = gradebook.find_grade("check-per_example_weight", TOPIC, TOPIC, "Ben Bitdiddle_102")
        grade.manual_score = 5.0
        gradebook.db.commit()
    done = autograder("report", TOPIC, "--folder", graded.folder, "--release", graded.release)
    assert done.returncode == 0, done.stdout + done.stderr
    assert points(graded)["Ben Bitdiddle_102"] == 13
    table = graded.report(TOPIC).with_suffix(".csv").read_text()
    assert "Ben Bitdiddle_102,13," in table


@pytest.fixture(scope="module")
def scheduler() -> Iterator[str]:
    """A Dask cluster with two worker processes, started by Dask's own commands."""
    port = 8900 + int(time.time()) % 90
    address = f"tcp://127.0.0.1:{port}"
    dask = [sys.executable, "-m", "dask"]
    commands = [
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"],
        [*dask, "worker", address, "--nworkers", "2", "--nthreads", "1", "--no-dashboard"],
    ]
    running = [
        subprocess.Popen(
            command, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        for command in commands
    ]
    yield address
    for process in reversed(running):
        process.terminate()
        process.wait(30)


def test_a_cluster_grades_alike(graded: Classroom, scheduler: str, tmp_path: Path) -> None:
    shutil.copytree(graded.submitted, tmp_path / "submitted")
    classroom = Classroom(tmp_path, graded.release)
    with crew(scheduler=scheduler) as client, GradebookWriter(classroom.db_url) as writer:
        client.wait_for_workers(2, timeout=60)
        results = classroom.grade(TOPIC, client, writer, Settings())
    assert {r.student: r.points for r in results} == {**DESERVED, "Dan Daft_104": 0.0}


def _fails(*_: object) -> None:
    raise ZeroDivisionError("of the grader's own")


def test_a_submission_that_the_grader_fails_on_has_a_row(
    graded: Classroom, scheduler: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("autograder.crew.grade_submission", _fails)
    shutil.copytree(graded.submitted, tmp_path / "submitted")
    classroom = Classroom(tmp_path, graded.release)
    with crew(scheduler=scheduler) as client, GradebookWriter(classroom.db_url) as writer:
        results = classroom.grade(TOPIC, client, writer, Settings())
    assert points(classroom) == dict.fromkeys(points(graded), 0.0)
    for result in results:
        assert "ZeroDivisionError: of the grader's own" in (result.failure or "")
        assert f"--student {result.student}." in (result.failure or "")


def _at_once(assignment: Assignment, submission: Submission, settings: Settings) -> Graded:
    questions = tuple(assignment.questions().values())
    return Graded(Result(submission.student, TOPIC, questions), assignment.notebook)


def test_a_graded_submission_is_kept_in_no_memory(
    release: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Dask's scheduler, in this process, would keep its last thousand messages."""
    monkeypatch.setattr("autograder.crew.grade_submission", _at_once)
    notebook = nbformat.writes(light(filled(TOPIC, ANSWERS)))
    for number in range(60):
        folder = tmp_path / "submitted" / f"s{number:02d}" / TOPIC
        folder.mkdir(parents=True)
        (folder / f"{TOPIC}.ipynb").write_text(notebook)
    classroom = Classroom(tmp_path, release)
    with (
        crew(jobs=1, warm=False) as client,
        GradebookWriter(classroom.db_url) as writer,
    ):
        results = classroom.grade(TOPIC, client, writer, Settings())
        gc.collect()
        kept = sum(isinstance(thing, Submission) for thing in gc.get_objects())
    assert len(results) == 60 and kept < 10


def test_the_process_that_writes_imports_no_tensorflow() -> None:
    """It stays small, and nothing in it runs what students wrote."""
    code = (
        "import sys, autograder.cli, autograder.classroom, autograder.crew;"
        "from autograder.checks import checks_of; checks_of('02_kl_weight');"
        "sys.exit('tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], env=environment()).returncode == 0


def test_limits_are_positive() -> None:
    with pytest.raises(ValueError, match="memory_mb"):
        Limits(memory_mb=0)


def test_results_survive_their_journey() -> None:
    result = Result("å", TOPIC, (), failure="\ud800 broke")
    assert Result.from_json(result.to_json()) == result
