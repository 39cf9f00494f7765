"""A class graded from one end to the other: `Classroom`.

The process that runs this is the only one that writes: graded notebooks, feedback, the journal and
the gradebook. Whatever interrupts it, the journal knows what is done.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import quote

import nbformat
from distributed import Client

from autograder.crew import Lost, grade_all
from autograder.feedback import answers_in, render_feedback
from autograder.gradebook import GradebookWriter, notebook_of_failure
from autograder.grading import Assignment, Graded, Settings
from autograder.journal import Journal
from autograder.report import render_csv, render_report
from autograder.results import QuestionResult, Result
from autograder.submissions import Submission, read_submission
from autograder.topics import ROOT, module_name


class StudentError(ValueError):
    """A student was named who has handed in nothing."""


@dataclass(frozen=True)
class Classroom:
    """The folder of a class.

    Attributes:
        folder: holds ``submitted/STUDENT/TOPIC/`` and all that grading adds: ``autograded``,
            ``feedback``, ``journal`` and ``reports``.
        release: holds ``TOPIC/TOPIC.ipynb`` as students received it.
    """

    folder: Path
    release: Path = ROOT / "exercises"

    @property
    def submitted(self) -> Path:
        """Where submissions lie."""
        return self.folder / "submitted"

    @property
    def db_url(self) -> str:
        """The gradebook, unless another one is named."""
        return f"sqlite:///{self.folder / 'gradebook.db'}"

    def assignment(self, topic: str) -> Assignment:
        """What students received."""
        return Assignment.read(self.release / topic, topic)

    def students(self, topic: str) -> list[str]:
        """Who handed in something for a topic, in alphabetical order."""
        return sorted(path.parent.name for path in self.submitted.glob(f"*/{topic}"))

    def notebook(self, student: str, topic: str) -> Path:
        """A student's graded notebook."""
        return self.folder / "autograded" / student / topic / f"{topic}.ipynb"

    def feedback(self, student: str, topic: str) -> Path:
        """A student's feedback."""
        return self.folder / "feedback" / student / topic / f"{topic}.html"

    def _link(self, result: Result) -> str:
        """The address of a student's feedback, seen from the class report."""
        page = self.feedback(result.student, result.topic)
        return quote(os.path.relpath(page, self.report(result.topic).parent))

    def report(self, topic: str) -> Path:
        """The class report; the table for a spreadsheet lies beside it."""
        return self.folder / "reports" / f"{topic}.html"

    def journal(self, topic: str) -> Journal:
        """What was attempted and what came of it.

        Raises:
            JournalError: another process is grading this topic of this class.
        """
        return Journal(self.folder / "journal" / f"{topic}.jsonl")

    def chosen(self, topic: str, students: Sequence[str]) -> list[str]:
        """The students named, or all who handed in something.

        Raises:
            StudentError: one of them handed in nothing, or nobody did.
        """
        present = self.students(topic)
        missing = sorted(set(students) - set(present))
        if missing or not present:
            who = (
                f"{', '.join(missing)} handed in nothing"
                if missing
                else "Nobody handed in anything"
            )
            raise StudentError(
                f"{who} for {topic}: there is no "
                f"{self.submitted / (missing[0] if missing else 'STUDENT') / topic}."
            )
        return sorted(set(students)) or present

    def grade(
        self,
        topic: str,
        client: Client,
        writer: GradebookWriter,
        settings: Settings,
        students: Sequence[str] = (),
        resume: bool = False,
        tell: Callable[[Result], None] = lambda result: None,
    ) -> list[Result]:
        """Grade a class, or some of it.

        Args:
            topic: the assignment.
            client: workers, see `autograder.crew`.
            writer: the gradebook.
            settings: how to grade.
            students: whom; all who handed in something unless named.
            resume: keep results of unchanged submissions under unchanged checks.
            tell: called with each result once it is safe.

        Returns:
            The latest result of every student of the class, in alphabetical order.

        Raises:
            StudentError, JournalError, GradebookError, SandboxError, OSError: grading stopped;
                what was graded until then is kept, and ``resume`` takes up there.
        """
        assignment = self.assignment(topic)
        version = fingerprint(assignment)
        chosen = self.chosen(topic, students)
        with self.journal(topic) as journal:
            writer.enter(assignment)
            digests: dict[str, str] = {}

            def pending() -> Iterator[Submission]:
                for student in chosen:
                    submission = read_submission(self.submitted / student / topic, topic)
                    digest = digests[student] = f"{version}-{submission.digest}"
                    kept = journal.result(student, digest) if resume else None
                    if kept is not None:
                        if not journal.is_written(student):
                            writer.write(kept, submission.submitted)
                            journal.written(student, digest)
                        tell(kept)
                    elif student not in students and journal.is_hopeless(student, digest):
                        reason = (
                            "Grading was cut off three times while this submission ran. Look at "
                            f"it, then grade it with --student {student}."
                        )
                        finish(submission, _nothing(assignment, student, reason))
                    else:
                        journal.attempt(student, digest)
                        yield submission

            def finish(submission: Submission, graded: Graded) -> None:
                digest = digests[submission.student]
                self._keep(assignment, graded)
                journal.graded(digest, graded.result)
                writer.write(graded.result, submission.submitted)
                journal.written(submission.student, digest)
                tell(graded.result)

            try:
                for submission, outcome in grade_all(client, assignment, pending(), settings):
                    if isinstance(outcome, Lost):
                        again = f"Look at it, then grade it with --student {submission.student}."
                        reason = f"{outcome.reason} {again}"
                        outcome = _nothing(assignment, submission.student, reason)
                    finish(submission, outcome)
            except BaseException:
                journal.withdraw_attempts()
                raise
            return self._report(assignment, journal, writer)

    def regrade(
        self,
        topic: str,
        question: str,
        client: Client,
        writer: GradebookWriter,
        settings: Settings,
        tell: Callable[[Result], None] = lambda result: None,
    ) -> tuple[list[Result], list[Result]]:
        """Judge one question of every graded submission anew, after its check was mended.

        Returns:
            The results before and after.
        """
        assignment = self.assignment(topic)
        version = fingerprint(assignment)
        with self.journal(topic) as journal:
            before = [result for result in journal.results() if result.failure is None]
            digests = {}

            def pending() -> Iterator[Submission]:
                for result in before:
                    folder = self.submitted / result.student / topic
                    submission = read_submission(folder, topic)
                    digests[result.student] = f"{version}-{submission.digest}"
                    yield submission

            one = replace(settings, only=question)
            for submission, outcome in grade_all(client, assignment, pending(), one):
                if isinstance(outcome, Lost) or outcome.notebook is None:
                    continue
                old = journal.result(submission.student)
                assert old is not None
                merged = Graded(
                    _with_question(old, outcome.result.questions[0]),
                    self._with_verdict(outcome, question),
                )
                self._keep(assignment, merged)
                journal.graded(digests[submission.student], merged.result)
                writer.write(merged.result, submission.submitted)
                journal.written(submission.student, digests[submission.student])
                tell(merged.result)
            self._report(assignment, journal, writer)
            after = [journal.result(result.student) or result for result in before]
        return before, after

    def _with_verdict(self, outcome: Graded, question: str) -> str:
        """The graded notebook as it was, with the new verdict on one question."""
        assert outcome.notebook is not None
        path = self.notebook(outcome.result.student, outcome.result.topic)
        old = nbformat.read(path, as_version=4)
        new = nbformat.reads(outcome.notebook, as_version=4)
        outputs = {_check_name(cell): cell.outputs for cell in new.cells if _check_name(cell)}
        for cell in old.cells:
            if _check_name(cell) == question:
                cell.outputs = outputs[question]
        return nbformat.writes(old)

    def _keep(self, assignment: Assignment, graded: Graded) -> None:
        """Put a graded notebook and its feedback where nbgrader has them."""
        result = graded.result
        notebook = graded.notebook or notebook_of_failure(assignment, result.failure or "")
        parsed = nbformat.reads(notebook, as_version=4)
        page = render_feedback(result, answers_in(parsed), title_of(assignment))
        write_safely(self.notebook(result.student, result.topic), notebook)
        write_safely(self.feedback(result.student, result.topic), page)

    def publish(self, topic: str, writer: GradebookWriter) -> list[Result]:
        """Write every student's feedback, the report and the table anew.

        Returns:
            The latest results, with what people have graded by hand since.
        """
        assignment = self.assignment(topic)
        with self.journal(topic) as journal:
            results = self._report(assignment, journal, writer)
        comments = writer.comments(topic)
        for result in results:
            notebook = nbformat.read(self.notebook(result.student, topic), as_version=4)
            page = render_feedback(
                result, answers_in(notebook), title_of(assignment), comments.get(result.student, {})
            )
            write_safely(self.feedback(result.student, topic), page)
        return results

    def _report(
        self, assignment: Assignment, journal: Journal, writer: GradebookWriter
    ) -> list[Result]:
        """Write the class report and the table, over all that is in the journal."""
        by_hand = writer.by_hand(assignment.topic)
        results = [
            _with_points_by_hand(result, by_hand.get(result.student, {}))
            for result in journal.results()
        ]
        page = self.report(assignment.topic)
        write_safely(page, render_report(results, title_of(assignment), self._link))
        write_safely(page.with_suffix(".csv"), render_csv(results))
        return results


def fingerprint(assignment: Assignment) -> str:
    """Changes when the assignment, or the code that judges it, does."""
    digest = hashlib.sha256(assignment.notebook.encode())
    for name, content in sorted(assignment.files.items()):
        digest.update(name.encode() + b"\0" + content)
    here = Path(__file__).parent
    for source in (f"checks/{module_name(assignment.topic)}.py", "checks/__init__.py", "judge.py"):
        digest.update((here / source).read_bytes())
    return digest.hexdigest()[:16]


def title_of(assignment: Assignment) -> str:
    """The heading of the released notebook."""
    for cell in assignment.release().cells:
        if cell.cell_type == "markdown" and cell.source.startswith("# "):
            return str(cell.source.splitlines()[0].removeprefix("# "))
    return assignment.topic


def write_safely(path: Path, text: str) -> None:
    """Write a file so that a reader finds the old one or the new one, never half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException as error:
        Path(temporary).unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)  # where a disk is full, say which
        raise


def _nothing(assignment: Assignment, student: str, reason: str) -> Graded:
    """The result of a submission that the grader could not grade."""
    questions = tuple(
        replace(question, by_hand=False) for question in assignment.questions().values()
    )
    return Graded(Result(student, assignment.topic, questions, reason))


def _with_points_by_hand(result: Result, by_hand: Mapping[str, float]) -> Result:
    """A result with the points that a person gave in place of ours."""
    questions = tuple(
        replace(question, points=by_hand[question.name], by_hand=False)
        if question.name in by_hand
        else question
        for question in result.questions
    )
    return replace(result, questions=questions)


def _with_question(result: Result, question: QuestionResult) -> Result:
    questions = tuple(question if q.name == question.name else q for q in result.questions)
    return replace(result, questions=questions)


def _check_name(cell: nbformat.NotebookNode) -> str | None:
    nbgrader = cell.metadata.get("nbgrader", {})
    if not nbgrader.get("grade") or nbgrader.get("solution"):
        return None
    return str(nbgrader["grade_id"]).removeprefix("check-")
