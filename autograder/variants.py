"""Right and wrong variants of the answers: they test the tests.

Every graded function has, in ``checks/variants/<module>/<function>.py``, a list of sections that
each replace the student's whole cell. ``# %% right: …`` is another way to be right and must earn
all points; ``# %% wrong: …`` is a plausible mistake and must lose exactly the points that its line
``# loses: …`` names. Its line ``# hint: …`` is what a self-check says to a student who made it.
"""

from __future__ import annotations

import importlib
import itertools
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.table import Column, Table

from autograder.checks import checks_of
from autograder.judge import grade
from autograder.topics import module_name

VARIANTS = Path(__file__).parent / "checks" / "variants"


@dataclass(frozen=True)
class Variant:
    """One way to fill a cell: ``loses`` is 0 for a right one."""

    function: str
    title: str
    right: bool
    loses: float
    hint: str
    source: str


def parse(function: str, text: str) -> list[Variant]:
    """Read the sections of a variants file.

    Raises:
        ValueError: a section has no kind, or a wrong one lacks its points or its hint.
    """
    variants = []
    for section in re.split(r"^# %% ", text, flags=re.MULTILINE)[1:]:
        header, _, source = section.partition("\n")
        kind, _, title = header.partition(": ")
        loses = re.search(r"^# loses: ([\d.]+)$", source, flags=re.MULTILINE)
        hint = re.search(r"^# hint: (.+)$", source, flags=re.MULTILINE)
        if kind not in ("right", "wrong") or (kind == "wrong" and not (loses and hint)):
            raise ValueError(
                f"Variants of {function}: section {header!r} must begin 'right: ' or 'wrong: ', "
                "and a wrong one needs the lines '# loses: POINTS' and '# hint: TEXT'."
            )
        variants.append(
            Variant(
                function=function,
                title=title,
                right=kind == "right",
                loses=float(loses[1]) if loses else 0.0,
                hint=hint[1] if hint else "",
                source=source.strip() + "\n",
            )
        )
    return variants


def variants_of(topic: str, function: str) -> list[Variant]:
    """All variants of one graded function."""
    path = VARIANTS / module_name(topic) / f"{function}.py"
    return parse(function, path.read_text(encoding="utf-8"))


def namespace(topic: str, variant: Variant | None = None) -> dict[str, Any]:
    """The names a notebook would hold: the reference's, with a variant in its function's place."""
    names = dict(vars(importlib.import_module(f"bayescnn.{module_name(topic)}")))
    if variant is not None:
        exec(compile(variant.source, f"<{variant.function}: {variant.title}>", "exec"), names)
    return names


@dataclass(frozen=True)
class Outcome:
    """What a variant should have earned, and what it did."""

    topic: str
    function: str
    title: str
    right: bool
    expected: float
    earned: float
    said: tuple[str, ...] = ()
    """What the judge found, part by part."""

    @property
    def ok(self) -> bool:
        """Whether points are as they should be."""
        return self.earned == self.expected

    def __str__(self) -> str:
        return f"{self.function}: {self.title}: earned {self.earned:g}, not {self.expected:g}"


def outcome(topic: str, variant: Variant, seed: int | None = None) -> Outcome:
    """Grade a variant on freshly drawn inputs, or on those of a seed."""
    check = checks_of(topic)[variant.function]
    verdict = grade(check, namespace(topic, variant), seed)
    return Outcome(
        topic,
        variant.function,
        variant.title,
        variant.right,
        expected=check.points - variant.loses,
        earned=verdict.points,
        said=verdict.messages,
    )


def matrix(topic: str) -> Iterator[Outcome]:
    """Grade every variant of a topic on freshly drawn inputs."""
    for name in checks_of(topic):
        for variant in variants_of(topic, name):
            yield outcome(topic, variant)


def table_of(outcomes: Iterable[Outcome]) -> Table:
    """How many right and wrong variants each graded cell has, and how many it misjudges.

    Args:
        outcomes: those of a cell stand together.
    """
    columns = "right", "wrong", "false accepts", "false rejects"
    table = Table("graded cell", *(Column(name, justify="right") for name in columns))
    total = Counter[str]()
    for (topic, name), found in itertools.groupby(outcomes, lambda one: (one.topic, one.function)):
        counts = Counter[str]()
        for one in found:
            counts["right" if one.right else "wrong"] += 1
            counts["false accepts"] += one.earned > one.expected
            counts["false rejects"] += one.earned < one.expected
        table.add_row(f"{topic[:2]} {name}", *(str(counts[column]) for column in columns))
        total += counts
    table.add_section()
    table.add_row(f"{table.row_count} cells", *(str(total[column]) for column in columns))
    return table
