"""What grading a submission yields: plain data that workers send and that journals keep."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Finding:
    """What a judge found about one part of a check.

    Attributes:
        expects: what a right function does, in words; a student reads this.
        points: what the answer earned.
        max_points: what a right answer earns.
        instead: what happened in place of an answer, in one line; None where there was one.
    """

    expects: str
    points: float
    max_points: float
    instead: str | None = None

    @property
    def right(self) -> bool:
        """Whether the part earned everything it could."""
        return self.points == self.max_points

    def __str__(self) -> str:
        mark = "✓" if self.right else "✗"
        instead = f" Instead: {self.instead}" if self.instead is not None else ""
        return f"{mark} {self.expects} ({self.points:g} of {self.max_points:g}){instead}"


@dataclass(frozen=True)
class QuestionResult:
    """What one submission earned for one question.

    Attributes:
        name: the graded function, or the written task.
        points: what it earned so far.
        max_points: what it can earn.
        findings: part by part, for a question that a check decided.
        by_hand: a person has yet to read the answer.
    """

    name: str
    points: float
    max_points: float
    findings: tuple[Finding, ...] = ()
    by_hand: bool = False


@dataclass(frozen=True)
class Result:
    """What grading one submission yields; every submission has one, however broken it is.

    Attributes:
        student: who handed it in.
        topic: the assignment.
        questions: in the assignment's order.
        failure: why the submission could not be graded, or not to its end; None if all went well.
        seconds: wall time that grading it took.
        compute_seconds: the part of it that the submission's own cells and probes computed.
    """

    student: str
    topic: str
    questions: tuple[QuestionResult, ...]
    failure: str | None = None
    seconds: float = 0.0
    compute_seconds: float = 0.0

    @property
    def points(self) -> float:
        """The sum over its questions."""
        return sum(question.points for question in self.questions)

    @property
    def max_points(self) -> float:
        """What the assignment can earn."""
        return sum(question.max_points for question in self.questions)

    @property
    def by_hand(self) -> bool:
        """Whether a question waits for a person."""
        return any(question.by_hand for question in self.questions)

    def to_json(self) -> str:
        """One line of JSON."""
        return json.dumps(dataclasses.asdict(self), ensure_ascii=False)

    @classmethod
    def from_json(cls, text: str) -> Result:
        """Read what `to_json` wrote."""
        data: dict[str, Any] = json.loads(text)
        questions = tuple(
            QuestionResult(
                **{**question, "findings": tuple(Finding(**f) for f in question["findings"])}
            )
            for question in data.pop("questions")
        )
        return cls(questions=questions, **data)
