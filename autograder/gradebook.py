"""nbgrader's gradebook, with one writer: `GradebookWriter`.

Only the process that grades a class opens the gradebook. It writes one transaction a submission,
and waits where the database is locked or gone for a while.
"""

from __future__ import annotations

import logging
import os
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TypeVar

import nbformat
from nbgrader.api import (
    Assignment as AssignmentRow,
)
from nbgrader.api import (
    Comment,
    Grade,
    Gradebook,
    InvalidEntry,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.preprocessors import SaveCells
from sqlalchemy.exc import DBAPIError, SAWarning

from autograder.course import environment
from autograder.grading import Assignment
from autograder.results import QuestionResult, Result
from autograder.topics import COURSE_ID

Answer = TypeVar("Answer")


class GradebookError(RuntimeError):
    """The gradebook could not be written, or does not fit the assignment; says what to do."""


class GradebookWriter:
    """Writes results into a gradebook.

    Args:
        url: of an SQLite or PostgreSQL database, as SQLAlchemy has it.
        patience: seconds to go on trying while the database is locked or cannot be reached.
        say: where to tell a person that we are waiting.
    """

    def __init__(
        self, url: str, patience: float = 300.0, say: Callable[[str], None] = lambda text: None
    ) -> None:
        self._url = url
        self._patience = patience
        self._say = say
        self._gradebook: Gradebook | None = None

    def __enter__(self) -> GradebookWriter:
        return self

    def __exit__(self, *_: object) -> None:
        self._hang_up()

    def _hang_up(self) -> None:
        if self._gradebook is not None:
            gradebook, self._gradebook = self._gradebook, None
            gradebook.close()

    def _patiently(self, work: Callable[[Gradebook], Answer]) -> Answer:
        """Do one piece of work with the gradebook, again and again until it is done.

        Raises:
            GradebookError: patience has run out.
        """
        give_up, pause = time.monotonic() + self._patience, 0.1
        while True:
            try:
                if self._gradebook is None:
                    # nbgrader runs alembic by name when it makes a database.
                    os.environ.update(environment())
                    self._gradebook = Gradebook(self._url, COURSE_ID)
                with _one_transaction(self._gradebook), _quietly():
                    return work(self._gradebook)
            except (DBAPIError, InvalidEntry) as error:
                self._hang_up()
                reason = _reason(error)
                if time.monotonic() + pause > give_up:
                    raise GradebookError(
                        f"The gradebook {self._url} could not be written for {self._patience:g} s: "
                        f"{reason}. Nothing is lost: mend that, and grade again with --resume."
                    ) from None
                self._say(f"The gradebook cannot be written ({reason}); trying again.")
                time.sleep(pause)
                pause = min(2 * pause, 5.0)

    def enter(self, assignment: Assignment) -> None:
        """Enter an assignment, unless it is there.

        Raises:
            GradebookError: another version of it is there.
        """

        def work(gradebook: Gradebook) -> dict[str, float] | None:
            if _questions_of(gradebook, assignment.topic) is None:
                _SaveCells(gradebook).save(assignment)
            return _questions_of(gradebook, assignment.topic)

        entered = self._patiently(work)
        released = {name: question.max_points for name, question in assignment.questions().items()}
        if entered != released:
            raise GradebookError(
                f"The gradebook {self._url} holds another version of {assignment.topic}: it asks "
                f"{entered}, the release {released}. Enter this one with 'cd autograder && "
                f"nbgrader generate_assignment {assignment.topic} --force', or name a new "
                "gradebook with --db."
            )

    def write(self, result: Result, submitted: datetime | None = None) -> None:
        """Enter what a student earned, in one transaction.

        Scores that a person gave stay; where the automatic score has changed since, the question
        is marked for another look, as nbgrader does.
        """

        def work(gradebook: Gradebook) -> None:
            gradebook.update_or_create_student(result.student)
            when = {"timestamp": submitted} if submitted else {}
            submission = gradebook.update_or_create_submission(result.topic, result.student, **when)
            questions = {question.name: question for question in result.questions}
            for notebook in submission.notebooks:
                for grade in notebook.grades:
                    _enter_grade(grade, questions[grade.name.removeprefix("check-")])

        self._patiently(work)

    def points(self, topic: str) -> dict[str, float]:
        """What the gradebook gives every student for a topic."""

        def work(gradebook: Gradebook) -> dict[str, float]:
            submissions = gradebook.find_assignment(topic).submissions
            return {each.student.id: float(each.score) for each in submissions}

        return self._patiently(work)

    def by_hand(self, topic: str) -> dict[str, dict[str, float]]:
        """The points that people gave, by student and question."""

        def work(gradebook: Gradebook) -> dict[str, dict[str, float]]:
            query = (
                gradebook.db.query(Grade)
                .join(SubmittedNotebook)
                .join(SubmittedAssignment)
                .join(AssignmentRow)
                .filter(AssignmentRow.name == topic, Grade.manual_score.isnot(None))
            )
            given: dict[str, dict[str, float]] = {}
            for grade in query:
                student = grade.notebook.assignment.student.id
                points = float(grade.manual_score) + float(grade.extra_credit or 0.0)
                given.setdefault(student, {})[grade.name.removeprefix("check-")] = points
            return given

        return self._patiently(work)

    def comments(self, topic: str) -> dict[str, dict[str, str]]:
        """What people wrote to students, by student and question."""

        def work(gradebook: Gradebook) -> dict[str, dict[str, str]]:
            query = (
                gradebook.db.query(Comment)
                .join(SubmittedNotebook)
                .join(SubmittedAssignment)
                .join(AssignmentRow)
                .filter(AssignmentRow.name == topic, Comment.manual_comment.isnot(None))
            )
            written: dict[str, dict[str, str]] = {}
            for comment in query:
                student = comment.notebook.assignment.student.id
                written.setdefault(student, {})[comment.name] = str(comment.manual_comment)
            return written

        return self._patiently(work)


class _SaveCells(SaveCells):
    """nbgrader's step that enters a release, within a transaction that is ours."""

    def __init__(self, gradebook: Gradebook) -> None:
        super().__init__()
        self.gradebook = gradebook

    def save(self, assignment: Assignment) -> None:
        """Enter an assignment, its notebook and its cells."""
        self.notebook_id = self.assignment_id = assignment.topic
        self.new_grade_cells: dict[str, object] = {}
        self.new_solution_cells: dict[str, object] = {}
        self.new_task_cells: dict[str, object] = {}
        self.new_source_cells: dict[str, object] = {}
        self.gradebook.update_or_create_assignment(assignment.topic)
        # The parent's own `preprocess` would open a second connection and commit cell by cell.
        notebook, _ = super(SaveCells, self).preprocess(assignment.release(), {})
        self._create_notebook(notebook)


def _reason(error: DBAPIError | InvalidEntry) -> str:
    """What the database said, in a line; nbgrader wraps it into errors of its own."""
    database = error if isinstance(error, DBAPIError) else error.__context__
    said = getattr(database, "orig", None) or error
    return (str(said).strip() or type(said).__name__).splitlines()[0]


@contextmanager
def _quietly() -> Iterator[None]:
    """Keep to ourselves what nbgrader and SQLAlchemy would tell a programmer."""
    log = logging.getLogger("tornado.application")  # where nbgrader prints errors that it raises
    disabled, log.disabled = log.disabled, True
    try:
        with warnings.catch_warnings():
            # nbgrader builds rows before it adds them to the session, by design.
            warnings.simplefilter("ignore", SAWarning)
            yield
    finally:
        log.disabled = disabled


@contextmanager
def _one_transaction(gradebook: Gradebook) -> Iterator[None]:
    """Make all that nbgrader's methods commit within the block one transaction."""
    session = gradebook.db
    commit = session.commit
    session.commit = session.flush
    try:
        yield
        commit()
    finally:
        session.commit = commit
        session.remove()  # rolls back what was not committed, and forgets what was read


def _questions_of(gradebook: Gradebook, topic: str) -> dict[str, float] | None:
    """An assignment's questions and what they can earn; None if it was never entered."""
    try:
        notebook = gradebook.find_notebook(topic, topic)
    except MissingEntry:
        return None
    cells = [*notebook.grade_cells, *notebook.task_cells]
    return {cell.name.removeprefix("check-"): float(cell.max_score) for cell in cells}


def _enter_grade(grade: Grade, question: QuestionResult) -> None:
    auto_score = None if question.by_hand else question.points
    changed = grade.auto_score != auto_score
    grade.auto_score = auto_score
    if grade.manual_score is None:
        grade.needs_manual_grade = question.by_hand
    elif changed:
        grade.needs_manual_grade = True


def notebook_of_failure(assignment: Assignment, reason: str) -> str:
    """The notebook that formgrader shows for a submission that could not be run, as JSON."""
    notebook = assignment.release()
    text = f"**This submission could not be run.**\n\n```\n{reason}\n```"
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell(text))
    return nbformat.writes(notebook)
