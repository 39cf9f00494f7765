"""Shared by the grader's tests: a quiet TensorFlow, and a browser."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from typing import Any

import pytest
from rich.console import Console

from autograder.variants import Outcome, table_of

# Quiet before anything imports TensorFlow.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

BY_TOPIC = {"test_checks", "test_selfcheck", "test_assignments"}
"""In these modules, what is about one topic runs in one process: they share its answers."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Which tests stay together when two processes share them (pytest -n 2 --dist loadgroup)."""
    for item in items:
        topic = item.callspec.params.get("topic") if hasattr(item, "callspec") else None
        alone = item.path.stem in BY_TOPIC and isinstance(topic, str)
        item.add_marker(pytest.mark.xdist_group(topic if alone else item.path.stem))


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Of right and wrong variants: how many each graded cell has, and how many it misjudged."""
    reports = (*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed"))
    found = [
        value for report in reports for key, value in report.user_properties if key == "outcome"
    ]
    if found:
        outcomes = [Outcome(**value) for value in found]
        outcomes.sort(key=lambda one: (one.topic, one.function))
        terminalreporter.section("right and wrong variants of the graded functions")
        console = Console(width=100)
        with console.capture() as printed:
            console.print(table_of(outcomes))
        terminalreporter.write(printed.get())


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
