"""From a topic's text to the notebook that nbgrader takes over.

``solutions/NN_topic.md`` (MyST Markdown, read by jupytext) holds the words. Its code cells name
what belongs into them, and the builder pulls it from ``solutions/bayescnn`` and the checks:

========================  ==========================================================================
a cell's metadata         becomes
========================  ==========================================================================
``imports: true``         the module's import statements, and the notebook's self-check
``given: NAME``           the source of a function that students receive whole
``solution: NAME``        the source of a graded function between BEGIN and END SOLUTION marks
``check: NAME``           the visible self-check, and the hidden check between its marks
``task: ID, points: N``   a written question, graded by hand (a Markdown cell)
``demonstration: true``   the cell as it stands, locked; it takes long and is not run for grading
none of these             the cell as it stands, locked if it holds code
========================  ==========================================================================
"""

from __future__ import annotations

import ast
import functools
import json
import shutil
import zlib
from pathlib import Path
from typing import Any

import jupytext
import nbformat
from nbformat.notebooknode import NotebookNode

from autograder.checks import Check, Inputs, checks_of
from autograder.judge import ask
from autograder.restore import DEMONSTRATION
from autograder.topics import COURSE_ID, ROOT, module_name, shipped_modules
from autograder.variants import Variant, namespace, variants_of
from bayescnn.selfcheck import answer_probes, error_kind, plain, rounded, same

LIBRARY = ROOT / "solutions" / "bayescnn"
SOURCE = ROOT / "build" / "source"


class BuildError(ValueError):
    """A text names something that is not there, or lacks something that must be."""


def _definition(text: str, name: str) -> tuple[list[str], ast.FunctionDef | ast.ClassDef]:
    """The lines of a module and the node of one of its top-level functions or classes."""
    for node in ast.parse(text).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and node.name == name:
            return text.splitlines(), node
    raise BuildError(f"The library module has no function or class {name!r}.")


def function_source(text: str, name: str) -> str:
    """The source of one top-level function or class of a module."""
    lines, node = _definition(text, name)
    return "\n".join(lines[node.lineno - 1 : node.end_lineno])


def _body_span(function: ast.FunctionDef) -> tuple[int, int]:
    """First and last line (1-based) of what a student is asked to write."""
    docstring = function.body[0]
    if ast.get_docstring(function) is None or docstring.end_lineno is None:
        raise BuildError(f"{function.name} has no docstring, so a student has nothing to go by.")
    if len(function.body) < 2 or function.end_lineno is None:
        raise BuildError(f"{function.name} has no body to write.")
    return docstring.end_lineno + 1, function.end_lineno


def solution_source(text: str, name: str) -> str:
    """The source of a graded function or class, its bodies between SOLUTION marks.

    Signature and docstring stay outside the marks: they are the student's stub. So does the
    constructor of a class.
    """
    lines, node = _definition(text, name)
    functions = [node] if isinstance(node, ast.FunctionDef) else node.body
    graded = [f for f in functions if isinstance(f, ast.FunctionDef) and f.name != "__init__"]
    marked = list(lines)
    for function in reversed(graded):
        first, last = _body_span(function)
        indent = " " * (function.col_offset + 4)
        marked[first - 1 : last] = [
            f"{indent}### BEGIN SOLUTION",
            *lines[first - 1 : last],
            f"{indent}### END SOLUTION",
        ]
    grown = 2 * len(graded)
    return "\n".join(marked[node.lineno - 1 : (node.end_lineno or 0) + grown])


def import_source(text: str) -> str:
    """A module's imports and the names it binds to parts of them (``tfd = tfp.distributions``)."""
    chosen = []
    for node in ast.parse(text).body:
        alias = isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute)
        if isinstance(node, (ast.Import, ast.ImportFrom)) or alias:
            chosen.append(ast.unparse(node))
    return "\n".join(chosen)


SET_UP = """\
import os
import zipfile

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # or TensorFlow's notes fill the page
if not os.path.isdir("bayescnn"):
    if not os.path.isfile("{topic}.zip"):
        raise FileNotFoundError(
            "This notebook needs the folder 'bayescnn' that it came with: open it where you "
            "unpacked it. In Colab, upload {topic}.zip (folder symbol on the left) and run "
            "this cell again."
        )
    zipfile.ZipFile("{topic}.zip").extractall()
    os.chdir("{course}/{topic}")
"""
"""Ahead of a notebook's imports: the folder that it came with, also where there is only a zip."""


def _imports_source(topic: str, library: str) -> str:
    """The first cell with code of a notebook, which works wherever notebooks are opened."""
    future = "from __future__ import annotations"
    imports = [line for line in import_source(library).splitlines() if line != future]
    return "\n".join(
        [
            future,
            "",
            SET_UP.format(topic=topic, course=COURSE_ID),
            *imports,
            "",
            "%matplotlib inline",
            "from bayescnn import plots",
            "from bayescnn.selfcheck import SelfCheck",
            "",
            f'check = SelfCheck("{topic}", globals())',
        ]
    )


def _check_source(topic: str, name: str) -> str:
    """A graded test cell: what students see, and what stays hidden."""
    return "\n".join(
        [
            f'check("{name}")',
            "### BEGIN HIDDEN TESTS",
            "from autograder.hidden import points",
            f'points("{topic}", "{name}", globals())',
            "### END HIDDEN TESTS",
        ]
    )


def _graded(cell: NotebookNode, grade_id: str, **fields: Any) -> NotebookNode:
    """Give a cell nbgrader's metadata (schema version 3), and an id that a rebuild repeats."""
    metadata = {"grade": False, "solution": False, "locked": False, "task": False, **fields}
    cell.metadata = NotebookNode(nbgrader={**metadata, "grade_id": grade_id, "schema_version": 3})
    cell.id = grade_id
    return cell


def _build_cell(cell: NotebookNode, topic: str, library: str, position: int) -> NotebookNode:
    """One cell of the text as one cell of the source notebook."""
    wants = cell.metadata
    if "solution" in wants:
        cell.source = solution_source(library, wants["solution"])
        return _graded(cell, wants["solution"], solution=True)
    if "check" in wants:
        check = checks_of(topic).get(wants["check"])
        if check is None:
            raise BuildError(f"Topic {topic} has no check called {wants['check']!r}.")
        cell.source = _check_source(topic, check.name)
        return _graded(cell, f"check-{check.name}", grade=True, locked=True, points=check.points)
    if "task" in wants:
        return _graded(cell, wants["task"], task=True, locked=True, points=wants["points"])
    if wants.get("imports"):
        cell.source = _imports_source(topic, library)
        return _graded(cell, "imports", locked=True)
    if "given" in wants:
        cell.source = function_source(library, wants["given"])
        return _graded(cell, f"given-{wants['given']}", locked=True)
    if cell.cell_type == "code":
        run = _graded(cell, f"run-{position:02d}", locked=True)
        if wants.get("demonstration"):
            run.metadata.tags = [DEMONSTRATION]
        return run
    cell.metadata = NotebookNode()
    cell.id = f"text-{position:02d}"
    return cell


def source_notebook(topic: str) -> NotebookNode:
    """The instructor's notebook of a topic: model answers, visible and hidden checks.

    Raises:
        BuildError: the text names a function or a check that does not exist, forgets one that
            does, or repeats one.
    """
    text = (ROOT / "solutions" / f"{topic}.md").read_text(encoding="utf-8")
    library = (LIBRARY / f"{module_name(topic)}.py").read_text(encoding="utf-8")
    notebook = jupytext.reads(text, fmt="md:myst")
    for kind in ("solution", "check"):
        named = [cell.metadata[kind] for cell in notebook.cells if kind in cell.metadata]
        if sorted(named) != sorted(checks_of(topic)):
            raise BuildError(
                f"{topic}.md must have one {kind} cell for each of {', '.join(checks_of(topic))}; "
                f"it has {', '.join(named)}."
            )
    notebook.cells = [
        _build_cell(cell, topic, library, position) for position, cell in enumerate(notebook.cells)
    ]
    notebook.metadata = NotebookNode(
        kernelspec={"name": "python3", "display_name": "Python 3", "language": "python"},
        language_info={"name": "python"},
    )
    nbformat.validate(notebook)
    return notebook


def self_check_data(topic: str) -> dict[str, Any]:
    """What ``bayescnn.selfcheck`` needs: probes, public inputs, true answers, known mistakes."""
    return {name: _self_check(topic, check) for name, check in checks_of(topic).items()}


def public_inputs(topic: str, check: Check) -> Inputs:
    """The inputs of a self-check: everyone can see them, and every build repeats them."""
    question = ask(check, seed=zlib.crc32(f"{topic}/{check.name}".encode()))
    return dict(rounded(question.inputs, digits=12))  # machines whose last bits differ agree


@functools.cache
def mistaken_answers(topic: str, name: str) -> tuple[tuple[Variant, list[dict[str, Any]]], ...]:
    """Every wrong variant of a function, and what it answers on the public inputs, part by part.

    This trains networks, and takes seconds to a minute.
    """
    # Here, not above: nothing else in this module needs TensorFlow.
    import tf_keras as keras

    check = checks_of(topic)[name]
    inputs = public_inputs(topic, check)
    probes = [check.probe_source(part) for part in check.parts]
    found = []
    for variant in variants_of(topic, name):
        if not variant.right:
            keras.utils.set_random_seed(0)  # mistakes that draw give the same answer every time
            found.append((variant, answer_probes(probes, inputs, namespace(topic, variant))))
    return tuple(found)


def _self_check(topic: str, check: Check) -> dict[str, Any]:
    inputs = public_inputs(topic, check)
    parts = []
    for index, part in enumerate(check.parts):
        truth = plain(part.truth(inputs))
        mistakes: list[dict[str, Any]] = []
        for variant, answers in mistaken_answers(topic, check.name):
            answer = answers[index].get("answer")
            if error := answers[index].get("error"):
                mistakes.append({"error": error_kind(error), "hint": variant.hint})
                continue
            known = [truth, *(m["answer"] for m in mistakes if "answer" in m)]
            if answer is None or any(same(answer, k, part.rtol, part.atol) for k in known):
                continue
            mistakes.append({"answer": rounded(answer, digits=6), "hint": variant.hint})
        parts.append(
            {
                "expects": part.expects,
                "probe": check.probe_source(part),
                "truth": rounded(truth, digits=6),
                "rtol": max(part.rtol, 1e-4),
                "atol": part.atol,
                "mistakes": mistakes,
            }
        )
    return {"inputs": inputs, "parts": parts}


def build_source(topic: str, source: Path = SOURCE) -> Path:
    """Write a topic's source folder: notebook, the modules that students receive, self-checks.

    Args:
        topic: the assignment.
        source: the folder of all assignments' sources.

    Returns:
        ``source/NN_topic``, made anew.
    """
    notebook = source_notebook(topic)
    data = self_check_data(topic)
    folder = source / topic
    shutil.rmtree(folder, ignore_errors=True)
    package = folder / "bayescnn"
    (package / "selfchecks").mkdir(parents=True)
    for module in shipped_modules(topic):
        shutil.copyfile(LIBRARY / f"{module}.py", package / f"{module}.py")
    path = package / "selfchecks" / f"{topic}.json"
    path.write_text(json.dumps(data, indent=1) + "\n", encoding="utf-8")
    nbformat.write(notebook, folder / f"{topic}.ipynb")
    return folder
