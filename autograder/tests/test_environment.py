"""What pins the environment agrees: pyproject.toml, the lock file, environment.yml."""

from __future__ import annotations

import re

import yaml

from autograder.environment import environment, pins, requested
from autograder.topics import ROOT

LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_environment_yml_is_fresh() -> None:
    committed = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert committed == environment(LOCK, PROJECT), "run `make lock`"


def test_environment_yml_pins_what_the_lock_pins() -> None:
    content = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))
    listed = content["dependencies"][-1]["pip"]
    found = dict(line.split("==") for line in listed if "==" in line)
    assert found == {name: pins(LOCK)[name] for name in requested(PROJECT)}
    assert {"tensorflow", "nbgrader", "jupyter-book"} <= set(found)


def test_every_locked_package_has_hashes() -> None:
    blocks = re.split(r"^(?=[a-z0-9])", LOCK, flags=re.MULTILINE)
    packages = [block for block in blocks if "==" in block]
    assert len(packages) > 100
    assert all("--hash=sha256:" in block for block in packages)


def test_root_holds_the_seven_and_what_tools_demand() -> None:
    seven = {"book", "exercises", "solutions", "autograder", "_config.yml", "environment.yml"}
    seven.add("README.md")
    tools = {"pyproject.toml", "requirements.lock", "Makefile", "LICENSE", "LICENSE-text"}
    made = {"build", "runs", "class"}
    present = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    present = {name for name in present if not name.endswith(".egg-info")}
    assert seven | tools <= present
    assert present <= seven | tools | made
