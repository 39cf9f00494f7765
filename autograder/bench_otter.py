"""How long otter-grader takes for our light notebook: ``python -m autograder.bench_otter``.

The other side of a comparison: the imports and three functions of topic 02, written as an otter
master notebook, turned into an assignment by ``otter assign`` and graded by ``otter run``, the
command for those who have no Docker. It takes one submission at a time and starts a kernel for
each. Wall times count from the command's start to its end.

otter-grader is no dependency of this course. It goes into a virtual environment of its own that
sees the packages of the running one, so that TensorFlow is neither installed nor chosen twice.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import distributions
from pathlib import Path
from typing import Annotated, NamedTuple

import nbformat
import typer
from nbformat.notebooknode import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_raw_cell
from rich.console import Console
from rich.table import Table

from autograder.bench import LIGHT, TOPIC
from autograder.course import environment
from autograder.sample import model_answers, released
from autograder.topics import ROOT

OTTER_VERSION = "7.0.0"
BENCH = ROOT / "build" / "bench" / "otter"

SLOW = "import sys; sys.modules['rfc3987_syntax'] = None"
"""Hides a package that JupyterLab brings along: it would cost otter two seconds in every process
that reads a notebook, and an environment made for otter alone does not have it."""

STUB = "    # YOUR CODE HERE\n"
"""Where the stub that students receive departs from the answer."""

ANSWER = "otter_answer_cell"
"""The tag that ``otter assign`` puts on the cells that students fill in."""


class OtterError(RuntimeError):
    """otter-grader could not be had, or did something other than it should."""


# --- The environment -----------------------------------------------------------------------------


def install(folder: Path) -> Path:
    """Make a virtual environment with otter-grader that sees the running one's packages.

    Only what the running environment lacks is installed, or has in a version that otter-grader
    rules out (wrapt 2). The environment gets a kernel of its own: a kernel of the running one
    could not import otter.

    Args:
        folder: where the environment lies; one that is complete is used again.

    Returns:
        The environment's interpreter.

    Raises:
        OtterError: otter-grader cannot be had, most likely because there is no network.
    """
    python = folder / "bin" / "python"
    seen = [sysconfig.get_path(kind) for kind in ("purelib", "platlib")]
    complete = folder / "complete.json"
    recipe = {"otter-grader": OTTER_VERSION, "python": sys.version, "sees": seen, "hides": SLOW}
    if complete.exists() and json.loads(complete.read_text(encoding="utf-8")) == recipe:
        return python
    shutil.rmtree(folder, ignore_errors=True)
    uv = Path(sys.executable).with_name("uv")
    try:
        _call([sys.executable, "-m", "venv", *(["--without-pip"] if uv.exists() else []), folder])
        # addsitedir, unlike a plain path, also follows the .pth files of editable installs.
        lines = [SLOW, *(f"import site; site.addsitedir({path!r})" for path in dict.fromkeys(seen))]
        packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
        (Path(packages) / "running.pth").write_text("\n".join(lines) + "\n", encoding="utf-8")
        if uv.exists():
            _install_with_uv(uv, python, folder)
        else:  # pip sees through the .pth file what is there, and leaves it alone
            quiet = ("--quiet", "--disable-pip-version-check")
            _call([python, "-m", "pip", "install", *quiet, f"otter-grader=={OTTER_VERSION}"])
        # uv leaves that to the first import, which PYTHONDONTWRITEBYTECODE would make every import.
        _call([python, "-m", "compileall", "-q", packages])
        _call([python, "-m", "ipykernel", "install", "--sys-prefix", "--name", "python3"])
        said = _call([python, "-m", "otter", "--version"])
    except OtterError as why:
        raise OtterError(f"otter-grader {OTTER_VERSION} cannot be installed here: {why}") from why
    if OTTER_VERSION not in said:
        raise OtterError(f"otter-grader {OTTER_VERSION} was wanted, but this was installed: {said}")
    complete.write_text(json.dumps(recipe), encoding="utf-8")
    return python


def _install_with_uv(uv: Path, python: Path, folder: Path) -> None:
    """Resolve with the running versions as a preference, then install what differs from them.

    uv looks for packages in an environment's own folders only, so it would install all of
    otter-grader's dependencies a second time.
    """
    running = {
        _normalised(one.metadata["Name"]): one.version
        for one in distributions()
        if one.metadata["Name"]
    }
    wanted, pins = folder / "wanted.txt", folder / "pins.txt"
    wanted.write_text(f"otter-grader=={OTTER_VERSION}\n", encoding="utf-8")
    # Versions that stand in the output file are kept where they can be.
    pins.write_text("".join(f"{n}=={v}\n" for n, v in running.items()), encoding="utf-8")
    bare = ("--quiet", "--no-header", "--no-annotate", "--no-python-downloads")
    _call([uv, "pip", "compile", *bare, "--python", python, wanted, "--output-file", pins])
    resolved = re.findall(r"^([\w.-]+)==(\S+)", pins.read_text(encoding="utf-8"), re.MULTILINE)
    missing = [f"{n}=={v}" for n, v in resolved if running.get(_normalised(n)) != v]
    _call([uv, "pip", "install", "--quiet", "--no-deps", "--python", python, *missing])


def _normalised(name: str) -> str:
    """A package's name as indexes spell it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _variables() -> dict[str, str]:
    """The variables to run otter with: nothing may lead past its own environment and kernel."""
    astray = ("PYTHONPATH", "JUPYTER_PATH", "VIRTUAL_ENV")
    kept = {name: value for name, value in environment().items() if name not in astray}
    return {"UV_SYSTEM_CERTS": "true", **kept}


def _call(
    words: Sequence[str | Path], cwd: Path | None = None, timeout: float | None = 900.0
) -> str:
    """Run a program and return what it said.

    Raises:
        OtterError: it failed, could not be started, or took longer than ``timeout`` seconds.
    """
    name = " ".join(Path(word).name for word in words[:4])
    try:
        done = subprocess.run(
            words, cwd=cwd, env=_variables(), capture_output=True, text=True, timeout=timeout
        )
    except (OSError, subprocess.TimeoutExpired) as why:
        raise OtterError(f"{name}: {why}") from why
    if done.returncode != 0:
        raise OtterError(f"{name}: {(done.stdout + done.stderr).strip()[-2000:]}")
    return done.stdout + done.stderr


# --- The assignment ------------------------------------------------------------------------------


class Case(NamedTuple):
    """One test case in otter's exception-based form; the counterpart of a check's part.

    Attributes:
        points: what it is worth, as the part is in our checks.
        test: a function whose arguments otter takes from the notebook, by name.
        hidden: left out of the notebook that students receive.
    """

    points: int
    test: str
    hidden: bool = True


CASES: Mapping[str, Sequence[Case]] = {
    "parameter_count": (
        Case(
            4,
            """
def test_one_unit(parameter_count):
    assert parameter_count(3, 1) == 14
    assert parameter_count(2, 1) == 9
    assert parameter_count(9, 1) == 65
    assert parameter_count(30, 1) == 527
""",
            hidden=False,
        ),
        Case(
            2,
            """
def test_several_units(parameter_count):
    assert parameter_count(3, 2) == 44
    assert parameter_count(2, 3) == 54
    assert parameter_count(4, 5) == 350
    assert parameter_count(12, 2) == 377
""",
        ),
        Case(
            2,
            """
def test_refusals(parameter_count):
    for sizes in [(1, 4), (5, 1), (2, 3)]:
        parameter_count(*sizes)
    for sizes in [(0, 3), (4, 0), (-2, 5), (6, -1), (-3, -7)]:
        try:
            parameter_count(*sizes)
        except ValueError:
            continue
        assert False, f"{sizes} must be refused"
""",
        ),
    ),
    "per_example_weight": (
        Case(
            4,
            """
def test_plain(per_example_weight):
    assert abs(per_example_weight(50) - 0.02) < 1e-9
    assert abs(per_example_weight(400) - 0.0025) < 1e-9
    assert abs(per_example_weight(1000) - 0.001) < 1e-9
    assert abs(per_example_weight(5000) - 0.0002) < 1e-9
""",
            hidden=False,
        ),
        Case(
            2,
            """
def test_multiple(per_example_weight):
    assert per_example_weight(50, 0.0) == 0.0
    assert abs(per_example_weight(50, 0.5) - 0.01) < 1e-9
    assert abs(per_example_weight(200, 3.0) - 0.015) < 1e-9
    assert abs(per_example_weight(1000, 2.5) - 0.0025) < 1e-9
""",
        ),
        Case(
            2,
            """
def test_refusals(per_example_weight):
    for numbers in [(1, 0.5), (20, 0.0), (300, 1.5)]:
        per_example_weight(*numbers)
    for numbers in [(0, 0.5), (-4, 1.0), (30, -0.5), (-2, -1.0)]:
        try:
            per_example_weight(*numbers)
        except ValueError:
            continue
        assert False, f"{numbers} must be refused"
""",
        ),
    ),
    # log(2 pi) = 1.8378771, log(2) = 0.6931472, log(4) = 1.3862944.
    "negative_log_likelihood": (
        Case(
            6,
            """
def test_gaussian(negative_log_likelihood, np, tf, tfd):
    targets = tf.constant([[0.0, 0.0], [1.0, -1.0], [2.0, 4.0]])
    loc = tf.constant([[0.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    scale = tf.constant([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]])
    prediction = tfd.Independent(tfd.Normal(loc, scale), 1)
    scores = negative_log_likelihood(targets, prediction)
    assert abs(float(np.mean(scores)) - 3.0689261) < 1e-4
""",
            hidden=False,
        ),
        Case(
            4,
            """
def test_laplace(negative_log_likelihood, np, tf, tfd):
    targets = tf.constant([[0.0, 0.0], [1.0, -1.0], [2.0, 4.0]])
    loc = tf.constant([[0.0, 0.0], [0.0, 0.0], [2.0, 0.0]])
    scale = tf.constant([[1.0, 1.0], [1.0, 1.0], [1.0, 2.0]])
    prediction = tfd.Independent(tfd.Laplace(loc, scale), 1)
    scores = negative_log_likelihood(targets, prediction)
    assert abs(float(np.mean(scores)) - 2.9506767) < 1e-4
""",
        ),
    ),
}
"""The test cases of every question; every true value was computed by hand."""

FULL_MARKS = sum(case.points for cases in CASES.values() for case in cases)


@dataclass(frozen=True)
class Assignment:
    """What ``otter assign`` made.

    Attributes:
        archive: the zip file that ``otter run`` grades with.
        student: the notebook that students receive.
    """

    archive: Path
    student: Path

    def submission(self, answers: Mapping[str, str]) -> NotebookNode:
        """The students' notebook with some questions answered; others keep their stub."""
        notebook = nbformat.read(self.student, as_version=4)
        for name, cell in _answer_cells(notebook).items():
            cell.source = answers.get(name, cell.source)
        return notebook


def make_assignment(folder: Path, python: Path) -> Assignment:
    """Write the light notebook as an otter master and turn it into an assignment.

    ``otter assign`` also grades the answers and fails if they do not earn full marks.

    Args:
        folder: where master, library and assignment go; what lies there is replaced.
        python: the interpreter that `install` returned.

    Raises:
        OtterError: ``otter assign`` failed.
    """
    shutil.rmtree(folder, ignore_errors=True)
    library = ROOT / "exercises" / TOPIC / "bayescnn"
    shutil.copytree(library, folder / "bayescnn", ignore=shutil.ignore_patterns("__pycache__"))
    master, made = folder / f"{TOPIC}.ipynb", folder / "made"
    nbformat.write(_master(), master)
    _call([python, "-m", "otter", "assign", master.name, made.name], cwd=folder)
    archives = list((made / "autograder").glob("*.zip"))
    student = made / "student" / master.name
    if len(archives) != 1 or not student.exists():
        raise OtterError(f"otter assign left {len(archives)} zip files in {made}.")
    return Assignment(archives[0], student)


def _master() -> NotebookNode:
    """The light notebook in otter's format: imports, then stub, answer and tests by question."""
    notebook = new_notebook(metadata=released(TOPIC).metadata)
    # The library travels with the assignment, as it does in our folders. No cell that exports a
    # PDF: our notebook has none, and otter run would leave it out.
    config = "files: [bayescnn]\nexport_cell: false\ntests:\n  ok_format: false"
    stubs, answers = _stubs(), model_answers(TOPIC)
    notebook.cells = [
        new_raw_cell(f"# ASSIGNMENT CONFIG\n{config}"),
        new_code_cell(stubs["imports"]),
    ]
    for name in LIGHT:
        notebook.cells += [
            new_raw_cell(f"# BEGIN QUESTION\nname: {name}"),
            new_markdown_cell(f"## {name}"),
            new_raw_cell("# BEGIN SOLUTION"),
            new_code_cell(_solution(stubs[name], answers[name])),
            new_raw_cell("# END SOLUTION"),
            new_raw_cell("# BEGIN TESTS"),
            *(new_code_cell(_test(case)) for case in CASES[name]),
            new_raw_cell("# END TESTS"),
            new_raw_cell("# END QUESTION"),
        ]
    return notebook


def _stubs() -> dict[str, str]:
    """The released notebook's cells by name."""
    cells = released(TOPIC).cells
    return {
        cell.metadata["nbgrader"]["grade_id"]: cell.source
        for cell in cells
        if "nbgrader" in cell.metadata
    }


def _solution(stub: str, answer: str) -> str:
    """One cell that holds both the answer and the stub, apart by otter's marks."""
    head, mark, rest = stub.partition(STUB)
    if not mark or not answer.startswith(head):
        raise OtterError(f"The stub and its answer begin unlike each other:\n{stub}")
    marked = [
        "    # BEGIN SOLUTION NO PROMPT",
        answer[len(head) :].rstrip("\n"),
        "    # END SOLUTION",
        '    """ # BEGIN PROMPT',
        (mark + rest).rstrip("\n"),
        '    """; # END PROMPT',
    ]
    return head + "\n".join(marked)


def _test(case: Case) -> str:
    """A cell with one test case and what it is worth."""
    config = f"points: {case.points}\nhidden: {str(case.hidden).lower()}"
    return f'""" # BEGIN TEST CONFIG\n{config}\n""" # END TEST CONFIG\n{case.test.strip()}\n'


def _answer_cells(notebook: NotebookNode) -> dict[str, NotebookNode]:
    """The cells that students fill in, by question."""
    cells = [cell for cell in notebook.cells if ANSWER in cell.metadata.get("tags", [])]
    names = [re.findall(r"^def (\w+)", cell.source, re.MULTILINE) for cell in cells]
    return {name: cell for cell, found in zip(cells, names, strict=True) for name in found}


# --- Grading -------------------------------------------------------------------------------------


def grade(python: Path, notebooks: Sequence[Path], zip: Path) -> list[float]:
    """Grade submissions one after the other with ``otter run``.

    A notebook with the model's answers must earn full marks, an untouched one nothing; whatever
    else a notebook holds, every question must have been graded.

    Args:
        python: the interpreter that `install` returned.
        notebooks: the submissions.
        zip: what `make_assignment` made to grade with.

    Returns:
        The wall seconds of each, from the command's start to its end.

    Raises:
        OtterError: a command failed, or the points are not what they must be.
    """
    seconds = []
    for notebook in notebooks:
        with tempfile.TemporaryDirectory() as out:
            options = ("--autograder", zip.resolve(), "--output-dir", out, "--no-logo")
            began = time.perf_counter()
            said = _call([python, "-m", "otter", "run", notebook.resolve(), *options], Path(out))
            seconds.append(time.perf_counter() - began)
            results = Path(out) / "results.json"
            if not results.exists():
                raise OtterError(f"otter run left no results for {notebook}:\n{said[-2000:]}")
            earned = _points(results)
        expected = _expected(nbformat.read(notebook, as_version=4))
        if expected is not None and earned != expected:
            raise OtterError(f"{notebook} must earn {expected:g} points; otter gave {earned:g}.")
    return seconds


def _points(results: Path) -> float:
    """What otter's ``results.json`` says was earned, having checked that all was graded."""
    content = json.loads(results.read_text(encoding="utf-8"))
    graded = {test["name"]: test for test in content["tests"] if "max_score" in test}
    possible = sum(test["max_score"] for test in graded.values())
    if set(graded) != set(LIGHT) or possible != FULL_MARKS:
        raise OtterError(f"otter did not grade the whole notebook: {json.dumps(content)[-2000:]}")
    return float(sum(test["score"] for test in graded.values()))


def _expected(notebook: NotebookNode) -> float | None:
    """The points that a notebook must earn, if it is all right or untouched."""
    written = {name: cell.source.strip() for name, cell in _answer_cells(notebook).items()}
    for sources, points in ((model_answers(TOPIC), float(FULL_MARKS)), (_stubs(), 0.0)):
        if all(written.get(name) == sources[name].strip() for name in LIGHT):
            return points
    return None


def main(
    n: Annotated[int, typer.Option(min=1, help="Right submissions to grade.")] = 3,
) -> None:
    """Time otter-grader on the light notebook: right submissions, and an untouched one."""
    console = Console(highlight=False)
    try:
        with console.status("installing otter-grader ..."):
            python = install(BENCH / "venv")
        with console.status("otter assign ..."):
            assignment = make_assignment(BENCH / "assignment", python)
        right, untouched = BENCH / "right.ipynb", BENCH / "untouched.ipynb"
        nbformat.write(assignment.submission(model_answers(TOPIC)), right)
        nbformat.write(assignment.submission({}), untouched)
        with console.status(f"otter run: {n + 1} submissions ..."):
            seconds = grade(python, [*[right] * n, untouched], assignment.archive)
    except OtterError as why:
        console.print(str(why), style="red", markup=False)
        raise typer.Exit(1) from why
    table = Table("submission", "graded", "seconds each", "median")
    for name, times in (("right", seconds[:n]), ("untouched", seconds[n:])):
        each = ", ".join(f"{one:.1f}" for one in times)
        table.add_row(name, str(len(times)), each, f"{statistics.median(times):.1f}")
    console.print(table)
    console.print(
        f"otter-grader {OTTER_VERSION}, Python {sys.version.split()[0]}, {os.cpu_count()} cores, "
        f"load {os.getloadavg()[0]:.1f} at the end, {60 / statistics.mean(seconds):.1f} a minute"
    )


if __name__ == "__main__":
    typer.run(main)
