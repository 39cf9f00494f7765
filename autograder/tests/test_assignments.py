"""The two-way gate of every assignment: what is right earns everything, each mistake its loss.

A class goes through the engine for each topic: the reference, the untouched stub, a notebook of
other right answers, and two with a plausible mistake in every other function. A mistake costs the
points of its own question and no others. Every other variant is tried by the checks' own tests.
"""

from __future__ import annotations

import filecmp
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import nbformat
import psutil
import pytest
from distributed import Client
from nbclient import NotebookClient

from autograder.builder import LIBRARY, build_source, solution_source
from autograder.checks import checks_of
from autograder.classroom import Classroom
from autograder.course import Course
from autograder.crew import crew
from autograder.engine import ProbeAndJudge
from autograder.gradebook import GradebookWriter
from autograder.grading import Settings
from autograder.results import Result
from autograder.sample import filled, model_answers
from autograder.sandbox import fork_server
from autograder.topics import ROOT, TOPICS, module_name, written_topics
from autograder.variants import Variant, variants_of

# The class of a topic is graded within the first test that asks for it.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

TOTAL, WRITTEN = 100, 10
"""Points of an assignment, and of its written question, which waits for a person."""

CELL_SECONDS, NOTEBOOK_SECONDS = 30, 180
"""What a cell, and a whole notebook, may take a student's laptop."""

GRADING_SECONDS = 20
"""Processor time that grading one complete submission may cost there, beyond start-up."""


def some_variants(topic: str, right: bool) -> list[Variant]:
    """For every function one that is right, or one that is not; of several kinds."""
    chosen = []
    for place, name in enumerate(checks_of(topic)):
        found = [v for v in variants_of(topic, name) if v.right == right]
        chosen.append(found[place % len(found)])
    return chosen


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with crew(jobs=2) as client:
        yield client


@pytest.fixture(scope="module", params=written_topics())
def topic(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def source(topic: str) -> Path:
    """The instructor's version, as the text and the library make it today."""
    return build_source(topic)


@pytest.fixture(scope="module")
def release(topic: str, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What students receive of it."""
    folder = tmp_path_factory.mktemp("course")
    Course(folder, release=folder / "release").generate_assignment(topic)
    return folder / "release" / topic


@pytest.fixture(scope="module")
def replaced(topic: str) -> dict[str, list[Variant]]:
    """By student: what stands in the place of the reference's functions.

    Those with mistakes have them in every other function, and in each of those between.
    """
    wrong = some_variants(topic, right=False)
    return {
        "reference": [],
        "right": some_variants(topic, right=True),
        "wrong-0": wrong[::2],
        "wrong-1": wrong[1::2],
    }


@pytest.fixture(scope="module")
def classroom(topic: str, tmp_path_factory: pytest.TempPathFactory) -> Classroom:
    return Classroom(tmp_path_factory.mktemp("class"))


@pytest.fixture(scope="module")
def results(
    topic: str, replaced: dict[str, list[Variant]], client: Client, classroom: Classroom
) -> dict[str, Result]:
    """A class of right and wrong submissions, graded."""
    answers, course = model_answers(topic), Course(classroom.folder)
    course.submit("stub", topic, filled(topic, {}))
    for student, variants in replaced.items():
        own = {variant.function: variant.source for variant in variants}
        course.submit(student, topic, filled(topic, answers | own))
    with GradebookWriter(classroom.db_url) as writer:
        graded = classroom.grade(topic, client, writer, Settings())
    return {result.student: result for result in graded}


def points(result: Result) -> dict[str, float]:
    """By question, without those that wait for a person."""
    return {question.name: question.points for question in result.questions if not question.by_hand}


def full(topic: str) -> dict[str, float]:
    return {name: check.points for name, check in checks_of(topic).items()}


def files_in(folder: Path) -> set[Path]:
    return {
        path.relative_to(folder)
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


# ------------------------------------------------------------------------------- the release


def test_committed_release_is_what_the_sources_make(topic: str, release: Path) -> None:
    """`exercises/`, byte for byte."""
    committed = ROOT / "exercises" / topic
    assert files_in(release) == files_in(committed), "run `make exercises`"
    _, differing, unread = filecmp.cmpfiles(
        release, committed, map(str, files_in(release)), shallow=False
    )
    assert not differing and not unread, f"run `make exercises`: {differing} differ"


def test_release_holds_no_answer(topic: str, release: Path) -> None:
    """No solution body, hidden test, marking scheme or later module reaches a student."""
    files = [path for path in files_in(release) if path.suffix in (".py", ".ipynb", ".json")]
    text = "\n".join((release / path).read_text(encoding="utf-8") for path in files)
    later = {module_name(other) for other in TOPICS[TOPICS.index(topic) :]}
    assert {path.stem for path in files if path.suffix == ".py"}.isdisjoint(later)
    for marker in ("BEGIN SOLUTION", "HIDDEN", "MARK SCHEME", "autograder.hidden", "def _true"):
        assert marker not in text
    cells = nbformat.read(release / f"{topic}.ipynb", as_version=4).cells
    text += "\n".join(cell.source for cell in cells)
    library = (LIBRARY / f"{module_name(topic)}.py").read_text(encoding="utf-8")
    for name in checks_of(topic):
        for body in solution_source(library, name).split("### BEGIN SOLUTION\n")[1:]:
            assert body.split("### END SOLUTION")[0].strip() not in text, name


def test_shipped_modules_import_alone(release: Path) -> None:
    """What is shipped works without the rest of the library."""
    modules = [path.stem for path in (release / "bayescnn").glob("*.py")]
    imports = "; ".join(f"import bayescnn.{m}" for m in modules if m != "__main__")
    done = subprocess.run(
        [sys.executable, "-c", f"{imports}; print(bayescnn.__file__)"],
        cwd=release,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert str(release) in done.stdout


def test_release_has_six_to_ten_functions_for_one_hundred_points(topic: str) -> None:
    assert 6 <= len(checks_of(topic)) <= 10
    assert sum(full(topic).values()) == TOTAL - WRITTEN


def test_source_notebook_is_stock_nbgrader(topic: str, source: Path) -> None:
    """The instructor's version validates, and holds what nbgrader's own tools look for."""
    notebook = nbformat.read(source / f"{topic}.ipynb", as_version=4)
    nbformat.validate(notebook)
    text = json.dumps(notebook)
    for marker in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME"):
        assert marker in text


def executed(topic: str, folder: Path, timeout: int) -> nbformat.NotebookNode:
    """The model answers' notebook, run in a copy of the release; timeout is in seconds a cell."""
    shutil.copytree(ROOT / "exercises" / topic, folder / topic)
    notebook = filled(topic, model_answers(topic))
    where = {"metadata": {"path": str(folder / topic)}}
    NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=where).execute()
    return notebook


def test_it_runs_from_top_to_bottom(
    topic: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a figure at the end of it. ``make timings`` trains for as long as a student does."""
    monkeypatch.setenv("BAYESCNN_EPOCHS", "4")
    notebook = executed(topic, tmp_path, timeout=900)
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs)
    said = "".join(output.text for output in outputs if output.get("name") == "stdout")
    assert said.count("✓") >= len(checks_of(topic)) and "✗" not in said


@pytest.mark.timed
def test_it_takes_a_student_little_time(topic: str, tmp_path: Path) -> None:
    """Every cell in its time, and the whole in its time."""
    began = time.monotonic()
    executed(topic, tmp_path, timeout=CELL_SECONDS)
    assert time.monotonic() - began < NOTEBOOK_SECONDS


# ------------------------------------------------------------------------------- the grades


def test_nothing_failed(results: dict[str, Result]) -> None:
    assert {student: r.failure for student, r in results.items() if r.failure} == {}


def test_nothing_raises_beside_right_answers(
    topic: str, results: dict[str, Result], classroom: Classroom
) -> None:
    """No cell needs one that is left out in grading."""
    path = classroom.folder / "autograded" / "reference" / topic / f"{topic}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert [output for output in outputs if output.output_type == "error"] == []


def test_stub_earns_nothing(topic: str, results: dict[str, Result]) -> None:
    assert points(results["stub"]) == dict.fromkeys(full(topic), 0.0)


@pytest.mark.parametrize("student", ["reference", "right", "wrong-0", "wrong-1"])
def test_a_mistake_costs_its_own_question(
    topic: str, results: dict[str, Result], replaced: dict[str, list[Variant]], student: str
) -> None:
    """What is right earns everything, also beside a mistake."""
    titles = {variant.function: variant.title for variant in replaced[student]}
    left = {v.function: full(topic)[v.function] - v.loses for v in replaced[student]}
    assert points(results[student]) == full(topic) | left, titles


def test_one_written_question_waits_for_a_person(results: dict[str, Result]) -> None:
    waiting = [q for q in results["reference"].questions if q.by_hand]
    assert [(q.points, q.max_points) for q in waiting] == [(0, WRITTEN)]


@pytest.mark.timed
def test_grading_is_quick(topic: str) -> None:
    """Processor time of all that its kernel ran."""
    used = [0.0]

    def note(**kwargs: object) -> None:
        kernels = psutil.Process(fork_server().pid).children(recursive=True)
        used.append(sum(sum(kernel.cpu_times()[:2]) for kernel in kernels))

    engine = ProbeAndJudge(on_cell_complete=note)
    engine.preprocess(
        filled(topic, model_answers(topic)),
        {"nbgrader": {"assignment": topic}, "metadata": {"path": str(ROOT / "exercises" / topic)}},
    )
    assert sum(verdict.points for verdict in engine.verdicts.values()) == TOTAL - WRITTEN
    assert 0 < max(used) < GRADING_SECONDS
