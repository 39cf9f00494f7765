"""The eight topics: the same number and name in the book, the library, exercises and checks."""

from __future__ import annotations

from pathlib import Path

COURSE_ID = "know-what-you-dont-know"
"""What nbgrader calls the course."""

ROOT = Path(__file__).resolve().parent.parent
"""The repository: book, exercises, solutions and autograder lie here."""

TOPICS = (
    "01_variational_bayes",
    "02_kl_weight",
    "03_posteriors",
    "04_priors",
    "05_layers",
    "06_chest_xrays",
    "07_bayesian_resnet",
    "08_uncertainty",
)

GIVEN = (
    "__init__",
    "__main__",
    "cli",
    "densenet",
    "own_answers",
    "phantom",
    "plots",
    "selfcheck",
    "xray_files",
)
"""Modules every student receives: nobody is asked to build them."""


def module_name(topic: str) -> str:
    """The name a topic bears in ``bayescnn`` and in ``autograder.checks``: ``kl_weight``.

    Raises:
        ValueError: if the course has no such topic.
    """
    if topic not in TOPICS:
        raise ValueError(f"The course has no topic {topic!r}; it has: {', '.join(TOPICS)}.")
    return topic.partition("_")[2]


def written_topics() -> list[str]:
    """The topics whose assignment has been written."""
    return [topic for topic in TOPICS if (ROOT / "solutions" / f"{topic}.md").is_file()]


def shipped_modules(topic: str) -> list[str]:
    """The modules of ``bayescnn`` that a student of ``topic`` receives: the given and earlier ones.

    Never the topic's own module or a later one, for those hold the answers.
    """
    earlier = TOPICS[: TOPICS.index(topic)]
    return [*GIVEN, *(module_name(one) for one in earlier)]
