"""Your answers to the earlier assignments, in the place of the course's.

A later assignment brings the course's modules for what the earlier ones built. With
`use_own_answers` it builds on *your* functions instead, taken from your notebooks: each one that
passes its self-check. What is missing, or fails, stays the course's, so nothing breaks.
"""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import nbformat

from bayescnn.selfcheck import EMPTY, SelfCheck, one_line, quiet


class Answer(NamedTuple):
    """One graded function: whose it is now, and why."""

    topic: str
    function: str
    own: bool
    why: str


def earlier_notebooks(folder: Path, topic: str) -> list[Path]:
    """The notebooks of the assignments before a topic, in their order.

    Args:
        folder: holds NN_topic/NN_topic.ipynb for each, as it was unpacked.
        topic: such as "08_uncertainty".
    """
    modules = Path(__file__).parent
    return [
        path
        for path in sorted(folder.glob("[0-9][0-9]_*/*.ipynb"))
        if path.stem == path.parent.name < topic and (modules / f"{path.stem[3:]}.py").is_file()
    ]


def solution_cells(notebook: Path) -> dict[str, str]:
    """The source of each graded function's cell, by the function's name."""
    cells = nbformat.read(notebook, as_version=4).cells
    graded = [(cell.metadata.get("nbgrader", {}), cell) for cell in cells]
    return {
        about["grade_id"]: cell.source
        for about, cell in graded
        if about.get("solution") and not about.get("task") and cell.cell_type == "code"
    }


def try_answer(source: str, function: str, check: SelfCheck, names: dict[str, Any]) -> str:
    """Run a cell and check its function.

    Args:
        source: the cell.
        function: that it defines.
        check: of the assignment, bound to `names`.
        names: what the assignment's module defines; gets what the cell defines.

    Returns:
        What is wrong, in one line; empty where all is well.
    """
    try:
        with quiet():
            exec(compile(source, f"<your {function}>", "exec"), names)
    except Exception as error:
        return one_line(error)
    wrong = [text for right, text in check.findings(function) if not right]
    if not wrong:
        return ""
    return wrong[0].rstrip(".") if wrong[0].startswith(EMPTY) else wrong[0]


def put_in_place(old: Any, new: Any, namespace: dict[str, Any]) -> None:
    """Bind a new function wherever an old one is known: in the course's modules, in a notebook."""
    modules = [
        vars(module)
        for name, module in list(sys.modules.items())
        if name == "bayescnn" or name.startswith("bayescnn.")
    ]
    for names in (*modules, namespace):
        for name, value in list(names.items()):
            if value is old:
                names[name] = new


def answers_of(notebook: Path, namespace: dict[str, Any]) -> Iterator[Answer]:
    """Take over, one after the other, what passes of a notebook's answers."""
    topic, checks = notebook.stem, notebook.parent / "bayescnn" / "selfchecks"
    module = importlib.import_module(f"bayescnn.{topic[3:]}")
    cells = solution_cells(notebook)
    for function in SelfCheck(topic, {}, checks).names:
        # A copy: what a cell leaves behind may not disturb the course's module.
        names = dict(vars(module))
        check = SelfCheck(topic, names, checks)
        if function not in cells:
            yield Answer(topic, function, False, "there is no cell for it")
            continue
        wrong = try_answer(cells[function], function, check, names)
        if not wrong:
            put_in_place(getattr(module, function), names[function], namespace)
        yield Answer(topic, function, not wrong, wrong)


def use_own_answers(
    topic: str, namespace: dict[str, Any], folder: str | Path = ".."
) -> list[Answer]:
    """Build on your own functions from the earlier assignments, and say which they are.

    Args:
        topic: the assignment you are at.
        namespace: the notebook's `globals()`.
        folder: where your assignments lie side by side.

    Returns:
        One `Answer` for every graded function that was looked at.
    """
    answers: list[Answer] = []
    notebooks = earlier_notebooks(Path(folder), topic)
    if not notebooks:
        print("No earlier assignment lies beside this one: all functions are the course's.")
    for notebook in notebooks:
        try:
            found = list(answers_of(notebook, namespace))
        except Exception as error:  # a damaged notebook is no reason to stop
            print(f"{notebook.stem}: the course's functions ({one_line(error)})")
            continue
        own = [answer for answer in found if answer.own]
        print(f"{notebook.stem}: {len(own)} of {len(found)} functions are yours")
        for answer in found:
            if not answer.own:
                print(f"    the course's {answer.function}: {answer.why}")
        answers += found
    return answers
