"""Submissions made to order: for the demonstration class and for the tests of the grader."""

from __future__ import annotations

from collections.abc import Mapping

import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.builder import LIBRARY, function_source
from autograder.checks import checks_of
from autograder.topics import ROOT, module_name
from autograder.variants import variants_of


def released(topic: str) -> NotebookNode:
    """The notebook as students receive it."""
    return nbformat.read(ROOT / "exercises" / topic / f"{topic}.ipynb", as_version=4)


def filled(topic: str, answers: Mapping[str, str]) -> NotebookNode:
    """The released notebook with some solution cells filled in.

    Args:
        topic: the assignment.
        answers: source by function name; other cells keep their stub.
    """
    notebook = released(topic)
    for cell in notebook.cells:
        nbgrader = cell.metadata.get("nbgrader", {})
        if nbgrader.get("solution") and nbgrader["grade_id"] in answers:
            cell.source = answers[nbgrader["grade_id"]]
    return notebook


def model_answers(topic: str) -> dict[str, str]:
    """The reference's source for every graded function."""
    text = (LIBRARY / f"{module_name(topic)}.py").read_text(encoding="utf-8")
    return {name: function_source(text, name) for name in checks_of(topic)}


def demonstration_class(topic: str) -> dict[str, NotebookNode]:
    """Four students: all right, right in another way, one mistake, nothing done."""
    answers = model_answers(topic)
    variants = {name: variants_of(topic, name) for name in answers}
    other = {n: next(v.source for v in vs if v.right) for n, vs in variants.items()}
    slip = next(iter(list(answers)[2:]))
    mistaken = next(v.source for v in variants[slip] if not v.right)
    return {
        "ada": filled(topic, answers),
        "ben": filled(topic, other),
        "cleo": filled(topic, {**answers, slip: mistaken}),
        "dan": filled(topic, {}),
    }
