"""The hidden test cell's fallback where a notebook is graded by nbgrader's stock configuration.

Under ``autograder/nbgrader_config.py`` this code never runs: there the judge sits in another
process. With stock nbgrader, probe and judge run together in the student's kernel; that grades
honest work alike but can be fooled, as any test can that runs beside the code it tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from autograder.checks import checks_of
from autograder.judge import grade


def points(topic: str, name: str, namespace: Mapping[str, Any]) -> float:
    """Probe and judge one function; the value is the cell's partial credit in nbgrader."""
    verdict = grade(checks_of(topic)[name], namespace)
    print("\n".join(verdict.messages))
    return verdict.points
