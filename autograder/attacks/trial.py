"""Grade a class of hostile and honest submissions, and see what the hostile ones achieved.

The class is graded by the whole engine, as an instructor would. Among the attackers sit neighbours
whose work is plain. Canaries, strings that nobody could guess, lie wherever a submission may not
look: the grader's environment, the gradebook, the class folder, and the neighbours' notebooks.
Afterwards everything that a submission left behind is searched for them, and for the hidden
checks' own text.
"""

from __future__ import annotations

import inspect
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook
from rich.markup import escape
from rich.table import Table

from autograder.attacks.kit import MARK, REFUSED, TOPIC, Attack
from autograder.checks import checks_of
from autograder.classroom import Classroom
from autograder.crew import crew
from autograder.gradebook import GradebookWriter
from autograder.grading import Settings
from autograder.limits import Limits
from autograder.results import Result
from autograder.sample import demonstration_class
from autograder.topics import COURSE_ID, ROOT

LIMITS = Limits(cell_seconds=30, submission_seconds=300, memory_mb=1024)
"""Tighter than for a class, so that those who hang do not hold up the trial.

Honest work takes 10 s on two idle cores, and 70 s has been seen on slow and busy ones.
"""

LEFT_BEHIND = ("know-*-ran", "know-left-*", "know-unpacked*", "know-unpickled*", "stolen.txt")
"""Files that an attack writes where it gets out of its sandbox."""


@dataclass(frozen=True)
class Outcome:
    """What one attack achieved.

    Attributes:
        attack: what was tried.
        result: what it earned; None if it got no row.
        faults: what it should not have achieved, in words; empty if the grader held.
    """

    attack: Attack
    result: Result | None
    faults: tuple[str, ...]


@dataclass(frozen=True)
class Trial:
    """What the whole class showed.

    Attributes:
        outcomes: one an attack.
        neighbours: faults in the grading of the honest neighbours, in words.
    """

    outcomes: tuple[Outcome, ...]
    neighbours: tuple[str, ...]

    @property
    def held(self) -> bool:
        """Whether the grader withstood it all."""
        return not self.neighbours and not any(outcome.faults for outcome in self.outcomes)


def run(attacks: Sequence[Attack], folder: Path, jobs: int = 2) -> Trial:
    """Grade a class of attackers and neighbours.

    Args:
        attacks: who attacks; each hands in one submission.
        folder: an empty folder for the class.
        jobs: submissions to grade at once.
    """
    classroom = Classroom(folder / "class")
    canaries = {where: f"canary-{secrets.token_hex(12)}" for where in CANARIES}
    deserved = _seat_neighbours(classroom, canaries["a neighbour's notebook"])
    for attack in attacks:
        seat = classroom.submitted / attack.name / TOPIC
        shutil.copytree(ROOT / "exercises" / TOPIC, seat)
        attack.prepare(seat)
    classroom.folder.joinpath("notes.txt").write_text(canaries["the class folder"])
    variable = "GRADER_TOKEN"
    os.environ[variable] = canaries["the grader's environment"]
    try:
        with crew(jobs) as client, GradebookWriter(classroom.db_url) as writer:
            writer.enter(classroom.assignment(TOPIC))
            with Gradebook(classroom.db_url, COURSE_ID) as gradebook:
                gradebook.add_student("staff", last_name=canaries["the gradebook"])
            results = classroom.grade(TOPIC, client, writer, Settings(limits=LIMITS))
            entered = writer.points(TOPIC)
    finally:
        del os.environ[variable]
    by_student = {result.student: result for result in results}
    secrets_ = {**canaries, **{line: line for line in hidden_lines()}}
    outcomes = tuple(
        Outcome(
            attack,
            by_student.get(attack.name),
            tuple(_faults(attack, by_student.get(attack.name), entered, classroom, secrets_)),
        )
        for attack in attacks
    )
    return Trial(outcomes, tuple(_neighbours_faults(deserved, by_student, entered, folder)))


def table_of(trial: Trial) -> Table:
    """What each class of attack achieved."""
    table = Table("class", "submissions", "points gained", "result", title="Attacks")
    for number in sorted({outcome.attack.number for outcome in trial.outcomes}):
        of_class = [outcome for outcome in trial.outcomes if outcome.attack.number == number]
        gained = sum(
            max(0.0, o.result.points - o.attack.deserves) for o in of_class if o.result is not None
        )
        faults = [f"{o.attack.name}: {'; '.join(o.faults)}" for o in of_class if o.faults]
        names = ", ".join(outcome.attack.name for outcome in of_class)
        result = "[red]" + escape("\n".join(faults)) + "[/]" if faults else "[green]held[/]"
        table.add_row(str(number), escape(names), f"{gained:g}", result)
    return table


CANARIES = (
    "the grader's environment",
    "the gradebook",
    "the class folder",
    "a neighbour's notebook",
)


def hidden_lines() -> list[str]:
    """Lines of the judge's side of the checks, by which a copy of it would be known."""
    lines = []
    for check in checks_of(TOPIC).values():
        judging: list[Callable[..., object]] = [check.draw, *(part.truth for part in check.parts)]
        for function in judging:
            for line in inspect.getsource(function).splitlines():
                if len(line.strip()) > 40 and "#" not in line:
                    lines.append(line.strip())
    return sorted(set(lines))


def _seat_neighbours(classroom: Classroom, canary: str) -> dict[str, float]:
    """Hand in honest work.

    Returns:
        What each neighbour's work earns.
    """
    deserved = {}
    for name, notebook in demonstration_class(TOPIC).items():
        notebook.cells.append(nbformat.v4.new_markdown_cell(canary))
        seat = classroom.submitted / f"neighbour-{name}" / TOPIC
        shutil.copytree(ROOT / "exercises" / TOPIC, seat)
        nbformat.write(notebook, seat / f"{TOPIC}.ipynb")
        deserved[f"neighbour-{name}"] = {"cleo": 74.0, "dan": 0.0}.get(name, 90.0)
    return deserved


def _faults(
    attack: Attack,
    result: Result | None,
    entered: dict[str, float],
    classroom: Classroom,
    hidden: dict[str, str],
) -> Iterator[str]:
    """What an attack should not have achieved."""
    if result is None or attack.name not in entered:
        yield "has no row"
        return
    if entered[attack.name] != result.points:
        yield f"the gradebook says {entered[attack.name]:g}, the result {result.points:g}"
    if result.points > attack.deserves:
        yield f"gained {result.points - attack.deserves:g} points"
    if result.points < attack.deserves:
        yield f"lost {attack.deserves - result.points:g} points"
    for path in left_by(classroom, attack.name):
        text = path.read_text(encoding="utf-8", errors="replace")
        if path.suffix == ".ipynb" and any(REFUSED in line for line in printed_in(text)):
            yield "did not run, since it found itself outside a sandbox"
        for what, secret in hidden.items():
            if secret in text or json.dumps(secret)[1:-1] in text:
                yield f"{path.name} shows {what}"
        if path.suffix == ".html" and is_alive(text):
            yield f"{path.name} lets markup through"


def left_by(classroom: Classroom, student: str) -> list[Path]:
    """All files that grading wrote about a student."""
    places = (classroom.folder / "autograded" / student, classroom.folder / "feedback" / student)
    return [path for place in places for path in place.rglob("*") if path.is_file()]


def printed_in(notebook: str) -> Iterator[str]:
    """What a graded notebook's cells printed."""
    for cell in json.loads(notebook)["cells"]:
        yield from ("".join(o["text"]) for o in cell.get("outputs", []) if "text" in o)


def is_alive(page: str) -> bool:
    """Whether an attacker's mark stands anywhere in a page but in its text."""

    class Finder(HTMLParser):
        alive = False

        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            self.alive |= tag == "script" or any(MARK in (value or "") for _, value in attrs)
            self.alive |= MARK in tag

        def handle_comment(self, data: str) -> None:
            self.alive |= MARK in data

    finder = Finder()
    finder.feed(page)
    return finder.alive or "\x1b" in page


def _neighbours_faults(
    deserved: dict[str, float],
    results: dict[str, Result],
    entered: dict[str, float],
    folder: Path,
) -> Iterator[str]:
    """What became of the others' grades, and of the machine."""
    for name, points in deserved.items():
        got = results[name].points if name in results else None
        if got != points or entered.get(name) != points:
            yield f"{name} earned {points:g} and got {got} (gradebook: {entered.get(name)})"
    for place in (folder, ROOT, Path("/tmp"), Path("/dev/shm"), Path.home()):
        for pattern in LEFT_BEHIND:
            depth = place.glob(pattern) if place != folder else place.rglob(pattern)
            yield from (f"{path} was left behind" for path in depth)
    for page in (folder / "class" / "reports").glob("*.html"):
        if is_alive(page.read_text(encoding="utf-8")):
            yield f"{page.name} lets markup through"
