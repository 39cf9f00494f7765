"""One student's feedback as a page: what was expected, what happened, what it earned.

The page holds only what `Result` and the student's own notebook hold. No hidden source, expected
value or tolerance comes near it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from nbformat.notebooknode import NotebookNode
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer

from autograder.pages import cut, plain, render, shortened
from autograder.results import QuestionResult, Result

MAX_OUTPUT = (2_000, 40)
"""Characters and lines of a cell's output that a page shows."""

MAX_SOURCE = (20_000, 400)
"""Characters and lines of a student's source that a page shows: ten times the longest answer."""


@dataclass(frozen=True)
class Answer:
    """What a student wrote for a question, as the graded notebook holds it.

    Attributes:
        name: the question.
        source: the student's code.
        output: what its cell printed, or the error it raised; empty if it did neither. Plain
            text of unknown origin.
    """

    name: str
    source: str
    output: str = ""


def answers_in(notebook: NotebookNode) -> list[Answer]:
    """The answers to a graded notebook's coding questions, in its order.

    Cells that the course wrote are left alone: in a graded notebook they hold hidden tests. Of two
    cells for one question the later one counts, as it did when the notebook ran.

    Args:
        notebook: a submission after grading. Its form is not trusted.
    """
    answers: dict[str, Answer] = {}
    for cell in notebook.get("cells", []):
        marks = cell.get("metadata", {}).get("nbgrader")
        if cell.get("cell_type") != "code" or not isinstance(marks, Mapping):
            continue
        if not marks.get("solution") or marks.get("locked"):
            continue
        name = _text(marks.get("grade_id"))
        source = shortened(plain(_text(cell.get("source"))), *MAX_SOURCE)
        answers[name] = Answer(name, source, _output_of(cell))
    return list(answers.values())


def _output_of(cell: Mapping[str, Any]) -> str:
    """The plain text among a cell's outputs; pictures, HTML, scripts and widgets are dropped."""
    text = "".join(_output_text(output) for output in cell.get("outputs", []))
    return shortened(plain(text).strip("\n"), *MAX_OUTPUT)


def _output_text(output: Mapping[str, Any]) -> str:
    kind = output.get("output_type")
    if kind == "stream":
        return _text(output.get("text"))
    if kind in ("execute_result", "display_data"):
        data = output.get("data")
        text = _text(data.get("text/plain")) if isinstance(data, Mapping) else ""
    elif kind == "error":
        text = _error_text(output)
    else:
        text = ""
    return f"{text}\n" if text else ""


def _error_text(output: Mapping[str, Any]) -> str:
    """A traceback without its ruler; the exception alone where there is no traceback."""
    traceback = output.get("traceback")
    lines = plain("\n".join(map(_text, traceback))) if isinstance(traceback, list) else ""
    kept = "\n".join(line for line in lines.split("\n") if line.strip("-") or not line)
    return kept or f"{_text(output.get('ename'))}: {_text(output.get('evalue'))}".strip(": ")


def _text(value: Any) -> str:
    """A notebook's text, which may be a string or a list of lines; anything else is no text."""
    if isinstance(value, list):
        return "".join(line for line in value if isinstance(line, str))
    return value if isinstance(value, str) else ""


def coloured(source: str) -> Markup:
    """Python source as HTML; pygments escapes it."""
    lexer = PythonLexer(stripnl=False, ensurenl=False)
    return Markup(highlight(plain(source), lexer, HtmlFormatter(nowrap=True)))


def state(question: QuestionResult) -> str:
    """Where a question stands: waiting, right, partly or not-yet."""
    if question.by_hand:
        return "waiting"
    if question.points >= question.max_points:
        return "right"
    return "partly" if question.points > 0 else "not-yet"


def render_feedback(
    result: Result,
    answers: Sequence[Answer],
    title: str,
    comments: Mapping[str, str] | None = None,
) -> str:
    """Write a student's feedback as one HTML page that needs no other file.

    Args:
        result: what grading yielded.
        answers: what the student wrote; see `answers_in`.
        title: the assignment, for people.
        comments: what a person wrote, by question.
    """
    by_name = {answer.name: answer for answer in answers}
    states = [state(question) for question in result.questions]
    return render(
        "feedback.html",
        result=result,
        title=title,
        cards=[
            {
                "question": question,
                "state": where,
                "answer": by_name.get(question.name),
                "comment": (comments or {}).get(question.name),
            }
            for question, where in zip(result.questions, states, strict=True)
        ],
        n_checked=len(states) - states.count("waiting"),
        n_right=states.count("right"),
        waiting_points=sum(q.max_points - q.points for q in result.questions if q.by_hand),
        failure=shortened(plain(result.failure), *MAX_OUTPUT) if result.failure else None,
        coloured=coloured,
        cut=cut,
    )
