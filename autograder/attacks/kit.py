"""What every attack needs: a register, and ways to put hostile things into a student's folder.

Hostile sources are templates. Before they are written,

- ``@FOLDER@`` becomes the submission's folder: the attacker is assumed to know where it lies;
- ``@MIME@`` becomes the type of the messages that carry answers to the judge;
- ``@MARK@`` becomes `MARK`.
"""

from __future__ import annotations

import json
import textwrap
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from autograder.checks import checks_of
from bayescnn.selfcheck import ANSWERS_MIME

TOPIC = "02_kl_weight"
"""The assignment that the attacks are made from."""

NOTEBOOK = f"{TOPIC}.ipynb"

GRADED = tuple(checks_of(TOPIC))
"""The graded functions, in the assignment's order."""

AUTOMATIC_POINTS = sum(check.points for check in checks_of(TOPIC).values())
"""What the model answers earn without a person's help."""

MARK = "know-attack-mark"
"""Stands in everything that must not reach a browser, a terminal or a spreadsheet alive."""

REFUSED = "know-attack-refused-outside-a-sandbox"
"""Printed in place of a dangerous attack where no sandbox holds it; harnesses look for it."""

Prepare = Callable[[Path], None]
Change = Callable[[dict[str, Any]], None]

# A sandbox of bubblewrap's kind maps exactly one user; machines and containers map thousands. Any
# doubt counts as "outside", since these attacks would take the machine down.
_GUARD = f"""
try:
    with open("/proc/self/uid_map") as _map:
        _inside = [line.split()[2] for line in _map] == ["1"]
except OSError:
    _inside = False
if not _inside:
    print({REFUSED!r})
    raise SystemExit({REFUSED!r})
"""


@dataclass(frozen=True)
class Attack:
    """One way to make a submission hostile, broken or merely strange.

    Attributes:
        number: its class in the list of what a submission may try.
        name: unique, and fit for a folder.
        title: what it tries, in one sentence.
        prepare: changes a folder that holds the untouched assignment as students receive it.
        deserves: the automatic points that the honest part of its work has earned.
        honest: strange, but honest: it must not lose a point.
    """

    number: int
    name: str
    title: str
    prepare: Prepare
    deserves: float = 0.0
    honest: bool = False


REGISTER: list[Attack] = []
"""In the order of definition; the package sorts it."""


def attack(number: int, title: str, deserves: float = 0.0) -> Callable[[Prepare], Prepare]:
    """Register a function that makes a folder hostile; its name becomes the attack's."""

    def register(prepare: Prepare) -> Prepare:
        name = prepare.__name__.replace("_", "-")
        REGISTER.append(Attack(number, name, title, prepare, deserves))
        return prepare

    return register


def honest(number: int, title: str) -> Callable[[Prepare], Prepare]:
    """Register a function that makes a folder strange; it gets one with the model answers in."""

    def register(change: Prepare) -> Prepare:
        def prepare(folder: Path) -> None:
            answers(folder, solved())
            change(folder)

        name = "honest-" + change.__name__.replace("_", "-")
        REGISTER.append(Attack(number, name, title, prepare, AUTOMATIC_POINTS, honest=True))
        return change

    return register


def solved(names: Iterable[str] = GRADED) -> dict[str, str]:
    """The model answers to some graded functions."""
    from autograder.sample import model_answers  # brings the builder along; needed here only

    sources = model_answers(TOPIC)
    return {name: sources[name] for name in names}


# ------------------------------------------------------------------------------ sources and cells


def hostile(folder: Path, source: str) -> str:
    """A template as it is written into a submission."""
    text = textwrap.dedent(source).strip("\n")
    text = text.replace("@FOLDER@", str(folder.resolve()))
    return text.replace("@MIME@", ANSWERS_MIME).replace("@MARK@", MARK) + "\n"


def dangerous(source: str) -> str:
    """A template that runs in a sandbox only: it would harm a machine that it ran on directly."""
    return _GUARD.strip("\n") + "\n" + textwrap.dedent(source)


def code_cell(source: str, identity: str) -> dict[str, Any]:
    """A student's own code cell."""
    return {
        "cell_type": "code",
        "execution_count": None,
        "id": identity,
        "metadata": {},
        "outputs": [],
        "source": source,
    }


def rewrite(folder: Path, change: Change) -> None:
    """Load the notebook's JSON, let ``change`` alter it in place, and save it."""
    path = folder / NOTEBOOK
    notebook = json.loads(path.read_text(encoding="utf-8"))
    change(notebook)
    path.write_text(json.dumps(notebook, indent=1) + "\n", encoding="utf-8")


def insert(folder: Path, place: int | str, source: str) -> None:
    """Insert a code cell at an index, or behind the cell with a ``grade_id``."""
    text = hostile(folder, source)

    def change(notebook: dict[str, Any]) -> None:
        cells = notebook["cells"]
        index = cells.index(graded(notebook, place)) + 1 if isinstance(place, str) else place
        cells.insert(index, code_cell(text, f"own-{len(cells)}"))

    rewrite(folder, change)


def first_cell(folder: Path, source: str) -> None:
    """Insert a code cell before everything."""
    insert(folder, 0, source)


def last_cell(folder: Path, source: str) -> None:
    """Insert a code cell behind everything."""
    insert(folder, 10**6, source)  # beyond the end means at the end


def answers(folder: Path, sources: dict[str, str]) -> None:
    """Fill graded cells."""

    def change(notebook: dict[str, Any]) -> None:
        for name, source in sources.items():
            graded(notebook, name)["source"] = hostile(folder, source)

    rewrite(folder, change)


def answer(folder: Path, function_name: str, source: str) -> None:
    """Fill one graded cell."""
    answers(folder, {function_name: source})


def answer_all(folder: Path, source: str) -> None:
    """Fill every graded cell with a text that defines ``everything``, and bind it to its name."""
    text = textwrap.dedent(source)
    answers(folder, {name: f"{text}\n{name} = everything" for name in GRADED})


def graded(notebook: dict[str, Any], grade_id: str) -> dict[str, Any]:
    """The cell with a ``grade_id``."""
    return next(
        cell
        for cell in notebook["cells"]
        if cell["metadata"].get("nbgrader", {}).get("grade_id") == grade_id
    )


def check_cells(notebook: dict[str, Any]) -> list[dict[str, Any]]:
    """The cells that carry points, in order."""
    return [graded(notebook, f"check-{name}") for name in GRADED]


def file(folder: Path, name: str, source: str) -> Path:
    """Write a text file beside the notebook."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(hostile(folder, source), encoding="utf-8")
    return path


def neighbours(folder: Path) -> list[Path]:
    """Others' submissions, where the folder lies in a class: ``submitted/STUDENT/TOPIC``."""
    try:
        places = sorted(folder.parents[1].glob(f"*/{folder.name}/{NOTEBOOK}"))
    except IndexError:
        return []
    return [path for path in places if path.parent != folder and path.is_file()]
