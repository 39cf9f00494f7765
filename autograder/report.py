"""The class as a page for the instructor, as a table for an LMS, and what a regrade changed."""

from __future__ import annotations

import csv
import io
import math
import statistics
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote

from autograder.pages import cut, render, without_controls
from autograder.results import Result

N_BINS = 10
MAX_NAMES = 200
"""Names in one list: with more, a class of thousands would make a page of tens of megabytes."""
MAX_NAME = 60
MAX_FAILURE = 300
N_SLOWEST = 10
N_INSTEAD = 3


# --- The class -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bin:
    """One bar of the histogram: submissions with ``low`` ≤ points < ``high``; the last has both."""

    low: float
    high: float
    count: int


@dataclass
class QuestionSummary:
    """How the class did on one question.

    Attributes:
        name: the question.
        max_points: what it can earn.
        earned: each submission's points; those that wait for a person are left out.
        n_waiting: how many wait for a person.
    """

    name: str
    max_points: float = 0.0
    earned: list[float] = field(default_factory=list)
    n_waiting: int = 0

    @property
    def mean(self) -> float | None:
        """Mean points, None where nobody has any yet."""
        return statistics.fmean(self.earned) if self.earned else None


@dataclass
class PartSummary:
    """How the class did on one part of a check.

    Attributes:
        question: the question it belongs to.
        expects: the part, in the words that students read.
        n_graded: how many submissions were asked.
        missed_by: who did not earn all of it.
        instead: how often which error came in place of an answer.
    """

    question: str
    expects: str
    n_graded: int = 0
    missed_by: list[str] = field(default_factory=list)
    instead: Counter[str] = field(default_factory=Counter)


def full_points(results: Iterable[Result]) -> float:
    """What the assignment can earn; a submission that failed early may not tell."""
    return max((result.max_points for result in results), default=0.0)


def quartiles(results: Sequence[Result]) -> tuple[float, float, float] | None:
    """Lower quartile, median and upper quartile of the totals; None for an empty class."""
    totals = [result.points for result in results]
    if len(totals) < 2:
        return (totals[0],) * 3 if totals else None
    low, median, high = statistics.quantiles(totals, n=4, method="inclusive")
    return low, median, high


def histogram(results: Sequence[Result]) -> list[Bin]:
    """Totals in ten equal bins from 0 to what the assignment can earn; nobody is left out."""
    full = full_points(results)
    counts = [0] * N_BINS
    for result in results:
        share = min(max(result.points / full, 0.0), 1.0) if full > 0 else 0.0
        counts[min(math.floor(share * N_BINS + 1e-9), N_BINS - 1)] += 1
    return [
        Bin(full * index / N_BINS, full * (index + 1) / N_BINS, count)
        for index, count in enumerate(counts)
    ]


def question_summaries(results: Iterable[Result]) -> list[QuestionSummary]:
    """Question by question, in the assignment's order."""
    summaries: dict[str, QuestionSummary] = {}
    for result in results:
        for question in result.questions:
            summary = summaries.setdefault(question.name, QuestionSummary(question.name))
            summary.max_points = max(summary.max_points, question.max_points)
            if question.by_hand:
                summary.n_waiting += 1
            else:
                summary.earned.append(question.points)
    return list(summaries.values())


def part_summaries(results: Iterable[Result]) -> list[PartSummary]:
    """The parts that somebody missed, the most missed first."""
    summaries: dict[tuple[str, str], PartSummary] = {}
    for result in results:
        for question in result.questions:
            for finding in question.findings:
                key = (question.name, finding.expects)
                summary = summaries.setdefault(key, PartSummary(*key))
                summary.n_graded += 1
                if not finding.right:
                    summary.missed_by.append(result.student)
                    summary.instead.update([finding.instead] if finding.instead else [])
    missed = [summary for summary in summaries.values() if summary.missed_by]
    return sorted(missed, key=lambda summary: -len(summary.missed_by))


def feedback_path(result: Result) -> str | None:
    """Where a student's feedback lies, seen from the report; None if no folder has such a name."""
    names = (result.student, result.topic)
    if not all(map(_names_a_file, names)):
        return None
    student, topic = (quote(name, safe="") for name in names)
    return f"feedback/{student}/{topic}.html"


def _names_a_file(name: str) -> bool:
    """Whether a file or folder can have this name, and a page can link to it."""
    if name in ("", ".", "..") or set(name) & set("/\\\0"):
        return False
    try:
        return len(name.encode("utf-8")) <= 250  # file systems take 255 bytes, ".html" included
    except UnicodeEncodeError:  # a lone surrogate
        return False


def render_report(
    results: Sequence[Result],
    title: str,
    link: Callable[[Result], str | None] = feedback_path,
) -> str:
    """Write the class report as one HTML page that needs no other file.

    Args:
        results: every submission's, of one assignment.
        title: the assignment, for people.
        link: the address of a student's feedback relative to the report; None gives no link.
    """
    ordered = _by_student(results)
    bins = histogram(ordered)
    return render(
        "report.html",
        title=title,
        results=ordered,
        full=full_points(ordered),
        quartiles=quartiles(ordered),
        bins=bins,
        tallest=max(bin_.count for bin_ in bins),
        questions=question_summaries(ordered),
        parts=part_summaries(ordered),
        failed=[result for result in ordered if result.failure is not None],
        slowest=sorted(ordered, key=lambda result: -result.seconds)[:N_SLOWEST],
        n_waiting=sum(result.by_hand for result in ordered),
        link=link,
        cut=cut,
        max_name=MAX_NAME,
        max_names=MAX_NAMES,
        max_failure=MAX_FAILURE,
        n_instead=N_INSTEAD,
    )


def _by_student(results: Iterable[Result]) -> list[Result]:
    return sorted(results, key=lambda result: result.student)


# --- The table -----------------------------------------------------------------------------------


def render_csv(results: Iterable[Result]) -> str:
    """Write one row a student, for an LMS or a spreadsheet; a question not reached is empty.

    Write the text to a file with ``newline=""``: its lines end as the csv module ends them.
    """
    ordered = _by_student(results)
    names = [summary.name for summary in question_summaries(ordered)]
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(
        ["student", "points", "max_points", *map(_cell, names), "waits_for_person", "failure"]
    )
    for result in ordered:
        earned = {question.name: f"{question.points:g}" for question in result.questions}
        writer.writerow(
            [
                _cell(result.student),
                f"{result.points:g}",
                f"{result.max_points:g}",
                *(earned.get(name, "") for name in names),
                "yes" if result.by_hand else "no",
                _cell(result.failure or ""),
            ]
        )
    return text.getvalue()


def _cell(text: str) -> str:
    """A text as one line that no spreadsheet takes for a formula.

    Spreadsheets also read the full-width forms of ``= + - @``, and skip blanks before them.
    """
    line = " ".join(without_controls(text).split("\n"))
    risky = (
        line.startswith("\t") or text.startswith("\r") or line.lstrip()[:1] in tuple("=+-@＝＋－＠")
    )
    return f"'{line}" if risky else line


# --- A regrade -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """One student's points for one question, before a regrade and after it."""

    student: str
    question: str
    old: float
    new: float


@dataclass(frozen=True)
class Changes:
    """What a regrade changed.

    Attributes:
        gained: changes for the better, by student.
        lost: changes for the worse, by student.
        before: all points of the class before.
        after: all points of the class after.
    """

    gained: tuple[Change, ...]
    lost: tuple[Change, ...]
    before: float
    after: float


def render_changes(before: Iterable[Result], after: Iterable[Result]) -> Changes:
    """Compare two gradings of a class; a question that one of them lacks earned 0 there."""
    old, new = _points(before), _points(after)
    # Questions stay in the assignment's order: sorting is stable, and dicts keep theirs.
    keys = sorted({**new, **old}, key=lambda key: key[0])
    changes = [Change(*key, old.get(key, 0.0), new.get(key, 0.0)) for key in keys]
    changes = [c for c in changes if not math.isclose(c.old, c.new, abs_tol=1e-9)]
    return Changes(
        gained=tuple(c for c in changes if c.new > c.old),
        lost=tuple(c for c in changes if c.new < c.old),
        before=math.fsum(old.values()),
        after=math.fsum(new.values()),
    )


def _points(results: Iterable[Result]) -> dict[tuple[str, str], float]:
    """Points by student and question."""
    return {(r.student, q.name): q.points for r in results for q in r.questions}
