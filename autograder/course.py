"""A course folder and the stock nbgrader commands that work on it, under our configuration."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook

from autograder.topics import ROOT

# nbgrader reads the nbgrader_config.py of the folder it runs in.
CONFIG_FOLDER = ROOT / "autograder"


class GradingError(RuntimeError):
    """An nbgrader command failed; carries what it said."""


def environment() -> dict[str, str]:
    """The variables to run Jupyter's programs with: they call each other by name (alembic)."""
    folders = os.environ.get("PATH", os.defpath).split(os.pathsep)
    programs = str(Path(sys.executable).parent)
    path = folders if programs in folders else [programs, *folders]
    return {**os.environ, "PATH": os.pathsep.join(path), "TF_CPP_MIN_LOG_LEVEL": "2"}


@dataclass(frozen=True)
class Score:
    """What one student earned for one question."""

    student: str
    question: str
    points: float
    max_points: float
    by_hand: bool


@dataclass(frozen=True)
class Course:
    """Where submissions, graded notebooks, feedback and gradebook of a class lie.

    Attributes:
        folder: holds ``submitted/STUDENT/TOPIC/TOPIC.ipynb`` and all that grading adds.
        release: where ``generate_assignment`` puts what students receive.
    """

    folder: Path = ROOT / "class"
    release: Path = ROOT / "exercises"

    @property
    def db_url(self) -> str:
        """The gradebook."""
        return f"sqlite:///{self.folder / 'gradebook.db'}"

    def nbgrader(self, command: str, topic: str, *options: str) -> str:
        """Run one nbgrader command on a topic.

        Returns:
            What it wrote to its log.

        Raises:
            GradingError: it failed.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        places = {
            "release": self.release,
            "submitted": self.folder / "submitted",
            "autograded": self.folder / "autograded",
            "feedback": self.folder / "feedback",
        }
        run = subprocess.run(
            [
                *(sys.executable, "-m", "nbgrader", command, topic),
                *(
                    f"--CourseDirectory.{step}_directory={os.path.relpath(place, ROOT)}"
                    for step, place in places.items()
                ),
                f"--CourseDirectory.db_url={self.db_url}",
                *options,
            ],
            cwd=CONFIG_FOLDER,
            capture_output=True,
            text=True,
            env=environment(),
        )
        if run.returncode != 0:
            raise GradingError(f"nbgrader {command} {topic} failed:\n{run.stdout}{run.stderr}")
        return run.stdout + run.stderr

    def generate_assignment(self, topic: str) -> None:
        """Make what students receive, and enter the assignment into the gradebook."""
        self.nbgrader("generate_assignment", topic, "--create", "--force")

    def autograde(self, topic: str, *options: str) -> str:
        """Grade what was submitted."""
        return self.nbgrader("autograde", topic, "--create", *options)

    def generate_feedback(self, topic: str) -> None:
        """Write each student's feedback as HTML."""
        self.nbgrader("generate_feedback", topic, "--force")

    def submit(self, student: str, topic: str, notebook: nbformat.NotebookNode) -> Path:
        """Put a notebook where a student's submission belongs."""
        path = self.folder / "submitted" / student / topic / f"{topic}.ipynb"
        path.parent.mkdir(parents=True, exist_ok=True)
        nbformat.write(notebook, path)
        return path

    def students(self, topic: str) -> list[str]:
        """Who handed in something for a topic, in alphabetical order."""
        return sorted(path.parent.name for path in (self.folder / "submitted").glob(f"*/{topic}"))

    def scores(self, topic: str) -> list[Score]:
        """Every student's points for every question of a topic."""
        with Gradebook(self.db_url) as gradebook:
            submissions = gradebook.find_assignment(topic).submissions
            return [
                Score(
                    student=submission.student.id,
                    question=grade.name.removeprefix("check-"),
                    points=float(grade.score or 0.0),
                    max_points=float(grade.max_score),
                    by_hand=bool(grade.needs_manual_grade),
                )
                for submission in submissions
                for notebook in submission.notebooks
                for grade in notebook.grades
            ]
