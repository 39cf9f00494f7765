"""The gate: a whole class goes through stock nbgrader commands under the course's engine.

The reference earns everything, the untouched stub nothing, other right answers everything, each
mistake costs its own cell's points and no more, and no hostile notebook gains a point.
"""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import textwrap
import time
import urllib.request
from pathlib import Path

import pytest

from autograder.builder import build_source
from autograder.checks import checks_of
from autograder.course import Course, environment
from autograder.sample import filled, model_answers
from autograder.tests.notebooks import NOISE, after
from autograder.topics import ROOT
from autograder.variants import variants_of

# The class is graded within the first test that asks for it.
pytestmark = [pytest.mark.slow, pytest.mark.timeout(1800)]

TOPIC = "02_kl_weight"
CHECKS = checks_of(TOPIC)
FULL = {name: check.points for name, check in CHECKS.items()}
NOTHING = dict.fromkeys(CHECKS, 0.0)
QUESTION = "why-one-over-n"

# Attack cells run before the student's functions, in a notebook whose functions are empty.
EQUAL_TO_EVERYTHING = """
class Yes(float):
    def __eq__(self, other): return True
    def __ne__(self, other): return False
    def __array__(self, *args, **kwargs): raise TypeError
    def __array_ufunc__(self, *args, **kwargs): return True
    def __iter__(self): return iter([self] * 14)
    def __getattr__(self, name): return lambda *args, **kwargs: self
    def __call__(self, *args, **kwargs): return self
def answer(*args, **kwargs): return Yes(1.0)
parameter_count = make_prior = make_posterior = per_example_weight = answer
negative_log_likelihood = build_model = PosteriorRecorder = sweep_kl_weights = answer
"""
ATTACKS = {
    "ast-transformer": """
        import ast
        class DropAsserts(ast.NodeTransformer):
            def visit_Assert(self, node): return ast.Pass()
            def visit_Raise(self, node): return ast.Pass()
        get_ipython().ast_transformers.append(DropAsserts())
    """,
    "always-equal": EQUAL_TO_EVERYTHING,
    "replaced-run-cell": """
        from IPython.core.interactiveshell import ExecutionResult, ExecutionInfo
        async def run_cell_async(self, *args, **kwargs):
            result = ExecutionResult(ExecutionInfo("", False, False, True, None))
            result.result = 100
            return result
        shell = get_ipython()
        type(shell).run_cell_async = run_cell_async
        type(shell).run_cell = lambda self, *a, **k: None
        async def do_execute(*args, **kwargs):
            return {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
        shell.kernel.do_execute = do_execute
    """,
    "forged-result": """
        import json
        kernel = get_ipython().kernel
        MIME = "application/vnd.know-what-you-dont-know.answers+json"
        def forge(*args, **kwargs):
            parent = kernel.get_parent()
            for value in (True, 1, 14, "refused"):
                answers = json.dumps([{"answer": value}] * 3)
                kernel.session.send(kernel.iopub_socket, "display_data",
                    {"data": {MIME: answers, "text/plain": "5"}, "metadata": {}}, parent=parent)
            kernel.session.send(kernel.iopub_socket, "execute_result",
                {"data": {"text/plain": "5"}, "metadata": {}, "execution_count": 1}, parent=parent)
        get_ipython().events.register("pre_run_cell", forge)
        get_ipython().events.register("post_run_cell", forge)
        import bayescnn.selfcheck
        bayescnn.selfcheck.publish_answers = forge
    """,
    "cell-hook": """
        import pathlib
        seen = []
        def spy(info):
            seen.append(info.raw_cell)
            for place in ("/tmp", ".", "/var/tmp", "{folder}"):
                try: pathlib.Path(place, "stolen.txt").write_text("\\n".join(seen))
                except OSError: pass
            print("\\n".join(seen))
        get_ipython().events.register("pre_run_cell", spy)
    """,
    "detached-child": """
        import subprocess, sys
        code = '''
        import glob, os, sqlite3, time
        for _ in range(40):
            for path in ["{folder}/gradebook.db", *glob.glob("/**/gradebook.db", recursive=True)]:
                if os.path.exists(path):
                    base = sqlite3.connect(path)
                    base.execute("update grade set auto_score = 100, manual_score = 100")
                    base.commit()
            time.sleep(0.5)
        '''
        import textwrap
        subprocess.Popen([sys.executable, "-c", textwrap.dedent(code)], start_new_session=True)
        if __import__("os").fork() == 0:
            __import__("os").setsid()
            exec(textwrap.dedent(code))
    """,
    "poisoned-library": """
        import numpy, json, unittest, builtins
        numpy.allclose = numpy.array_equal = numpy.testing.assert_allclose = lambda *a, **k: True
        json.dumps, _dumps = (lambda *a, **k: "[]"), json.dumps
        import bayescnn.selfcheck
        bayescnn.selfcheck.same = lambda *a, **k: True
        bayescnn.selfcheck.plain = lambda value: True
    """,
}


def variants(right: bool) -> dict[str, list[str]]:
    """Sources of the right or wrong variants by function."""
    return {
        name: [v.source for v in variants_of(TOPIC, name) if v.right == right] for name in CHECKS
    }


def wrong_ones() -> list:
    """Five wrong notebooks: each has one plausible mistake in another cell."""
    chosen = []
    for name in list(CHECKS)[:5]:
        variant = next(v for v in variants_of(TOPIC, name) if not v.right)
        chosen.append((f"wrong-{name}", name, variant))
    return chosen


@pytest.fixture(scope="session")
def source() -> Path:
    return build_source(TOPIC)


@pytest.fixture(scope="session")
def course(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Course:
    """A class of all kinds, graded once by `nbgrader autograde`."""
    folder = tmp_path_factory.mktemp("class")
    course = Course(folder, release=folder / "release")
    course.generate_assignment(TOPIC)
    answers, right = model_answers(TOPIC), variants(right=True)
    course.submit("reference", TOPIC, filled(TOPIC, answers))
    course.submit("stub", TOPIC, filled(TOPIC, {}))
    for index in range(3):
        other = {name: sources[index % len(sources)] for name, sources in right.items()}
        course.submit(f"right-{index}", TOPIC, filled(TOPIC, other))
    for student, name, variant in wrong_ones():
        course.submit(student, TOPIC, filled(TOPIC, {**answers, name: variant.source}))
    noisy = after(filled(TOPIC, answers), "parameter_count", NOISE)
    course.submit("noisy", TOPIC, noisy)
    for attack, code in ATTACKS.items():
        text = textwrap.dedent(code).replace("{folder}", str(folder))
        place = "sweep_kl_weights" if attack == "always-equal" else "imports"
        notebook = after(filled(TOPIC, {}), place, text)
        if attack == "always-equal":  # redefine before every check, behind every stub
            for name in CHECKS:
                after(notebook, name, text)
        course.submit(f"attack-{attack}", TOPIC, notebook)
    course.autograde(TOPIC)
    course.generate_feedback(TOPIC)
    return course


@pytest.fixture(scope="session")
def points(course: Course) -> dict[str, dict[str, float]]:
    """Points by student and question, a detached child's patience later."""
    time.sleep(3)
    table: dict[str, dict[str, float]] = {}
    for score in course.scores(TOPIC):
        if score.question != QUESTION:
            table.setdefault(score.student, {})[score.question] = score.points
    return table


def test_everyone_has_a_row(course: Course, points: dict) -> None:
    assert set(points) == set(course.students(TOPIC))
    assert all(set(row) == set(CHECKS) for row in points.values())


def test_reference_earns_everything(points: dict) -> None:
    assert points["reference"] == FULL


def test_stub_earns_nothing(points: dict) -> None:
    assert points["stub"] == NOTHING


@pytest.mark.parametrize("index", range(3))
def test_other_right_answers_earn_everything(points: dict, index: int) -> None:
    assert points[f"right-{index}"] == FULL


@pytest.mark.parametrize(("student", "name", "variant"), wrong_ones())
def test_a_mistake_costs_its_own_cell(points: dict, student: str, name: str, variant) -> None:
    assert variant.loses > 0
    assert points[student] == {**FULL, name: FULL[name] - variant.loses}


def test_noise_on_stderr_costs_nothing(points: dict) -> None:
    assert points["noisy"] == FULL


@pytest.mark.parametrize("attack", ATTACKS)
def test_no_attack_gains_a_point(points: dict, attack: str) -> None:
    assert points[f"attack-{attack}"] == NOTHING


def test_nothing_hidden_leaks(course: Course) -> None:
    """Neither graded notebooks nor feedback nor stray files hold what only the judge knows."""
    secrets = ["_true_penalty", "_fitted_entropy", "truth=", "class Verdict"]
    left = [p for d in ("autograded", "feedback") for p in (course.folder / d).rglob("*")]
    spied = course.folder / "autograded" / "attack-cell-hook" / TOPIC / f"{TOPIC}.ipynb"
    assert "raw_cell" in spied.read_text(encoding="utf-8")
    for path in left:
        if path.is_file() and path.suffix in (".ipynb", ".html", ".txt"):
            text = path.read_text(encoding="utf-8", errors="replace")
            assert not [s for s in secrets if s in text], path
    for place in (Path("/tmp/stolen.txt"), Path("/var/tmp/stolen.txt")):
        assert not place.exists()
    assert not list(course.folder.rglob("stolen.txt"))


def test_feedback_speaks_to_the_student(course: Course) -> None:
    student, name, _ = wrong_ones()[0]
    page = course.folder / "feedback" / student / TOPIC / f"{TOPIC}.html"
    text = page.read_text(encoding="utf-8")
    assert CHECKS[name].parts[0].expects.split(",")[0] in text
    assert "✗" in text and "✓" in text


def test_written_question_waits_for_a_person(course: Course) -> None:
    written = [s for s in course.scores(TOPIC) if s.question == QUESTION]
    assert written and all(s.by_hand and s.points == 0 and s.max_points == 10 for s in written)


def test_formgrader_shows_the_class(course: Course, tmp_path: Path) -> None:
    """A real Jupyter server with nbgrader's formgrader reads what the engine wrote."""
    (tmp_path / "nbgrader_config.py").write_text(
        "c = get_config()\n"
        f"load_subconfig({str(ROOT / 'autograder' / 'nbgrader_config.py')!r})\n"
        f"c.CourseDirectory.db_url = {course.db_url!r}\n"
        f"c.CourseDirectory.root = {str(course.folder)!r}\n"
        "c.CourseDirectory.submitted_directory = 'submitted'\n"
        "c.CourseDirectory.autograded_directory = 'autograded'\n"
        "c.CourseDirectory.release_directory = 'release'\n"
    )
    log = tmp_path / "server.log"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "jupyter", "server", "--no-browser", "--allow-root"),
            *(f"--port={port}", "--IdentityProvider.token=test", "--ServerApp.root_dir=/"),
        ],
        cwd=tmp_path,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=log.open("w"),
        stderr=subprocess.STDOUT,
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    address = f"http://127.0.0.1:{port}/formgrader/api/submissions/{TOPIC}?token=test"
    try:
        for _ in range(60):
            time.sleep(1)
            with contextlib.suppress(OSError), direct.open(address) as page:
                listed = json.load(page)
                break
        else:
            pytest.fail(f"the server did not answer within a minute:\n{log.read_text()[-3000:]}")
    finally:
        server.terminate()
        server.wait(20)
    scores = {row["student"]: (row["code_score"], row["max_score"]) for row in listed}
    assert scores["reference"] == (90, 100) and scores["stub"] == (0, 100)
    assert set(scores) == set(course.students(TOPIC))
