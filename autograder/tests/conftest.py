"""Shared by the grader's tests: a quiet TensorFlow, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadScopeScheduling

from autograder.tests.tables import printed
from autograder.topics import TOPICS
from autograder.variants import Outcome, table_of

# Quiet before anything imports TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BY_TOPIC = {"test_checks.py", "test_selfcheck.py", "test_assignments.py"}
"""In these modules, what is about one topic runs in one process: they share its answers."""


class ByTopic(LoadScopeScheduling):
    """Which tests stay together when two processes share them: a topic's, or else a module's."""

    def _split_scope(self, nodeid: str) -> str:
        module, _, test = nodeid.partition("::")
        topics = [topic for topic in TOPICS if topic in test and Path(module).name in BY_TOPIC]
        return topics[0] if topics else module


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByTopic:
    """Share tests out in these groups, whatever ``--dist`` says."""
    return ByTopic(config, log)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Of right and wrong variants how many each cell has and misjudged; tables of other tests."""
    reports = (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
    recorded = [pair for report in reports for pair in report.user_properties]
    outcomes = [Outcome(**value) for key, value in recorded if key == "outcome"]
    if outcomes:
        outcomes.sort(key=lambda one: (one.topic, one.function))
        terminalreporter.section("right and wrong variants of the graded functions")
        terminalreporter.write(printed(table_of(outcomes)))
    for key, value in recorded:
        if key == "table":
            terminalreporter.write(f"\n{value}\n")


CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


# A module's, not the session's: while Playwright runs, no other test can start an event loop.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """Chromium, where this machine has it."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        pytest.skip("no Chromium on this machine; Debian's package is called `chromium`")
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_FLAGS)
        yield running
        running.close()
