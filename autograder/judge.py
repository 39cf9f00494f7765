"""The judge: decides points from answers, in a process the student's code never sees."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from autograder.checks import Check, Inputs
from autograder.results import Finding
from bayescnn.selfcheck import answer_probes, plain, same

MAX_ANSWER_BYTES = 1_000_000
"""Answers larger than this are not read: the largest honest one is a thousand times smaller."""


@dataclass(frozen=True)
class Question:
    """A check with inputs drawn for one submission; ``payload`` is all that leaves this process."""

    check: Check
    inputs: Inputs

    @property
    def payload(self) -> str:
        """Probe texts and inputs as JSON."""
        probes = [self.check.probe_source(part) for part in self.check.parts]
        return json.dumps({"probes": probes, "inputs": self.inputs})


@dataclass(frozen=True)
class Verdict:
    """What the judge found about a check, part by part."""

    findings: tuple[Finding, ...]

    @property
    def points(self) -> float:
        """What the answers earned."""
        return sum(finding.points for finding in self.findings)

    @property
    def max_points(self) -> float:
        """What right answers earn."""
        return sum(finding.max_points for finding in self.findings)

    @property
    def messages(self) -> tuple[str, ...]:
        """The findings in words, for the student."""
        return tuple(map(str, self.findings))


def ask(check: Check, seed: int | None = None) -> Question:
    """Draw a question; without a seed, from one that nobody can foresee."""
    rng = np.random.default_rng(secrets.randbits(128) if seed is None else seed)
    return Question(check, plain(check.draw(rng)))


def judge(question: Question, answers: str | None) -> Verdict:
    """Compare what came back from a student's kernel with the truth.

    Args:
        question: what was asked.
        answers: JSON text of one ``{"answer": …}`` or ``{"error": …}`` a part. It is of unknown
            origin and is read as data. None stands for a kernel that did not answer.
    """
    parts = question.check.parts
    results = _read(answers, len(parts))
    findings = []
    for part, result in zip(parts, results, strict=True):
        error = result.get("error")
        right = error is None and same(
            result.get("answer"), plain(part.truth(question.inputs)), part.rtol, part.atol
        )
        findings.append(
            Finding(
                expects=part.expects,
                points=part.points if right else 0.0,
                max_points=part.points,
                instead=None if error is None else _printable(error),
            )
        )
    return Verdict(tuple(findings))


def grade(check: Check, names: Mapping[str, Any], seed: int | None = None) -> Verdict:
    """Probe and judge together, in this process: for trusted code, and for stock nbgrader.

    Args:
        check: what to ask.
        names: the names of a notebook or a module.
        seed: see `ask`.
    """
    question = ask(check, seed)
    asked = json.loads(question.payload)
    return judge(question, json.dumps(answer_probes(asked["probes"], asked["inputs"], names)))


def _printable(error: Any) -> str:
    """Text of unknown origin, cut short and fit for a file: lone surrogates cannot be written."""
    return str(error)[:300].encode("utf-8", "replace").decode("utf-8")


def _read(answers: str | None, n_parts: int) -> list[Mapping[str, Any]]:
    """Parse a kernel's message; whatever is malformed counts as no answer."""
    if answers is None:
        return [{"error": "the kernel did not answer (it ran out of time, or died)"}] * n_parts
    if len(answers) > MAX_ANSWER_BYTES:
        return [{"error": "the answer was too large to read"}] * n_parts
    try:
        results = json.loads(answers)
    except (ValueError, RecursionError):
        results = None
    if (
        not isinstance(results, list)
        or len(results) != n_parts
        or not all(isinstance(result, dict) for result in results)
    ):
        return [{"error": "the answer was not in the agreed form"}] * n_parts
    return results
