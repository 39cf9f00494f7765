"""Grading one submission from its bytes to its result: what a worker does.

A worker is told everything it needs and touches neither gradebook nor class folder, so it can run
on any machine where this package is installed.
"""

from __future__ import annotations

import errno
import shutil
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import nbformat
from nbformat.notebooknode import NotebookNode
from traitlets.config import Config

from autograder.checks import checks_of
from autograder.engine import ProbeAndJudge
from autograder.limits import Limits
from autograder.restore import questions_in, restore
from autograder.results import QuestionResult, Result
from autograder.sandbox import KernelFault, SandboxError
from autograder.submissions import NotebookProblem, Submission, SubmissionLimits, parse_notebook

FAULTS_OF_THE_MACHINE = (errno.ENOSPC, errno.EDQUOT, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""No room on its disk, no more open files, no memory: no submission is to blame."""


@dataclass(frozen=True)
class Assignment:
    """What students received.

    Attributes:
        topic: its name.
        notebook: the released notebook, as JSON.
        files: what was released beside it, by POSIX path; it replaces what a submission brings
            under the same name.
    """

    topic: str
    notebook: str
    files: Mapping[str, bytes]

    @classmethod
    def read(cls, folder: Path, topic: str) -> Assignment:
        """Read a release.

        Args:
            folder: holds ``TOPIC.ipynb`` and all that was released with it.
            topic: the assignment.

        Raises:
            ValueError: one of its questions has no check.
        """
        path = folder / f"{topic}.ipynb"
        files = {
            file.relative_to(folder).as_posix(): file.read_bytes()
            for file in sorted(folder.rglob("*"))
            if file.is_file() and file != path and "__pycache__" not in file.parts
        }
        assignment = cls(topic, path.read_text(encoding="utf-8"), files)
        unknown = [
            name
            for name, question in assignment.questions().items()
            if not question.by_hand and name not in checks_of(topic)
        ]
        if unknown:
            raise ValueError(f"{path} asks {', '.join(unknown)}, for which there is no check.")
        return assignment

    def release(self) -> NotebookNode:
        """The released notebook."""
        return nbformat.reads(self.notebook, as_version=4)

    def questions(self) -> dict[str, QuestionResult]:
        """Its questions with nothing earned yet, by name and in order."""
        questions = {}
        for cell in questions_in(self.release()):
            nbgrader = cell.metadata.nbgrader
            name = nbgrader.grade_id.removeprefix("check-")
            by_hand = bool(nbgrader.get("task") or nbgrader.get("solution"))
            questions[name] = QuestionResult(name, 0.0, float(nbgrader.points), by_hand=by_hand)
        return questions


@dataclass(frozen=True)
class Settings:
    """How submissions are graded; see `autograder.engine.ProbeAndJudge`."""

    isolation: str = "bubblewrap"
    limits: Limits = field(default_factory=Limits)
    only: str = ""


@dataclass(frozen=True)
class Graded:
    """A graded submission.

    Attributes:
        result: what it earned.
        notebook: the notebook as it ran, as JSON; None where there was none that could run.
    """

    result: Result
    notebook: str | None = None


def grade_submission(assignment: Assignment, submission: Submission, settings: Settings) -> Graded:
    """Run and judge one submission.

    Raises:
        SandboxError: this machine cannot isolate submissions.
        KernelFault: no kernel could be had, before a cell of the submission ran.
        OSError: this machine has no room for one more. No fault of the submission is raised:
            whatever it is, it gets a result.
    """
    began = time.monotonic()
    try:
        if submission.notebook is None:
            raise NotebookProblem(submission.problem or "There is no notebook in the submission.")
        submitted = parse_notebook(submission.notebook, SubmissionLimits())
        notebook = restore(submitted, assignment.release())
        return _run(assignment, submission, notebook, settings, began)
    except NotebookProblem as problem:
        return _failed(assignment, submission.student, str(problem), began)
    except (SandboxError, KernelFault):
        raise
    except Exception as error:
        if isinstance(error, OSError) and error.errno in FAULTS_OF_THE_MACHINE:
            raise
        text = f"{type(error).__name__}: {error}"[:300]
        reason = f"The submission could not be run ({text})."
        return _failed(assignment, submission.student, reason, began)


def _run(
    assignment: Assignment,
    submission: Submission,
    notebook: NotebookNode,
    settings: Settings,
    began: float,
) -> Graded:
    """Run a restored notebook among its files."""
    config = Config({"ProbeAndJudge": {"isolation": settings.isolation, "only": settings.only}})
    config.ProbeAndJudge.update(vars(settings.limits))
    engine = ProbeAndJudge(config=config)
    with tempfile.TemporaryDirectory(prefix="submission-") as folder:
        lay_out({**submission.files, **assignment.files}, Path(folder))
        resources = {"nbgrader": {"assignment": assignment.topic}, "metadata": {"path": folder}}
        engine.preprocess(notebook, resources)
    questions = [
        QuestionResult(name, verdict.points, question.max_points, verdict.findings)
        if (verdict := engine.verdicts.get(name))
        else question
        for name, question in assignment.questions().items()
        if settings.only in ("", name)
    ]
    result = Result(
        student=submission.student,
        topic=assignment.topic,
        questions=tuple(questions),
        failure=engine.failure,
        seconds=time.monotonic() - began,
        compute_seconds=engine.compute_seconds,
    )
    return Graded(result, nbformat.writes(notebook))


def _failed(assignment: Assignment, student: str, reason: str, began: float) -> Graded:
    """The result of a submission that could not be run: nothing earned, nothing left to read."""
    questions = tuple(
        QuestionResult(question.name, 0.0, question.max_points)
        for question in assignment.questions().values()
    )
    seconds = time.monotonic() - began
    return Graded(Result(student, assignment.topic, questions, reason, seconds))


def lay_out(files: Mapping[str, bytes], folder: Path) -> None:
    """Write files below a folder; a later one replaces what is in its way."""
    for name, content in files.items():
        path = folder / name
        for parent in reversed(path.relative_to(folder).parents[:-1]):
            if (folder / parent).is_file():
                (folder / parent).unlink()
        if path.is_dir():
            shutil.rmtree(path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
