"""Checks as probe and judge.

One check asks one graded function a few questions. It is written once, in the module that bears
its topic's name, and serves four times: as a test of the library, as the hidden test of the
assignment, as the killer of the wrong variants in ``variants/``, and, on inputs drawn from a
public seed, as the student's self-check.

Checks import NumPy and nothing heavier: the process that judges never loads TensorFlow, and the
truth it knows is derived apart from the library, so the two hold each other to account.
"""

from __future__ import annotations

import importlib
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from numpy.random import Generator

from autograder.topics import module_name

Inputs = dict[str, Any]


@dataclass(frozen=True)
class Part:
    """One question within a check.

    Attributes:
        expects: what a right function does, in words; a student reads this.
        points: what a right answer earns.
        probe: ``probe(student, inputs)`` runs in the student's kernel. Its source text travels
            there, so it imports what it needs inside its body and returns plain data only.
        truth: ``truth(inputs)`` is the right answer. It stays with the judge.
        rtol: relative tolerance of the comparison; float32 arithmetic earns the default.
        atol: absolute tolerance of the comparison, in the answer's own unit.
    """

    expects: str
    points: float
    probe: Callable[[Any, Inputs], Any]
    truth: Callable[[Inputs], Any]
    rtol: float = 1e-4
    atol: float = 1e-5


@dataclass(frozen=True)
class Check:
    """The questions about one graded function.

    Attributes:
        name: the function's name; the graded cell bears it too.
        draw: draws the inputs, of plain data, from a generator: values and shapes of the problem,
            so that no constant can be right.
        parts: the questions, in the order in which a student should look at them.
        support: functions that the probes call; their text travels with them.
    """

    name: str
    draw: Callable[[Generator], Inputs]
    parts: tuple[Part, ...]
    support: tuple[Callable[..., Any], ...] = ()

    @property
    def points(self) -> float:
        """What the whole check can earn."""
        return sum(part.points for part in self.parts)

    def probe_source(self, part: Part) -> str:
        """The text that is sent to the student's kernel for one part; the probe comes last."""
        functions = (*self.support, part.probe)
        # The import leaves annotations unread: what they name stays behind in this process.
        return "\n\n".join(
            ["from __future__ import annotations", *map(inspect.getsource, functions)]
        )


def repeated_seeds(rng: Generator) -> list[int]:
    """Five seeds, two of them twice, in any order: to ask whether the same seed repeats a draw.

    Always asking for the same order would let a forged answer be right.
    """
    first, second, third = rng.choice(10_000, size=3, replace=False) + 1
    return [int(seed) for seed in rng.permutation([first, first, second, second, third])]


def first_places(values: Sequence[Any]) -> list[int]:
    """For each value, the place of the first one that equals it."""
    return [values.index(value) for value in values]


def checks_of(topic: str) -> Mapping[str, Check]:
    """All checks of a topic by name, in the order of the assignment.

    Raises:
        ValueError: if the course has no such topic, or it has no checks yet.
    """
    try:
        module = importlib.import_module(f"autograder.checks.{module_name(topic)}")
    except ModuleNotFoundError as error:
        raise ValueError(f"Topic {topic!r} has no checks yet.") from error
    return {check.name: check for check in module.CHECKS}
