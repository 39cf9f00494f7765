"""Hostile, broken and strange submissions: what grading must survive.

Every attack takes the assignment as students receive it and makes it hostile. They follow a list
of 33 classes in four groups, one module a group: `forge` a pass (1-17), `steal` the tests (18-23),
`game` the question (24-27), `deny` service (28-33). `honest` holds submissions that only look odd.
To survive means: no point gained that the work did not earn, nothing read that the student may not
read, no other submission disturbed, a row with a reason in the results, and the class goes on.

The sources are meant to run in the grader's sandbox and nowhere else. Those that would harm a
machine refuse to run outside of one, and say so by printing `REFUSED`.
"""

from __future__ import annotations

from autograder.attacks import deny, forge, game, honest, steal
from autograder.attacks.kit import (
    AUTOMATIC_POINTS,
    MARK,
    NOTEBOOK,
    REFUSED,
    REGISTER,
    TOPIC,
    Attack,
    answer,
    answer_all,
    attack,
    dangerous,
    first_cell,
    last_cell,
    rewrite,
)

GROUPS = (forge, steal, game, deny, honest)

ATTACKS: list[Attack] = sorted(REGISTER, key=lambda one: (one.number, one.name))
"""All attacks, in order of their class."""

__all__ = [
    "ATTACKS",
    "AUTOMATIC_POINTS",
    "GROUPS",
    "MARK",
    "NOTEBOOK",
    "REFUSED",
    "TOPIC",
    "Attack",
    "answer",
    "answer_all",
    "attack",
    "dangerous",
    "first_cell",
    "last_cell",
    "rewrite",
]
