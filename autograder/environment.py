"""Write ``environment.yml`` (conda, Binder) from the lock file, so that both pin the same.

Run by ``make lock``; a test compares the two.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Sequence

import yaml
from packaging.markers import Marker
from packaging.requirements import Requirement

from autograder.topics import ROOT

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

PYTHON = "3.11"
TARGET = {
    "python_version": PYTHON,
    "python_full_version": f"{PYTHON}.0",
    "sys_platform": "linux",
    "platform_system": "Linux",
}


def pins(lock: str) -> dict[str, str]:
    """The versions that a lock file pins for Linux and Python 3.11, by package name."""
    lines = re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)(?: ; (.+?))? \\$", lock, re.MULTILINE)
    return {
        name: version
        for name, version, marker in lines
        if not marker or Marker(marker).evaluate(TARGET)
    }


def requested(project: str, groups: Sequence[str] | None = None) -> list[str]:
    """The packages that ``pyproject.toml`` names for Linux and Python 3.11, in its order.

    Args:
        project: the text of ``pyproject.toml``.
        groups: the optional dependencies to take besides; all of them by default.
    """
    declared = tomllib.loads(project)["project"]
    optional = declared["optional-dependencies"]
    chosen = [optional[group] for group in (optional if groups is None else groups)]
    requirements = [
        Requirement(line) for group in [declared["dependencies"], *chosen] for line in group
    ]
    return [r.name for r in requirements if r.marker is None or r.marker.evaluate(TARGET)]


def environment(lock: str, project: str) -> str:
    """The text of ``environment.yml``: what ``pyproject.toml`` asks for, at the lock's versions."""
    pinned = pins(lock)
    content = {
        "name": tomllib.loads(project)["project"]["name"],
        "channels": ["conda-forge"],
        "dependencies": [
            f"python={PYTHON}",
            "pip",
            {"pip": [*(f"{name}=={pinned[name]}" for name in requested(project)), "-e ."]},
        ],
    }
    header = "# Derived from requirements.lock and pyproject.toml by `make lock`; do not edit.\n"
    return header + yaml.safe_dump(content, sort_keys=False)


if __name__ == "__main__":
    (ROOT / "environment.yml").write_text(
        environment(
            (ROOT / "requirements.lock").read_text(encoding="utf-8"),
            (ROOT / "pyproject.toml").read_text(encoding="utf-8"),
        ),
        encoding="utf-8",
    )
